"""A rehearsal from beginning to end: prepare, perform, judge."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from simulator.actions.errors import NOT_REHEARSED
from simulator.configuration.values import Configuration
from simulator.engines.base import Engine
from simulator.engines.registry import choose, docker_answers
from simulator.errors import SimulatorError
from simulator.expressions.language import Scope
from simulator.findings import Finding, Severity
from simulator.operations.accepted import accepted
from simulator.operations.actions import read_actions, tell
from simulator.operations.ask import Ask
from simulator.operations.assumed_actor import with_actor
from simulator.operations.cancellation import Cancellation
from simulator.operations.chosen_event import choose_event
from simulator.operations.configured import configured
from simulator.operations.known import known_findings
from simulator.operations.large_files import large_files
from simulator.operations.observing import inform
from simulator.operations.performance import Performed, perform
from simulator.operations.plans import plan_started
from simulator.operations.prepared import PreparedRehearsal
from simulator.operations.problems import ReleaseRules
from simulator.operations.recording import Recording, recording
from simulator.operations.request import Request, require_event, unheard, when
from simulator.operations.reviews import review_answers
from simulator.operations.secrets import asked_secrets
from simulator.operations.settings import settings_read
from simulator.operations.source import Repository, lines_of, read_repository
from simulator.operations.starting import Started, start_workflows, starting_and_invalid
from simulator.operations.supplies import require_files, unused_supplies, with_downloaded
from simulator.operations.trees import CommitTree
from simulator.operations.unknown_variables import hung_on_variables
from simulator.operations.unpublished import not_published, publishing_results
from simulator.operations.workflow_files import called_in_commit, files_of_commit, nothing_fetched
from simulator.paths import RunFolder
from simulator.planning.calls import foreseen_jobs
from simulator.planning.choice import may_publish_by_token
from simulator.planning.model import Plan
from simulator.rehearsal.called import publishes_from_called
from simulator.rehearsal.injected import never_met, with_faults
from simulator.rehearsal.observer import Observer
from simulator.rehearsal.rules.registry import RULES
from simulator.rehearsal.starting import (
    Considered,
    nothing_starts,
    publishes_after,
    publishing_not_started,
    shared_groups,
    starts_often,
)
from simulator.rehearsal.verdict import JobOutcome, Judgement, judge
from simulator.remedies import Act, remedy
from simulator.run_events import Conclusion, EventSink, Notice, Progress, RunFinished, RunStarted, Verdict
from simulator.runner.graph import announcement
from simulator.runner.masked import MaskedSink, hide_secrets
from simulator.runner.masking import Masker
from simulator.runner.missing import MISSING_PROGRAM, missing_programs
from simulator.runner.model import JobResult
from simulator.runner.preflight import preflight
from simulator.triggers.model import Event
from simulator.triggers.repository import read_file
from simulator.twins.base import PublishedFile
from simulator.twins.injection.faults import Fault


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsal:
    """The result of a rehearsal.

    `reason` is the verdict's in a sentence, `findings` are all that were raised, in order, `jobs` how each job of the
    rehearsed workflows ended and `published` the files that the local indexes took. A release is `refused` where a
    protection rule kept a job out. `record` is the folder with the events and the page of the run.
    """

    verdict: Verdict
    reason: str
    refused: bool
    findings: tuple[Finding, ...]
    jobs: tuple[JobOutcome, ...]
    published: tuple[PublishedFile, ...]
    record: Path


def rehearse(
    request: Request,
    listen: EventSink = unheard,
    *,
    ask: Ask | None = None,
    cancellation: Cancellation | None = None,
) -> Rehearsal:
    """Rehearse an event and give the verdict; `listen` hears the run's events as they come, from several threads.

    `ask` puts questions to a person where the rehearsal waits for one. Raises SimulatorError when pysim itself cannot
    go on, CancelledError when the rehearsal was cancelled. No text that leaves it holds a secret.
    """
    require_event(request)
    require_files(request.artifacts)
    masker = Masker()
    try:
        with recording(request.repository, listen) as into:
            observer = Observer(MaskedSink(into.report, masker), offline=request.offline)
            report = MaskedSink(into.report, masker)
            prepare = partial(readied, request, into, observer, masker, ask, cancellation or Cancellation())
            with prepare() as (prepared, choice):
                runs = prepared.plans and not is_blocked(observer)
                performed = perform(prepared, observer, report, choice) if runs else Performed()
            return _judged(prepared, observer, performed)
    except SimulatorError as error:
        hide_secrets(error, masker)
        raise


def is_blocked(observer: Observer) -> bool:
    """Whether an error was found."""
    return any(finding.severity is Severity.ERROR for finding in observer.findings)


def _judged(prepared: PreparedRehearsal, observer: Observer, performed: Performed) -> Rehearsal:
    for finding in never_met({str(fault): fault.says for fault in prepared.faults}, performed.fired):
        observer.raise_finding(finding)
    event = prepared.plans[0].event.name if prepared.plans else ""
    open_: set[str] = set()  # the keys of jobs that GitHub may run
    if event in {"push", "create", "release"} and prepared.request.tag is not None:
        indexes = {file.index for file in performed.published}
        unknown = () if prepared.configuration.variables else hung_on_variables(performed.results, observer.skipped)
        for finding in unknown:
            open_.update(finding.unrehearsed)
            observer.raise_finding(finding)
        rest = [each for each in performed.results if each.key not in open_]
        for finding in not_published(rest, indexes, observer.skipped, observer.findings, event):
            observer.raise_finding(finding)
    for finding in prepared.acceptances.problems():
        observer.raise_finding(finding)
    jobs = outcomes(performed.results, observer, open_)
    published = [file.index for file in performed.published]
    judgement = judge(jobs, observer.findings, published, len(performed.placeholders))
    judgement = with_faults(judgement, list(map(str, prepared.faults)), performed.fired)
    observer(finished(judgement))
    return Rehearsal(
        verdict=judgement.verdict,
        reason=judgement.reason,
        refused=judgement.refused,
        findings=tuple(observer.findings),
        jobs=tuple(jobs),
        published=performed.published,
        record=prepared.folder.path,
    )


def finished(judgement: Judgement) -> RunFinished:
    """The last event of a record."""
    return RunFinished(verdict=judgement.verdict, reason=judgement.reason, refused=judgement.refused, at=time.time())


def outcomes(results: Sequence[JobResult], observer: Observer, open_: Collection[str] = ()) -> list[JobOutcome]:
    """How each job ended, as the verdict sees it; those that were skipped and are `open_` were not rehearsed."""
    publishing = {result.key for result in publishing_results(results)}
    return [
        JobOutcome(
            name=result.key,
            conclusion=result.conclusion,
            publishes=result.key in publishing,
            unasked=may_publish_by_token(result.planned.workflow, result.planned.job)
            and not observer.has_asked_an_index(result.key),
            needs=observer.needs(result.key),
            refused=result.refused,
            absent=result.absent
            or ("missing" if result.key in open_ and result.conclusion is Conclusion.SKIPPED else None),
        )
        for result in results
    ]


# ---- before the first job


@contextlib.contextmanager
def readied(
    request: Request,
    into: Recording,
    observer: Observer,
    masker: Masker,
    ask: Ask | None = None,
    cancellation: Cancellation | None = None,
) -> Iterator[tuple[PreparedRehearsal, Future[tuple[Engine, str]]]]:
    """What is rehearsed, and the engine once it has answered; what is wrong is among the observer's findings."""
    with ThreadPoolExecutor(1) as pool:
        choice = pool.submit(choose, request.engine)  # it answers while pysim plans
        configuration = configured(request, into.root)
        if request.ask_secrets:
            configuration = asked_secrets(configuration, ask)
        for secret in configuration.all_secrets:
            masker.add(secret)  # from here on none is shown
        acceptances = accepted(request, configuration)
        observer.accept(acceptances)
        prepared = replace(_prepare(request, into, configuration, masker, observer), acceptances=acceptances)
        prepared = replace(prepared, ask=ask, cancellation=cancellation or Cancellation())
        _check(prepared, observer, lambda: choice.result()[0])
        prepared.cancellation.require_going()
        yield prepared, choice


def _prepare(
    request: Request, into: Recording, configuration: Configuration, masker: Masker, observer: Observer
) -> PreparedRehearsal:
    """Read the repository and plan what the event starts."""
    answers = review_answers(request.reviews, configuration)
    repository = read_repository(request, into.root, configuration, into.folder.clone)
    observer.quote = lines_of(repository.source)
    actions = read_actions(configuration, observer, offline=request.offline, owner=repository.identity.owner)
    tree = CommitTree(repository.source)
    local = called_in_commit(repository.source, repository.identity, nothing_fetched)
    files = files_of_commit(tree, repository.source, request.workflows, repository.identity, local)
    repository = with_actor(repository, configuration, files.valid())
    request, instead = choose_event(request, repository, files)
    if invalid := starting_and_invalid(request, repository, files):
        raise files.invalid(invalid)
    started = start_workflows(request, repository, files.valid())
    if not started:
        raise files.invalid(files.asked)
    observer(opening(into.folder, repository, started[0].event, request.faults))
    for settings in settings_read(configuration):
        observer(settings)
    for notice in (*repository.notices, *([instead] if instead else ())):
        observer(notice)
    known = partial(
        known_findings, request, repository, started, ReleaseRules(tree, configuration, actions, when(request))
    )
    for finding in known(files):
        observer.raise_finding(finding)
    if not is_blocked(observer):
        fetch = called_in_commit(repository.source, repository.identity, partial(actions.called_file, emit=observer))
        files = files.with_calls(_starting(started), fetch, repository.identity)
        if invalid := [path for path in _starting(started) if not files.files[path].is_valid]:
            raise files.invalid(invalid)
    plans = plan_started(request, repository, started, files.calls(), observer)
    request = with_downloaded(request, plans)
    for finding in (*_of_starting(repository, started, plans), *known(files)):
        observer.raise_finding(finding)
    return PreparedRehearsal(
        request=request,
        root=into.root,
        folder=into.folder,
        configuration=configuration,
        repository=repository,
        files=files,
        actions=actions,
        plans=plans,
        masker=masker,
        answers=answers,
        faults=request.faults,
    )


def opening(folder: RunFolder, repository: Repository, event: Event, faults: Sequence[Fault]) -> RunStarted:
    """The first event of a record."""
    source = repository.source
    return RunStarted(
        run_id=folder.id,
        event=event.name,
        ref=event.ref,
        sha=source.sha,
        repository=repository.identity.full_name,
        at=time.time(),
        snapshot=source.snapshot,
        faults=tuple(map(str, faults)),
        record=str(folder.path),
    )


def _of_starting(repository: Repository, started: Sequence[Started], plans: Sequence[Plan]) -> Iterator[Finding]:
    """What is wrong with how the event starts workflows."""
    event = started[0].event
    considered = [(item.workflow, item.match) for item in started]
    if not any(item.match.starts for item in started):
        yield nothing_starts(event, considered)
    elif (other := _elsewhere(event, considered, plans)) is not None:
        yield other
    running = {item.workflow.path for item in plans}
    beside = [
        (item.workflow, Scope(contexts=repository.contexts(item.workflow, item.event)))
        for item in started
        if item.match.starts
    ]
    yield from shared_groups(beside, running)
    for item in started:
        if item.workflow.path in running and (often := starts_often(item.workflow, item.activities)):
            yield often


def _elsewhere(event: Event, considered: Sequence[Considered], plans: Sequence[Plan]) -> Finding | None:
    jobs = {plan.workflow.path: [job.key for _, job in foreseen_jobs(plan)] for plan in plans}
    return publishes_after(event, considered, jobs) or publishing_not_started(event, considered)


def _starting(started: Sequence[Started]) -> list[str]:
    return [item.workflow.path for item in started if item.match.starts]


def _check(prepared: PreparedRehearsal, observer: Observer, engine: Callable[[], Engine]) -> None:
    """Announce the jobs and their actions, and what of them cannot be rehearsed; no action where nothing will run."""
    for plan in prepared.plans:
        for event in announcement(foreseen_jobs(plan)):
            observer(event)
    if is_blocked(observer):
        _tell_of_stop(observer)
        return
    source, supplied = prepared.source, prepared.request.artifacts

    def no_containers() -> str | None:
        return engine().no_containers

    def no_node() -> str | None:
        return engine().no_node(lambda message: observer(Progress(message=message)))

    def lacks(programs: Collection[str]) -> Collection[str]:
        return engine().lacks(programs, fetch=not prepared.request.offline)

    survey = prepared.actions.survey(partial(read_file, source), when(prepared.request), no_containers, no_node)
    inform(observer, prepared)
    for plan in prepared.plans:
        called = publishes_from_called(plan, prepared.identity.full_name)
        first = preflight(plan, survey, supplied, no_containers, when(prepared.request))
        for finding in (*first, *called):
            _tell_or_raise(finding, observer)
    foreseen = [each for plan in prepared.plans for each in foreseen_jobs(plan)]
    for finding in (
        *missing_programs(foreseen, lacks, docker_answers),
        *unused_supplies(prepared.plans, supplied),
        *large_files(foreseen, read_file(source, ".gitattributes")),
        *survey.missing(),
        *survey.versions(),
    ):
        _tell_or_raise(finding, observer)
    tell(survey, observer)


def _tell_or_raise(finding: Finding, observer: Observer) -> None:
    """What is said of a step that will not run here is a forecast: it counts where the step comes to run."""
    if finding.code in {NOT_REHEARSED, MISSING_PROGRAM}:
        observer(Notice(message=f"{finding.where}: {finding.message}", hint=finding.hint, remedies=finding.remedies))
    else:
        observer.raise_finding(finding)


def _tell_of_stop(observer: Observer) -> None:
    """Say that nothing runs for what is known of the files, and how it would all the same."""
    codes = dict.fromkeys(finding.code for finding in observer.findings if finding.severity is Severity.ERROR)
    if codes.keys() <= RULES.keys():
        observer(
            Notice(
                message="Nothing is run, as the release would fail by what its workflow says.",
                hint=f"Mend it, or accept {', '.join(codes)} to rehearse in spite of it.",
                remedies=tuple(remedy(Act.ACCEPT_FINDING, code) for code in codes),
            )
        )
