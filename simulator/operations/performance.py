"""The rehearsal itself: the jobs of every plan, and the install check of what they published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import product

from packaging.utils import canonicalize_name

from simulator.engines.base import Engine
from simulator.findings import Finding
from simulator.indexes import IndexName
from simulator.operations.install_check import check_published, read_published
from simulator.operations.opened import OpenRehearsal, open_rehearsal, run_jobs, run_settings
from simulator.operations.placeholders import with_placeholders
from simulator.operations.prepared import PreparedRehearsal
from simulator.planning.calls import all_jobs
from simulator.planning.choice import may_publish
from simulator.planning.tools import skips_existing
from simulator.rehearsal.built.versions import tag_version
from simulator.rehearsal.distributions import in_artifacts
from simulator.rehearsal.elsewhere import published_elsewhere
from simulator.rehearsal.observer import Observer
from simulator.rehearsal.released import already_released, already_there, passed_over, too_many_new
from simulator.rehearsal.rules.release import publishing_of
from simulator.run_events import Conclusion, EngineChosen, EventSink, Notice, Progress
from simulator.runner.model import JobResult, RunSettings
from simulator.twins.base import PublishedFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Performed:
    """What the jobs did: their results, the files that indexes took, and the faults that took effect.

    `placeholders` are the published files that stood for what jobs on other systems would have made.
    """

    results: tuple[JobResult, ...] = ()
    published: tuple[PublishedFile, ...] = ()
    fired: tuple[str, ...] = ()
    placeholders: tuple[PublishedFile, ...] = ()


def perform(
    prepared: PreparedRehearsal, observer: Observer, report: EventSink, choice: Future[tuple[Engine, str]]
) -> Performed:
    """Run every plan on the chosen engine and install what was published.

    Raises SimulatorError when pysim itself cannot, also when no engine answers.
    """
    engine = ready_engine(choice, observer)
    with open_rehearsal(prepared, engine, observer, report) as rehearsal:
        twins = rehearsal.twins
        for tag in _unversioned(prepared):
            observer(
                Notice(
                    message=f"The tag {tag} names no version, so the built files are compared with nothing.",
                    hint="Name the tag like v1.2.3 when it is to agree with the package.",
                )
            )
        workflows = [with_placeholders(rehearsal, run_settings(rehearsal, item)) for item in prepared.plans]
        for workflow, (name, folder) in product(workflows, prepared.request.artifacts.items()):
            twins.supply(workflow.number, name, folder)
        results, _ = run_jobs(rehearsal, workflows, prepared.actions)
        twins.mend()  # what follows is pysim's own
        published = twins.published()
        stood = observer.placeholders
        placeholders = [file for file in published if file.filename in stood]
        _judge_files(rehearsal, workflows, results, published)
        if published:
            rehearsal.inspection.warn_of_yanked(published)
            held = twins.released()
            others = [file for each in held for file in each.files]
            there = (*already_there(held, prepared.identity.full_name), *too_many_new(twins.new_projects()))
            for finding in (*already_released(others, _skipping(prepared)), *there):
                observer.raise_finding(finding)
            check_published(rehearsal, [file for file in published if file not in placeholders])
        for finding in _passed_over(rehearsal, workflows, results, published=bool(published)):
            observer.raise_finding(finding)
        for finding in published_elsewhere(twins.taken_elsewhere(), observer.uploaders):
            observer.raise_finding(finding)
        if prepared.request.keep_index:
            twins.keep_index()
        fired = tuple(twins.fired())
    return Performed(results=results, published=tuple(published), fired=fired, placeholders=tuple(placeholders))


def ready_engine(choice: Future[tuple[Engine, str]], observer: Observer) -> Engine:
    """The chosen engine when it is prepared. Raises EngineUnavailableError."""
    engine, reason = choice.result()
    engine.prepare(lambda message: observer(Progress(message=message)))
    observer(EngineChosen(engine=engine.name, reason=reason, image=engine.image))
    return engine


def _skipping(prepared: PreparedRehearsal) -> frozenset[IndexName]:
    """The indexes whose every publishing step passes over files that are there."""
    steps = [
        found for item in prepared.plans for workflow, job in all_jobs(item) for found in publishing_of(workflow, job)
    ]
    named = {found.index for found in steps if found.index is not None}
    return frozenset(
        index for index in named if all(skips_existing(found.step) for found in steps if found.index == index)
    )


def _unversioned(prepared: PreparedRehearsal) -> set[str]:
    """The tag that the plans are about, when it names no version."""
    tags = {item.event.ref_name for item in prepared.plans if item.event.ref_type == "tag"}
    return {tag for tag in tags if tag_version(tag) is None}


def _judge_files(
    rehearsal: OpenRehearsal,
    workflows: Sequence[RunSettings],
    results: Sequence[JobResult],
    published: Sequence[PublishedFile],
) -> None:
    """Judge the files that no publishing job waited for, and those that none came to publish."""
    stopped = any(_is_stopped(result) for result in results)
    found = read_published(published)
    for each in workflows:
        if found:
            rehearsal.inspection.judge_published(each.plan, found)
        if stopped:
            artifacts = [artifact for artifact in rehearsal.twins.artifacts() if artifact.workflow_run == each.number]
            rehearsal.inspection.judge_unpublished(each.plan, in_artifacts(artifacts))


def _passed_over(
    rehearsal: OpenRehearsal, workflows: Sequence[RunSettings], results: Sequence[JobResult], *, published: bool
) -> Iterator[Finding]:
    """What publishing jobs did not upload as the index has that version already."""
    from simulator.twins.pypi.checks.submission import parsed_version

    built = in_artifacts(rehearsal.twins.artifacts())
    versions = {version for each in workflows if (version := tag_version(each.plan.event.ref_name)) is not None}
    names = {*rehearsal.inspection.around.projects, *(canonicalize_name(found.project) for found in built)}
    versions |= {version for found in built if (version := parsed_version(found.version)) is not None}
    for result in results:
        if result.conclusion is not Conclusion.SUCCESS or not may_publish(result.planned.workflow, result.planned.job):
            continue
        for index, name in sorted(rehearsal.observer.looked_up(result.key)):
            for version in sorted(versions) if name in names else ():
                held = rehearsal.twins.held(index, name, version)
                if held is not None:
                    yield passed_over(result.key, held, published=published)


def _is_stopped(result: JobResult) -> bool:
    """Whether a job that publishes was not let in, waits, or failed: one that was skipped has nothing to publish."""
    planned = result.planned
    ended = result.refused or result.absent == "paused" or result.conclusion is Conclusion.FAILURE
    return ended and may_publish(planned.workflow, planned.job)
