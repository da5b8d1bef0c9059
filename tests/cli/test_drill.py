"""`pysim drill` before anything runs: its list, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.rehearsal.drills import DRILLS
from simulator.twins.injection.faults import parse_faults


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [drill.name for drill in DRILLS]
    assert main(["drill", "--list", "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == [drill.name for drill in DRILLS]


def test_every_drill_is_of_faults_that_there_are() -> None:
    for drill in DRILLS:
        assert list(map(str, parse_faults(drill.faults))) == list(drill.faults)
    assert len({drill.name for drill in DRILLS}) == len(DRILLS)


def test_what_cannot_begin_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/a.yml").write_text("on: push\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n")
    assert main(["drill", "-C", str(tmp_path), "--tag", "v1", "-W", "b.yml", "--engine", "local"]) == 2
    assert "There is no workflow b.yml" in capsys.readouterr().err
    assert not (tmp_path / ".pysim").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "upload-cutt", "--tag", "v1"], "Did you mean upload-cut?"),
        ([], "no tag was given"),
        (["--tag", "v1", "--branch", "main"], "exclude each other"),
    ],
)
def test_what_is_refused(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert main(["drill", "-C", "sample_repo", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_the_page_has_every_drill() -> None:
    page = (Path(__file__).parent.parent.parent / "docs/drill.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| ([a-z0-9-]+) \| (.+) \|$", page, re.MULTILINE)
    heads = [("fault", "what happens"), ("drill", "what happens")]
    assert table == [*heads, *((drill.name, drill.says) for drill in DRILLS)]
