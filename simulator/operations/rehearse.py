"""One rehearsal from beginning to end: prepare, perform, judge. Joins the parts; decides nothing itself."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from simulator.cli.terminal import review_answers
from simulator.configuration.reading import Configuration, load_configuration
from simulator.engines.base import Engine
from simulator.engines.registry import choose
from simulator.errors import ExitCode, SimulatorError
from simulator.expressions.language import Scope
from simulator.findings import Severity
from simulator.operations.actions import Actions, configured, read_actions, tell
from simulator.operations.performance import Performed, perform
from simulator.operations.preparation import (
    load_called,
    load_workflows,
    plan_started,
    read_repository,
    repository_variables,
    server_contexts,
    start_workflows,
)
from simulator.operations.request import RunOptions, Subject
from simulator.operations.secrets import ask_on_terminal, asked_secrets
from simulator.operations.settings import settings_read
from simulator.operations.supplies import parse_supplies, unused_supplies
from simulator.paths import RunFolder
from simulator.planning.calls import all_jobs, foreseen_jobs
from simulator.planning.choice import may_publish
from simulator.rehearsal.called import publishes_from_called
from simulator.rehearsal.elsewhere import uploads_elsewhere
from simulator.rehearsal.faults import never_met, with_faults
from simulator.rehearsal.observer import Observer
from simulator.rehearsal.places import places
from simulator.rehearsal.starting import nothing_starts, publishes_elsewhere, shared_groups, starts_often
from simulator.rehearsal.verdict import JobOutcome, judge
from simulator.run_events import EventSink, RunEvent, RunFinished, RunStarted
from simulator.runner.graph import announcement
from simulator.runner.masked import MaskedSink, hide_secrets
from simulator.runner.masking import Masker
from simulator.runner.preflight import preflight
from simulator.triggers.model import Event, RepositoryIdentity, Source
from simulator.triggers.repository import find_files, read_file
from simulator.twins.faults.names import Fault, parse_faults


def rehearse(options: RunOptions, root: Path, folder: RunFolder, report: EventSink) -> ExitCode:
    """Rehearse, and give the verdict. Raises SimulatorError when pysim itself cannot go on."""
    masker = Masker()
    try:
        return _rehearse(options, root, folder, MaskedSink(report, masker), masker)
    except SimulatorError as error:
        hide_secrets(error, masker)
        raise


def _rehearse(options: RunOptions, root: Path, folder: RunFolder, report: EventSink, masker: Masker) -> ExitCode:
    observer = Observer(report, offline=options.offline)
    with readied(options, root, folder, observer, masker) as (subject, actions, choice):
        blocked = any(finding.severity is Severity.ERROR for finding in observer.findings)
        performed = Performed() if blocked else perform(subject, actions, observer, report, choice)
    for finding in never_met({str(fault): fault.says for fault in subject.faults}, performed.fired):
        observer.raise_finding(finding)
    judgement = judge(_outcomes(performed), observer.findings, performed.published)
    judgement = with_faults(judgement, list(map(str, subject.faults)), performed.fired)
    observer(
        RunFinished(verdict=judgement.verdict, reason=judgement.reason, exit_code=judgement.exit_code, at=time.time())
    )
    return judgement.exit_code


@contextlib.contextmanager
def readied(
    options: RunOptions, root: Path, folder: RunFolder, observer: Observer, masker: Masker
) -> Iterator[tuple[Subject, Actions, Future[tuple[Engine, str]]]]:
    """What is rehearsed, its actions, and the engine once it has answered; what is wrong is among the findings."""
    with ThreadPoolExecutor(1) as pool:
        choice = pool.submit(choose, options.engine)  # it answers while pysim plans
        configuration = configured(options, load_configuration(root, secret_file=options.secret_file))
        if options.ask_secrets:
            configuration = asked_secrets(configuration, ask_on_terminal)
        for secret in configuration.all_secrets:
            masker.add(secret)  # from here on none is shown
        actions = read_actions(options, configuration, observer)
        subject = _prepare(options, root, folder, configuration, actions, masker, observer)
        _check(subject, actions, observer, lambda: choice.result()[0].no_containers)
        yield subject, actions, choice


def _prepare(
    options: RunOptions,
    root: Path,
    folder: RunFolder,
    configuration: Configuration,
    actions: Actions,
    masker: Masker,
    emit: Observer,
) -> Subject:
    """Read the repository and plan what the event starts."""
    supplied = parse_supplies(options.artifacts, Path.cwd())
    faults = parse_faults(options.faults)
    answers = review_answers(options.approved, options.rejected, configuration)
    notes: list[RunEvent] = []
    identity, source = read_repository(options, root, configuration, folder.clone, notes.append)
    workflows = load_workflows(source, options.workflows)
    started = start_workflows(options, identity, source, workflows)
    event = started[0].event
    for said in (opening(folder.id, event, identity, source, faults), *settings_read(configuration), *notes):
        emit(said)
    variables = repository_variables(options, configuration)
    fetch = partial(actions.called_file, emit=emit)
    calls = load_called(source, identity, (item.workflow for item in started if item.match.starts), fetch)
    plans = plan_started(options, identity, started, variables, emit, calls)
    if not plans:
        emit.raise_finding(nothing_starts(event, [(item.workflow, item.match) for item in started]))
    elif (other := publishes_elsewhere(event, [(item.workflow, item.match) for item in started])) is not None:
        emit.raise_finding(other)
    running = {item.workflow.path for item in plans}
    beside = [(item.workflow, Scope(contexts=server_contexts(item, identity, variables)))
              for item in started if item.match.starts]  # fmt: skip
    for finding in shared_groups(beside, running):
        emit.raise_finding(finding)
    for item in started:
        if item.workflow.path in running and (often := starts_often(item.workflow, item.activities)):
            emit.raise_finding(often)
    return Subject(
        options=options,
        root=root,
        folder=folder,
        configuration=configuration,
        identity=identity,
        source=source,
        variables=variables,
        plans=plans,
        supplied=supplied,
        answers=answers,
        faults=faults,
        masker=masker,
    )


def opening(
    run_id: str, event: Event, identity: RepositoryIdentity, source: Source, faults: Sequence[Fault]
) -> RunStarted:
    """The first event of a record."""
    return RunStarted(
        run_id=run_id,
        event=event.name,
        ref=event.ref,
        sha=source.sha,
        repository=identity.full_name,
        at=time.time(),
        snapshot=source.snapshot,
        faults=tuple(map(str, faults)),
    )


def _check(subject: Subject, actions: Actions, observer: Observer, no_containers: Callable[[], str | None]) -> None:
    """Announce the jobs and their actions, and what of them cannot be rehearsed."""
    survey = actions.survey(partial(read_file, subject.source), no_containers)
    jobs = [job for plan in subject.plans for _, job in all_jobs(plan)]
    observer.know(places(jobs, _project_files(subject.source)))
    for plan in subject.plans:
        for event in announcement(foreseen_jobs(plan)):
            observer(event)
        called = publishes_from_called(plan, subject.identity.full_name)
        first = preflight(plan, survey, subject.supplied, no_containers)
        for finding in (*first, *uploads_elsewhere(all_jobs(plan)), *called):
            observer.raise_finding(finding)
    for finding in unused_supplies(subject.plans, subject.supplied):
        observer.raise_finding(finding)
    for finding in survey.missing():
        observer.raise_finding(finding)
    tell(survey, observer)


def _project_files(source: Source) -> list[tuple[str, bytes]]:
    """Paths and contents of the pyproject.toml files of what is rehearsed."""
    return [(path, read_file(source, path) or b"") for path in find_files(source, "pyproject.toml")]


def _outcomes(performed: Performed) -> list[JobOutcome]:
    return [
        JobOutcome(
            name=result.key,
            conclusion=result.conclusion,
            publishes=may_publish(result.planned.workflow, result.planned.job),
            refused=result.refused,
            absent=result.absent,
        )
        for result in performed.results
    ]
