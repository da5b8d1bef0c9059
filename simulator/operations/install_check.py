"""The install check: what was published is installed from the index that took it, by a workflow of pysim's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from simulator.indexes import TITLES
from simulator.operations.actions import OWN
from simulator.operations.opened import OpenRehearsal, run_jobs, run_settings
from simulator.operations.prepared import PreparedRehearsal
from simulator.planning.calls import all_jobs
from simulator.planning.plan import plan
from simulator.rehearsal.distributions import Distribution, opening, read_distribution
from simulator.rehearsal.install import JOB, Outcome, Outcomes, Release, check_install
from simulator.run_events import (
    Conclusion,
    EventSink,
    JobPlanned,
    RunEvent,
    StepFinished,
    StepLine,
    StepStarted,
)
from simulator.runner.contexts import github_context
from simulator.triggers.repository import list_files
from simulator.twins.base import PublishedFile
from simulator.workflow.model import Workflow

_NEWEST: Final = 14  # of CPython 3
_ANY: Final = "3.x"


def read_published(files: Sequence[PublishedFile]) -> Sequence[Distribution]:
    """The distributions among published files, each once."""
    found = (read_distribution(file.filename, opening(file.path)) for file in files)
    return list({item.filename: item for item in found if item is not None}.values())


def check_published(rehearsal: OpenRehearsal, published: Sequence[PublishedFile]) -> None:
    """Install every release that was published from the index that took it."""

    def release(file: PublishedFile) -> tuple[str, str, str]:
        return file.index, file.project, file.version

    releases: list[Release] = []
    for _, group in groupby(sorted(published, key=release), key=release):
        files = list(group)
        if distributions := read_published(files):
            jobs = [file.job_id for file in files]
            releases.append(Release(index=files[0].index, distributions=distributions, jobs=jobs))
    for one in releases:
        run_workflow = partial(_run_check, rehearsal, _check_name(one, releases))
        python = python_for(one.distributions, _pythons(rehearsal.prepared))
        offline = rehearsal.prepared.request.offline
        check_install(
            one,
            python=python,
            run_workflow=run_workflow,
            emit=rehearsal.observer,
            offline=offline,
            check=rehearsal.prepared.configuration.install_check,
            sources=_top_packages(rehearsal),
        )


def _top_packages(rehearsal: OpenRehearsal) -> frozenset[str]:
    """The names of the packages in the repository that lie in no other one, and are no project of their own."""
    named = (path.rpartition("/") for path in list_files(rehearsal.prepared.source))
    folders = {folder for folder, _, name in named if name == "__init__.py"}
    tops = {folder.rpartition("/")[2] for folder in folders if folder.rpartition("/")[0] not in folders}
    projects = set(map(canonicalize_name, rehearsal.inspection.around.projects))
    return frozenset(top for top in tops if top and canonicalize_name(top) not in projects)


def _check_name(release: Release, releases: Sequence[Release]) -> str:
    """What tells the install check of a release from the others'."""
    if len(releases) == 1:
        return ""
    same = [other for other in releases if other.project == release.project]
    return f" of {release.project}" + (f" from {TITLES[release.index]}" if len(same) > 1 else "")


def _pythons(prepared: PreparedRehearsal) -> Sequence[str]:
    """The Pythons of the jobs: the first of each `python-version` that a setup-python step names plainly."""
    steps = (
        step for item in prepared.plans for _, job in all_jobs(item) for step in job.all_steps if step.uses is not None
    )
    texts = [step.with_.get("python-version") for step in steps if step.uses and "/setup-python@" in step.uses.value]
    return [text.source.split()[0] for text in texts if text and text.template.is_literal and text.source.strip()]


def _run_check(rehearsal: OpenRehearsal, name: str, workflow: Workflow) -> Outcomes:
    """Run one of pysim's own workflows; what becomes of its steps, by step id."""
    event = rehearsal.prepared.plans[0].event
    contexts = {"github": github_context(workflow, event, rehearsal.prepared.identity), "vars": {}, "inputs": {}}
    made = plan(workflow, event, contexts=contexts)
    title = f"{workflow.name}{name}"
    jobs = tuple(replace(job, key=f"{job.key}{name}", name=title) for job in made.jobs)
    item = replace(made, jobs=jobs)
    recorder = StepRecorder(rehearsal.report)
    for job in item.jobs:
        recorder(JobPlanned(job_id=job.key, name=job.name, needs=(), workflow=workflow.path, own=True))
    settings = replace(
        run_settings(rehearsal, item), emit=recorder, secrets={}, environment_secrets={}, hold=lambda _: None
    )
    run_jobs(rehearsal, [settings], OWN)
    names = {step.name.source: step.id for step in workflow.jobs[JOB].steps if step.name and step.id}
    return {names[name]: outcome for name, outcome in recorder.steps.items() if name in names}


class StepRecorder:
    """An event sink that passes events on and remembers what became of each step, by its name.

    The group of lines at the head of a step's log, its command and its environment, is none of what the step says.
    """

    def __init__(self, emit: EventSink) -> None:
        self.steps: dict[str, Outcome] = {}
        self._emit = emit
        self._started: dict[int, StepStarted] = {}
        self._lines: dict[int, list[str]] = {}
        self._headed: set[int] = set()

    def __call__(self, event: RunEvent, /) -> None:
        """Pass an event on."""
        self._emit(event)
        if isinstance(event, StepStarted):
            self._started[event.number] = event
        elif isinstance(event, StepLine) and event.level == "endgroup" and event.number not in self._headed:
            self._headed.add(event.number)
            self._lines.pop(event.number, None)
        elif isinstance(event, StepLine):
            self._lines.setdefault(event.number, []).append(event.line)
        elif isinstance(event, StepFinished):
            started = self._started[event.number]
            self.steps[started.name] = Outcome(
                ok=event.outcome is Conclusion.SUCCESS,
                seconds=event.at - started.at,
                lines=self._lines.pop(event.number, []),
            )


def python_for(built: Sequence[Distribution], named: Sequence[str]) -> str:
    """The Python to install with: the first that the workflows name and the files take, else the newest they take."""
    text = next((str(said) for found in built if (said := found.metadata.get("requires_python"))), "")
    try:
        wanted = SpecifierSet(text)
    except InvalidSpecifier:
        wanted = SpecifierSet()
    newest = [f"3.{minor}" for minor in range(_NEWEST, 7, -1)]
    taken = [version for version in [*named, *newest] if _takes(wanted, version)]
    return _ANY if not taken or (taken[0] == newest[0] and not named) else taken[0]


def _takes(wanted: SpecifierSet, version: str) -> bool:
    """Whether a Python is taken; one that is not named by numbers alone is."""
    if not re.fullmatch(r"\d+(?:\.\d+)+", version):
        return True
    return any(f"{version}{rest}" in wanted for rest in ("", *(f".{patch}" for patch in range(31))))
