"""Runs whose pages are looked at: a go, a no-go, and one of thirty jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from simulator.described_releases import ReleaseDescribed
from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.report.codec import load
from simulator.run_events import (
    Annotation,
    Conclusion,
    FindingRaised,
    JobFinished,
    JobPlanned,
    JobStarted,
    RunEvent,
    RunFinished,
    RunStarted,
    StepFinished,
    StepLine,
    StepStarted,
    Verdict,
)

_CASES = Path(__file__).parent / "cases"
START = 1795419898.0

DESCRIBED = ReleaseDescribed(
    job_id="publish-pypi",
    index="pypi",
    project="orchay",
    version="0.1.0",
    summary="A calculator for trees in rows",
    description=(
        "# orchay\n\nCounts the **trees** of an orchard.\n\n```python\nfrom orchay import rows\n\nprint(rows(12, 4))\n"
        "```\n\n| rows | trees |\n|---|---|\n| 12 | 48 |\n\nSee [the documentation](https://orchay.example/docs).\n"
    ),
    description_type="text/markdown",
    requires_python=">=3.9",
    license="MIT",
    people=("Ada Lovelace <ada@example.org>",),
    keywords=("trees", "rows"),
    classifiers=(
        "Development Status :: 4 - Beta",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.12",
    ),
    urls=("Documentation, https://orchay.example/docs", "Source, https://github.com/octo/orchay"),
    requires=("rich>=13",),
)


def recorded(case: str) -> list[RunEvent]:
    """The events of a case."""
    lines = (_CASES / case / "events.jsonl").read_text("utf-8").splitlines()
    return [event for event in map(load, lines) if event is not None]


def a_go() -> Sequence[RunEvent]:
    """A release with a page of its project."""
    *events, ended = recorded("go")
    return [*events, DESCRIBED, ended]


def a_no_go() -> Sequence[RunEvent]:
    """A release whose upload names a folder that holds nothing."""
    place = Span(file=".github/workflows/release.yml", line=22, column=17)
    begun = next(event for event in recorded("go") if isinstance(event, RunStarted))
    said = "Unable to download artifact(s): Artifact not found for name: dist"
    failed, done = Conclusion.FAILURE, Conclusion.SUCCESS
    cause = Finding(
        code="artifact-empty",
        severity=Severity.ERROR,
        message="upload-artifact in job build found no files at `build/dist/`, so there is no artifact dist: the "
        "distributions lie in `dist/` (orchay-0.1.0-py3-none-any.whl and orchay-0.1.0.tar.gz)",
        hint="Write `path: dist/`.",
        where=place,
        source="          path: build/dist/",
    )
    return [
        begun,
        JobPlanned(job_id="build", name="build", needs=(), workflow="release.yml"),
        JobPlanned(job_id="publish", name="publish", needs=("build",), workflow="release.yml", environment="pypi"),
        JobStarted(job_id="build", at=START),
        *_step("build", 1, "Run python -m build", START, 9.0, ("Successfully built orchay-0.1.0.tar.gz",)),
        *_step("build", 2, "Run actions/upload-artifact@v4", START + 9, 1.0, ("No files were found",)),
        Annotation(job_id="build", number=2, level="warning", message="No files were found with the provided path"),
        JobFinished(job_id="build", conclusion=done, at=START + 11),
        JobStarted(job_id="publish", at=START + 11),
        *_step("publish", 1, "Run actions/download-artifact@v4", START + 11, 1.0, ("Downloading", said), failed),
        JobFinished(job_id="publish", conclusion=failed, at=START + 13),
        FindingRaised(finding=cause),
        RunFinished(verdict=Verdict.NO_GO, reason=cause.message, refused=False, at=START + 13),
    ]


def thirty_jobs() -> Sequence[RunEvent]:
    """A matrix of 27 wheels, of which one fails, with a job before it and two behind."""
    begun = next(event for event in recorded("go") if isinstance(event, RunStarted))
    wheels = [
        f"wheels (cp3{minor}-{system})" for minor in range(6, 15) for system in ("manylinux", "musllinux", "i686")
    ]
    keys = ["sdist", *wheels, "test", "publish"]
    needs: Mapping[str, tuple[str, ...]] = {"test": ("sdist", "wheels"), "publish": ("test",)}
    plans = [
        JobPlanned(
            job_id=key, name=key, needs=needs.get(key, ("sdist",) if key != "sdist" else ()), workflow="release.yml"
        )
        for key in keys
    ]
    ran: list[RunEvent] = []
    for number, key in enumerate(["sdist", *wheels]):
        begin, conclusion = START + number * 4, Conclusion.FAILURE if number == 17 else Conclusion.SUCCESS
        logged = [f"compiling part {n} of 40" for n in range(40)] + (["error: no such file"] if number == 17 else [])
        ran.append(JobStarted(job_id=key, at=begin))
        ran += _step(key, 1, "Build", begin, 20.0 + number, logged, conclusion)
        ran.append(JobFinished(job_id=key, conclusion=conclusion, at=begin + 21 + number))
    skipped = [JobFinished(job_id=key, conclusion=Conclusion.SKIPPED, at=START + 160) for key in ("test", "publish")]
    ended = RunFinished(
        verdict=Verdict.NO_GO, reason="job wheels (cp311-musllinux) failed", refused=False, at=START + 160
    )
    return [begun, *plans, *ran, *skipped, ended]


SHOWN: Mapping[str, Callable[[], Sequence[RunEvent]]] = {"go": a_go, "no-go": a_no_go, "thirty-jobs": thirty_jobs}


def _step(
    job: str,
    number: int,
    name: str,
    begin: float,
    seconds: float,
    said: Sequence[str],
    conclusion: Conclusion = Conclusion.SUCCESS,
) -> list[RunEvent]:
    code = 1 if conclusion is Conclusion.FAILURE else 0
    ended = StepFinished(
        job_id=job, number=number, outcome=conclusion, conclusion=conclusion, at=begin + seconds, exit_code=code
    )
    lines = [StepLine(job_id=job, number=number, line=text) for text in said]
    return [StepStarted(job_id=job, number=number, name=name, span=None, at=begin), *lines, ended]
