"""`pysim report` shows a run again from its record alone."""

from __future__ import annotations

import json
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.errors import ExitCode
from simulator.paths import RunFolder, StateFolder

CASES = Path(__file__).parent.parent / "report/cases"


def record(root: Path, case: str) -> RunFolder:
    folder = StateFolder(root).new_run(datetime.now(UTC))
    shutil.copy(CASES / case / "events.jsonl", folder.events)
    folder.release()
    return folder


def begun(folder: Path, at: float) -> None:
    """Let a record say when its run was started."""
    file = folder / "events.jsonl"
    first, *rest = file.read_text().splitlines(keepends=True)
    file.write_text("".join([json.dumps({**json.loads(first), "at": at}) + "\n", *rest]))


def test_the_last_run_is_shown_or_the_one_that_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = record(tmp_path, "failed-build")
    second = StateFolder(tmp_path).runs / "29991231-235959-ffff"
    shutil.copytree(first.path, second)
    shutil.copy(CASES / "go/events.jsonl", second / "events.jsonl")
    begun(second, 1.0)
    assert main(["report", "-C", str(tmp_path)]) == ExitCode.GO
    assert capsys.readouterr().out.rstrip().splitlines()[-1].startswith("NO-GO  "), "the name says nothing"
    begun(second, time.time())
    assert main(["report", "-C", str(tmp_path)]) == ExitCode.GO
    assert capsys.readouterr().out.rstrip().splitlines()[-1].startswith("GO  ")
    for name in (first.id, str(first.path), str(first.events)):
        assert main(["report", name, "-C", str(tmp_path)]) == ExitCode.GO
        assert capsys.readouterr().out.rstrip().splitlines()[-1].startswith("NO-GO  ")


def test_plain_lines_and_the_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path, "go")
    assert main(["report", "-C", str(tmp_path), "--plain"]) == ExitCode.GO
    assert capsys.readouterr().out.startswith("rehearsal of push of tag v0.1.0")
    assert main(["report", "-C", str(tmp_path), "--json"]) == ExitCode.GO
    assert json.loads(capsys.readouterr().out) == {**json.loads((CASES / "go/summary.json").read_text()), "exitCode": 0}


def test_the_page_is_written(tmp_path: Path) -> None:
    record(tmp_path, "go")
    page = tmp_path / "out.html"
    assert main(["report", "-C", str(tmp_path), "--html", str(page)]) == ExitCode.GO
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert main(["report", "-C", str(tmp_path), "--html", str(tmp_path / "gone/x.html")]) == ExitCode.USAGE


def test_a_run_that_was_killed_is_shown_and_has_no_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = record(tmp_path, "go")
    lines = folder.events.read_text().splitlines(keepends=True)
    folder.events.write_text("".join(lines[:20]) + '{"type": "step-')
    assert main(["report", "-C", str(tmp_path)]) == ExitCode.GO
    assert "NOT FINISHED" in capsys.readouterr().out
    assert main(["report", "-C", str(tmp_path), "--json"]) == ExitCode.USAGE


@pytest.mark.parametrize("arguments", [[], ["20990101-000000-0000"], ["--json", "--plain"], ["--html", "x", "--json"]])
def test_what_cannot_be_shown(tmp_path: Path, arguments: list[str]) -> None:
    assert main(["report", "-C", str(tmp_path), *arguments]) == ExitCode.USAGE


def test_a_dry_run_has_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-C", str(tmp_path), "--tag", "v1", "-n", "--html", "x.html"]) == ExitCode.USAGE
    assert "-n runs nothing" in capsys.readouterr().err
    assert main(["run", "-C", str(tmp_path), "--tag", "v1", "--html", str(tmp_path / "gone/x.html")]) == ExitCode.USAGE


@pytest.mark.parametrize("name", ["logs/one/01-a.log", "artifacts/1-x.zip", "index/pypi/packages", "owner"])
@pytest.mark.parametrize(
    "words", [("report",), ("report", "{run}"), ("report", "{folder}"), ("clean", "--runs")], ids=" ".join
)
def test_a_run_with_a_link_in_it_is_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], name: str
) -> None:
    run = record(tmp_path, "go")
    (tmp_path / "mine").write_text("1-2-3")
    link = run.path / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(tmp_path / "mine")
    given = [word.format(run=run.id, folder=run.path) for word in words]
    assert main([*given, "-C", str(tmp_path)]) == ExitCode.USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"{link} is a link, and pysim makes none in the folder of a run" in shown.err
    assert link.is_symlink()
