"""The reducer, the summary, and records that are cut short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from simulator.report.state import LAST_LINES, RunState, advance, replay
from simulator.report.summary import summary
from simulator.run_events import (
    ArtifactStored,
    Conclusion,
    FileUploaded,
    JobPlanned,
    JobStarted,
    RunEvent,
    RunFinished,
    StepFinished,
    StepLine,
    StepStarted,
    Verdict,
)

BUILD = JobPlanned(job_id="build", name="Build it", needs=(), workflow="w.yml")


def finished(verdict: Verdict) -> RunFinished:
    return RunFinished(verdict=verdict, reason="r", at=9.0)


def test_a_step_from_start_to_end() -> None:
    events: list[RunEvent] = [
        BUILD,
        JobStarted(job_id="build", at=10.0),
        StepStarted(job_id="build", number=1, name="one", span=None, at=11.0),
        *(StepLine(job_id="build", number=1, line=str(n)) for n in range(100)),
        StepLine(job_id="build", number=1, line="hidden", level="debug"),
        StepLine(job_id="build", number=1, line="", level="endgroup"),
    ]
    job = replay(events).jobs["build"]
    assert job.running
    assert [line.line for line in job.steps[1].lines] == [str(n) for n in range(100 - LAST_LINES, 100)]
    events.append(
        StepFinished(
            job_id="build", number=1, outcome=Conclusion.FAILURE, conclusion=Conclusion.SUCCESS, at=14.5, exit_code=2
        )
    )
    state = replay(events)
    step = state.jobs["build"].steps[1]
    assert (step.seconds, step.outcome, step.conclusion, step.exit_code) == (3.5, "failure", "success", 2)
    assert state.failed_steps() == (), "continue-on-error"


def test_a_state_is_not_changed_by_what_follows() -> None:
    before = replay([BUILD])
    after = advance(before, JobStarted(job_id="build", at=1.0))
    assert not before.jobs["build"].running
    assert after.jobs["build"].running
    assert after.jobs["build"].name == "Build it"


def test_any_part_of_a_record_can_be_read(events_of: Callable[[str], Sequence[RunEvent]]) -> None:
    events = events_of("go")
    for start in range(len(events)):
        state = replay(events[start:])
        assert summary(state) is not None
    for end in range(len(events)):
        assert summary(replay(events[:end])) is None
    assert replay(events[30:], replay(events[:30])) == replay(events)


@pytest.mark.parametrize(
    ("status", "counts"), [(200, True), (201, True), (301, False), (400, False), (403, False), (500, False)]
)
def test_only_files_that_the_index_took_are_published(status: int, counts: bool) -> None:
    upload = FileUploaded(
        job_id="p",
        index="pypi",
        project="a",
        version="1",
        filename="a-1.tar.gz",
        size=1,
        sha256="00",
        status=status,
        message="m",
    )
    result = summary(replay([upload, upload, finished(Verdict.GO)]))
    assert result is not None
    files = [file["filename"] for release in result["published"] for file in release["files"]]
    assert files == (["a-1.tar.gz"] if counts else [])


def test_releases_are_told_apart_by_index_and_version() -> None:
    upload = FileUploaded(
        job_id="p",
        index="pypi",
        project="a",
        version="1",
        filename="a-1.tar.gz",
        size=1,
        sha256="00",
        status=200,
        message="m",
    )
    others = [upload, replace(upload, index="testpypi"), replace(upload, version="2", filename="a-2.tar.gz")]
    result = summary(replay([*others, finished(Verdict.GO)]))
    assert result is not None
    assert [(r["index"], r["version"], len(r["files"])) for r in result["published"]] == [
        ("pypi", "1", 1),
        ("testpypi", "1", 1),
        ("pypi", "2", 1),
    ]


def test_a_refusal_is_told_from_another_no_go() -> None:
    result = summary(replay([replace(finished(Verdict.NO_GO), refused=True)]))
    assert result is not None
    assert (result["verdict"], result["refused"]) == ("no-go", True)


def test_a_run_that_never_ended_has_no_verdict() -> None:
    assert RunState().verdict is None
    assert summary(RunState()) is None


def test_an_artifact_that_was_deleted_or_made_anew_is_not_shown_twice() -> None:
    first = ArtifactStored(job_id="build", name="dist", size=1, digest="sha256:a", files=("a",))
    other = replace(first, name="docs")
    second = replace(first, size=2)
    assert replay([first, other, replace(first, deleted=True)]).artifacts == (other,)
    assert replay([first, other, replace(first, deleted=True), second]).artifacts == (other, second)
