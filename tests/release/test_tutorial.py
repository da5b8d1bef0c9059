"""The tutorial, done as it says: its files, its changes and its commands, with the words that it promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.cli.main import main
from tests.git import git

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"(?:`([\w./-]+)`:\n\n)?```(\w+)\n(.*?)```", re.DOTALL)

pytestmark = [pytest.mark.local, pytest.mark.network]


def change(path: Path, diff: str) -> None:
    """Apply a part of a diff, which has no numbers."""
    lines = diff.splitlines()
    old = "\n".join(line[1:] for line in lines if line[:1] != "+")
    new = "\n".join(line[1:] for line in lines if line[:1] != "-")
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def test_it_can_be_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "orchay"
    root.mkdir()
    printed, runs, verdicts = "", 0, []
    for name, language, body in BLOCK.findall(PAGE.read_text("utf-8")):
        if body.startswith("$ git init"):
            git("init", "-q", "-b", "main", cwd=root)
            git("add", ".", cwd=root)
            git("commit", "-qm", "Begin", cwd=root)
        elif body.startswith("$ pysim"):
            words = body.split()[2:]
            main([*words, "-C", str(root), "--engine", "local", "--plain"])
            printed, runs = capsys.readouterr().out, runs + 1
            verdicts.append(printed.strip().splitlines()[-1].split("  ")[0])
        elif language == "text":
            assert [line for line in body.splitlines() if line not in printed] == []
        elif language == "diff":
            change(root / name, body)
            git("commit", "-qam", "Mend it", cwd=root)
        else:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(body, "utf-8")
    assert verdicts == ["NO-GO", "NO-GO", "NO-GO", "GO"]
    assert runs == len(verdicts)
