"""Why a step failed, from the facts of a run: cases/NAME.toml says what happened, NAME.out what is found.

In a case, `jobs` is the text of the workflow's jobs. Each of `ran` is a step that ran, by its `job` and its `step`
(from 0): what it `annotated`, the `files` that were listed behind it, its last lines (`log`), and that it `failed`.
`artifacts` are the files by artifact, as `name (job)`; `skipped` are jobs with the reason. A line of the expectation is
`place code message`, the hint below it, then what the release would show.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from simulator.findings import Finding
from simulator.rehearsal.observer import Observer
from simulator.run_events import (
    Annotation,
    ArtifactStored,
    Conclusion,
    FilesListed,
    FindingRaised,
    JobFinished,
    RunEvent,
    StepFinished,
    StepLine,
    StepStarted,
)
from simulator.workflow.loader import load_workflow
from simulator.workflow.model import Job

FILES = sorted((Path(__file__).parent / "cases").glob("*.toml"))


def events(case: Mapping[str, Any], jobs: Mapping[str, Job]) -> Iterator[RunEvent]:
    """What the case says that happened."""
    for job_id, reason in case.get("skipped", {}).items():
        yield JobFinished(job_id=job_id, conclusion=Conclusion.SKIPPED, at=1, reason=reason)
    for number, ran in enumerate(case["ran"], start=1):
        job_id, step = ran["job"], jobs[ran["job"]].steps[ran["step"]]
        what = {"job_id": job_id, "number": number}
        name = f"Run {step.uses.value}" if step.uses else f"Run {step.run.source if step.run else ''}"
        yield StepStarted(**what, name=name, span=step.span, at=1)
        for line in ran.get("log", ()):
            yield StepLine(**what, line=line)
        for message in ran.get("annotated", ()):
            yield Annotation(**what, level="error" if ran.get("failed") else "warning", message=message)
        if "files" in ran:
            yield FilesListed(**what, files=tuple(ran["files"]))
        ended = Conclusion.FAILURE if ran.get("failed") else Conclusion.SUCCESS
        if ran.get("failed"):
            for name, files in case.get("artifacts", {}).items():
                stored, _, uploader = name.removesuffix(")").partition(" (")
                yield ArtifactStored(job_id=uploader, name=stored, size=1, digest="sha256:0", files=tuple(files))
        yield StepFinished(**what, outcome=ended, conclusion=ended, at=2, exit_code=1 if ran.get("failed") else 0)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_case(path: Path, update_cases: bool) -> None:
    case = tomllib.loads(path.read_text(encoding="utf-8"))
    workflow = load_workflow(f"on: push\njobs:\n{case['jobs']}", "w.yml").workflow
    assert workflow is not None
    found: list[Finding] = []
    observer = Observer(lambda event: found.append(event.finding) if isinstance(event, FindingRaised) else None)
    observer.facts.jobs = workflow.jobs
    for event in events(case, workflow.jobs):
        observer(event)
    said = "".join(
        f"{each.where} {each.code} {each.message}\n    {each.hint}\n    shows: {each.would_show}\n" for each in found
    )
    expected = path.with_suffix(".out")
    if update_cases:
        expected.write_text(said, encoding="utf-8")
    assert re.sub(r" +\n", "\n", said) == expected.read_text(encoding="utf-8")
