"""The run folder's record, written from several threads and read back."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.paths import RunFolder, StateFolder
from simulator.report.codec import read_events
from simulator.report.recorder import Recorder
from simulator.run_events import RunEvent, StepLine, StepStarted, StepSummary


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return StateFolder(tmp_path).new_run(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def test_the_record_is_the_run(folder: RunFolder, events_of: Callable[[str], Sequence[RunEvent]]) -> None:
    events = events_of("failed-build")
    recorder = Recorder(folder)
    for number, event in enumerate(events, start=1):
        recorder(event)
        assert len(list(read_events(folder.events))) == number, "flushed line by line"
    assert not folder.summary.exists()
    recorder.close()
    recorder.close()
    assert tuple(read_events(folder.events)) == tuple(events)
    assert json.loads(folder.summary.read_text())["verdict"] == "no-go"
    assert not list(folder.path.glob("*.new"))


def test_logs_are_as_github_writes_them(folder: RunFolder, events_of: Callable[[str], Sequence[RunEvent]]) -> None:
    recorder = Recorder(folder)
    for event in events_of("failed-build"):
        recorder(event)
    recorder.close()
    assert sorted(p.name for p in (folder.logs / "build").iterdir()) == [
        "01-Set-up-job.log",
        "02-Run-actions-checkout-v4.log",
        "03-Run-actions-setup-python-v5.log",
        "04-Run-pip-install-build.log",
        "05-Run-python-m-build.log",
        "06-Run-actions-upload-artifact-v4.log",
    ]
    assert folder.log("build", 2, "Run actions/checkout@v4").read_text() == (
        "##[group]Getting Git version info\n[command]/usr/bin/git version\ngit version 2.43.0\n"
        "##[endgroup]\n##[debug]fetch-depth 1\n"
    )
    text = folder.log("build", 5, "Run python -m build").read_text()
    assert text.endswith(
        "\nERROR Backend subprocess exited when trying to invoke build_sdist\n\n"
        "##[error]Process completed with exit code 1.\nSee the log above.\n"
    )


def test_many_threads_write_whole_lines(folder: RunFolder) -> None:
    recorder = Recorder(folder)

    def job(name: str) -> None:
        recorder(StepStarted(job_id=name, number=1, name="loop", span=None, at=0.0))
        for number in range(200):
            recorder(StepLine(job_id=name, number=1, line=f"{name} {number} {'x' * 200}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(job, "abcdefgh"))
    recorder.close()
    assert len(list(read_events(folder.events))) == 8 * 201
    for name in "abcdefgh":
        lines = folder.log(name, 1, "loop").read_text().splitlines()
        assert [line.split()[:2] for line in lines] == [[name, str(number)] for number in range(200)]


def test_a_line_after_the_end_changes_nothing(folder: RunFolder) -> None:
    recorder = Recorder(folder)
    recorder.close()
    recorder(StepLine(job_id="a", number=1, line="late"))
    assert folder.events.read_text() == ""


def test_lines_of_a_step_that_was_never_announced_are_kept(folder: RunFolder) -> None:
    recorder = Recorder(folder)
    recorder(StepLine(job_id="a", number=4, line="stray \ud800\x1b[31mred\x1b[0m"))
    recorder(StepLine(job_id="a", number=5, line="hidden", level="debug"))
    recorder.close()
    assert folder.log("a", 4, "step 4").read_text() == "stray ?red\n"
    assert (folder.logs / "a").is_dir()


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Cannot write the record of the run, .*events\.jsonl: No such file"):
        Recorder(RunFolder(tmp_path / "gone"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
def test_a_full_disk_is_named(folder: RunFolder) -> None:
    recorder = Recorder(folder)
    (handle,) = [each for each in Path("/proc/self/fd").iterdir() if each.resolve() == folder.events]
    with Path("/dev/full").open("wb") as full:
        os.dup2(full.fileno(), int(handle.name))
    with pytest.raises(UsageError, match="No space left"):
        recorder(StepLine(job_id="a", number=1, line="x"))
    with pytest.raises(UsageError, match="No space left"):
        recorder.close()
    recorder.close()


@pytest.mark.parametrize("name", ["events.jsonl", "logs/a", "logs/a/01-step-1.log", "logs/a/01-step-1.md"])
def test_nothing_is_written_through_a_link(folder: RunFolder, tmp_path: Path, name: str) -> None:
    """Whoever put it there would choose what is overwritten."""
    (tmp_path / "mine").mkdir()
    mine = tmp_path / "mine" / "file"
    mine.write_text("mine")
    link = folder.path / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(mine if link.suffix else mine.parent)

    def record() -> None:
        with contextlib.closing(Recorder(folder)) as recorder:
            recorder(StepSummary(job_id="a", number=1, markdown="x"))
            recorder(StepLine(job_id="a", number=1, line="x"))

    with pytest.raises(UsageError, match="Cannot write the record of the run"):
        record()
    assert [(path.name, path.read_text()) for path in mine.parent.iterdir()] == [("file", "mine")]


def test_a_record_that_is_a_link_is_not_read(folder: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mine\n")
    folder.events.symlink_to(tmp_path / "secret")
    with pytest.raises(UsageError, match="Cannot read") as caught:
        list(read_events(folder.events))
    assert "mine" not in str(caught.value)


def test_summaries_lie_beside_the_logs(folder: RunFolder) -> None:
    recorder = Recorder(folder)
    recorder(StepStarted(job_id="build", number=3, name="Test it", span=None, at=1.0))
    recorder(StepSummary(job_id="build", number=3, markdown="# Größe\n"))
    recorder.close()
    assert (folder.logs / "build/03-Test-it.md").read_text(encoding="utf-8") == "# Größe\n"
