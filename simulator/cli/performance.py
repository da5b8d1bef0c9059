"""The rehearsal itself: engine, twins, the jobs of every plan, and the install check of what they published."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import groupby, product

from simulator.cli.built import Inspection, python_for
from simulator.cli.gates import gate_of
from simulator.cli.resolution import OWN, Actions
from simulator.cli.secrets import Secrets, rehearsal_secrets
from simulator.cli.subject import Subject
from simulator.engines.base import Engine
from simulator.engines.host import HostSettings, host_settings
from simulator.indexes import TITLES, IndexName
from simulator.paths import StateFolder, authority_folder
from simulator.planning.calls import all_jobs
from simulator.planning.choice import may_publish
from simulator.planning.model import Plan, PlannedJob
from simulator.planning.plan import plan
from simulator.rehearsal.built.versions import tag_version
from simulator.rehearsal.distributions import Distribution, in_artifacts, read_distribution
from simulator.rehearsal.install import JOB, Outcome, Outcomes, Release, check_install
from simulator.rehearsal.observer import Observer
from simulator.rehearsal.publishers import implied_publishers
from simulator.rehearsal.released import already_released, already_there
from simulator.run_events import (
    Conclusion,
    EngineChosen,
    EventSink,
    JobPlanned,
    Notice,
    Progress,
    RunEvent,
    StepFinished,
    StepLine,
    StepStarted,
)
from simulator.runner.contexts import github_context
from simulator.runner.masking import Masker
from simulator.runner.model import JobResult, RunSettings
from simulator.runner.run import Run
from simulator.triggers.git import commit_of
from simulator.triggers.repository import is_git_root, read_file
from simulator.triggers.submodules import submodule_copies
from simulator.twins.base import PublishedFile
from simulator.twins.github_api.facts import RepositoryFacts
from simulator.twins.server import LocalTwins
from simulator.twins.settings import TwinSettings
from simulator.workflow.model import Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Performed:
    """What the jobs did: their results, the index of each file that one took, and the faults that took effect."""

    results: tuple[JobResult, ...] = ()
    published: tuple[IndexName, ...] = ()
    fired: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """All that the jobs of a rehearsal share."""

    subject: Subject
    actions: Actions
    engine: Engine
    twins: LocalTwins
    host: HostSettings
    observer: Observer
    report: EventSink
    secrets: Secrets
    inspection: Inspection


def perform(
    subject: Subject, actions: Actions, observer: Observer, report: EventSink, choice: Future[tuple[Engine, str]]
) -> Performed:
    """Run every plan on the chosen engine and install what was published.

    Raises SimulatorError when pysim itself cannot, also when no engine answers.
    """
    engine, reason = choice.result()
    engine.prepare(lambda message: observer(Progress(message=message)))
    observer(EngineChosen(engine=engine.name, reason=reason, image=engine.image))
    with open_stage(subject, actions, engine, observer, report) as stage:
        twins = stage.twins
        for tag in _unversioned(subject):
            observer(
                Notice(
                    message=f"The tag {tag} names no version, so the built files are compared with nothing.",
                    hint="Name the tag like v1.2.3 when it is to agree with the package.",
                )
            )
        workflows = [run_settings(stage, item) for item in subject.plans]
        for workflow, (name, folder) in product(workflows, subject.supplied.items()):
            twins.supply(workflow.number, name, folder)
        results = _run(workflows, actions, subject.masker)
        twins.mend()  # what follows is pysim's own
        published = twins.published()
        _look_again(stage, workflows, results, published)
        if published:
            stage.inspection.look_back(published)
            held = twins.released()
            others = [file for each in held for file in each.files]
            for finding in (*already_released(others, again=_was_tagged(subject)), *already_there(held)):
                observer.raise_finding(finding)
            check_published(stage, published)
        if subject.options.keep_index:
            twins.keep_index()
        fired = tuple(twins.fired())
    return Performed(results=results, published=tuple(file.index for file in published), fired=fired)


@contextlib.contextmanager
def open_stage(
    subject: Subject,
    actions: Actions,
    engine: Engine,
    observer: Observer,
    report: EventSink,
    emit: EventSink | None = None,
) -> Iterator[Stage]:
    """Start the twins, whose events go to `emit` or else to the observer, and give the jobs their secrets.

    The twins end with the context.
    """
    host, emit = host_settings(), emit or observer
    with LocalTwins(_twin_settings(subject, host), emit, clock=clock_from(subject.options.now)) as twins:
        secrets = rehearsal_secrets(subject, twins.upload_token, observer)
        for secret in (*secrets.tokens, *host.secrets):
            subject.masker.add(secret)
        yield Stage(
            subject=subject,
            actions=actions,
            engine=engine,
            twins=twins,
            host=host,
            observer=observer,
            report=report,
            secrets=secrets,
            inspection=Inspection(subject, observer),
        )


def clock_from(start: float | None) -> Callable[[], float]:
    """The clock of the twins: the machine's, or one that shows `start` at this moment and goes on from there."""
    if start is None:
        return time.time
    ahead = start - time.time()
    return lambda: time.time() + ahead


def _was_tagged(subject: Subject) -> bool:
    """Whether the rehearsed tag is in the user's repository: then its release may have been made."""
    tag, root = subject.options.tag, subject.root
    return tag is not None and is_git_root(root) and commit_of(f"refs/tags/{tag}", cwd=root) is not None


def _unversioned(subject: Subject) -> set[str]:
    """The tag that the plans are about, when it names no version."""
    tags = {item.event.ref_name for item in subject.plans if item.event.ref_type == "tag"}
    return {tag for tag in tags if tag_version(tag) is None}


def _twin_settings(subject: Subject, host: HostSettings) -> TwinSettings:
    return TwinSettings(
        run_id=subject.folder.id,
        folder=subject.place or subject.folder.path,
        repository=subject.identity.full_name,
        default_branch=subject.identity.default_branch,
        clone=subject.source.clone,
        cache=StateFolder(subject.root).cache,
        publishers=subject.configuration.publishers,
        baseline=StateFolder(subject.root).index,
        authority=authority_folder(),
        host_ca=host.ca_bundle,
        index_url=host.index_url,
        extra_index_urls=host.extra_index_urls,
        proxies=host.proxies,
        ports=host.ports,
        offline=subject.options.offline,
        facts=_facts(subject),
        copies=submodule_copies(subject.source, subject.identity) if subject.options.offline else {},
        faults=subject.faults,
        mask=lambda job_id, text: subject.masker.of(job_id).mask(text),
    )


def _facts(subject: Subject) -> RepositoryFacts:
    """What GitHub knows before the run: of a rehearsed `release` event, its release is there."""
    identity, configuration = subject.identity, subject.configuration
    payloads = (item.event.payload.get("release") for item in subject.plans)
    releases = {str(found["id"]): found for found in payloads if isinstance(found, Mapping)}
    declared = {job.environment: None for item in subject.plans for job in item.jobs if job.environment}
    return RepositoryFacts(
        id=int(identity.id),
        owner_id=int(identity.owner_id),
        visibility=identity.visibility,
        default_branch=identity.default_branch,
        actor=identity.actor,
        actor_id=int(identity.actor_id),
        releases=tuple(releases.values()),
        environments=tuple(dict.fromkeys([*configuration.environments, *declared])),
        user_tokens=frozenset(configuration.all_secrets),
    )


def run_number() -> str:
    """GitHub's id of a run."""
    return str(secrets.randbelow(9_000_000_000) + 1_000_000_000)


def run_settings(stage: Stage, item: Plan, number: str | None = None) -> RunSettings:
    """What the run of a plan needs; `number` is GitHub's id of the run, a new one where it is not given."""
    subject = stage.subject
    number = number or run_number()
    return RunSettings(
        run_id=subject.folder.id,
        number=number,
        plan=item,
        identity=subject.identity,
        variables=subject.variables,
        secrets=stage.secrets.repository,
        environment_secrets=stage.secrets.environments,
        engine=stage.engine,
        twins=stage.twins,
        gate=gate_of(subject, item, stage.observer),
        hold=_holder(stage, item, number),
        supplied=tuple(subject.supplied),
        emit=stage.observer,
        sandbox_environment=stage.host.environment,
        mounts=stage.host.mounts,
        quote=partial(_source_line, lru_cache(partial(read_file, subject.source))),
        debug=subject.options.debug,
        images=stage.actions.images,
        offline=subject.options.offline,
    )


def _source_line(read: Callable[[str], bytes | None], file: str, number: int) -> str | None:
    """A line of a file of the rehearsed commit; None when there is no such line, or when it is no text."""
    content = None if file.startswith("/") else read(file)
    lines = [] if content is None or b"\0" in content else content.decode(errors="replace").splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else None


def _run(workflows: Sequence[RunSettings], actions: Actions, masker: Masker) -> tuple[JobResult, ...]:
    return Run(workflows, actions.resolve_step, masker).execute()


# ---- before a job that publishes


def _holder(stage: Stage, item: Plan, number: str) -> Callable[[PlannedJob], str | None]:
    """Before a publishing job: do the built files agree with the tag, and which publisher does it imply?"""

    def hold(job: PlannedJob) -> str | None:
        if not may_publish(job.workflow, job.job):
            return None
        built = in_artifacts([found for found in stage.twins.artifacts() if found.workflow_run == number])
        refused = stage.inspection.look(item, built)
        if not stage.subject.configuration.publishers:
            _assume(stage, job, built)
        return "the version that was built is not the one that the tag names" if refused else None

    return hold


def _assume(stage: Stage, job: PlannedJob, built: Sequence[Distribution]) -> None:
    names = tuple(dict.fromkeys(found.project for found in built)) or tuple(stage.inspection.around.projects)
    publishers = implied_publishers(
        names,
        repository=stage.subject.identity.full_name,
        workflow_path=job.workflow.path.partition("@")[0],
        environment=job.environment,
    )
    for publisher in publishers:
        stage.twins.assume(publisher)


# ---- after the jobs


def _look_again(
    stage: Stage, workflows: Sequence[RunSettings], results: Sequence[JobResult], published: Sequence[PublishedFile]
) -> None:
    """Judge the files that no publishing job waited for, and those that none came to publish."""
    stopped = any(_is_stopped(result) for result in results)
    found = _read(published)
    for each in workflows:
        if found:
            stage.inspection.look_again(each.plan, found)
        if stopped:
            artifacts = [artifact for artifact in stage.twins.artifacts() if artifact.workflow_run == each.number]
            stage.inspection.look_ahead(each.plan, in_artifacts(artifacts))


def _is_stopped(result: JobResult) -> bool:
    """Whether a job that publishes was not let in, waits, or failed: one that was skipped has nothing to publish."""
    planned = result.planned
    ended = result.refused or result.absent == "paused" or result.conclusion is Conclusion.FAILURE
    return ended and may_publish(planned.workflow, planned.job)


def _read(files: Sequence[PublishedFile]) -> Sequence[Distribution]:
    found = (read_distribution(file.filename, file.path.read_bytes(), again=file.path.read_bytes) for file in files)
    return list({item.filename: item for item in found if item is not None}.values())


def check_published(stage: Stage, published: Sequence[PublishedFile]) -> None:
    """Install every release that was published from the index that took it."""

    def release(file: PublishedFile) -> tuple[str, str, str]:
        return file.index, file.project, file.version

    releases: list[Release] = []
    for _, group in groupby(sorted(published, key=release), key=release):
        files = list(group)
        if distributions := _read(files):
            releases.append(Release(index=files[0].index, distributions=distributions))
    for one in releases:
        run_workflow = partial(_run_check, stage, _check_name(one, releases))
        python = python_for(one.distributions, _pythons(stage.subject))
        offline = stage.subject.options.offline
        check_install(one, python=python, run_workflow=run_workflow, emit=stage.observer, offline=offline)


def _check_name(release: Release, releases: Sequence[Release]) -> str:
    """What tells the install check of a release from the others'."""
    if len(releases) == 1:
        return ""
    same = [other for other in releases if other.project == release.project]
    return f" of {release.project}" + (f" from {TITLES[release.index]}" if len(same) > 1 else "")


def _pythons(subject: Subject) -> Sequence[str]:
    """The Pythons of the jobs: the first of each `python-version` that a setup-python step names plainly."""
    steps = (
        step for item in subject.plans for _, job in all_jobs(item) for step in job.all_steps if step.uses is not None
    )
    texts = [step.with_.get("python-version") for step in steps if step.uses and "/setup-python@" in step.uses.value]
    return [text.source.split()[0] for text in texts if text and text.template.is_literal and text.source.strip()]


def _run_check(stage: Stage, name: str, workflow: Workflow) -> Outcomes:
    """Run one of pysim's own workflows; what becomes of its steps, by step id."""
    event = stage.subject.plans[0].event
    contexts = {"github": github_context(workflow, event, stage.subject.identity), "vars": {}, "inputs": {}}
    made = plan(workflow, event, contexts=contexts)
    title = f"{workflow.name}{name}"
    jobs = tuple(replace(job, key=f"{job.key}{name}", name=title) for job in made.jobs)
    item = replace(made, jobs=jobs)
    recorder = StepRecorder(stage.report)
    for job in item.jobs:
        recorder(JobPlanned(job_id=job.key, name=job.name, needs=(), workflow=workflow.path, own=True))
    settings = replace(
        run_settings(stage, item), emit=recorder, secrets={}, environment_secrets={}, hold=lambda _: None
    )
    _run([settings], OWN, stage.subject.masker)
    names = {step.name.source: step.id for step in workflow.jobs[JOB].steps if step.name and step.id}
    return {names[name]: outcome for name, outcome in recorder.steps.items() if name in names}


class StepRecorder:
    """An event sink that passes events on and remembers what became of each step, by its name."""

    def __init__(self, emit: EventSink) -> None:
        self.steps: dict[str, Outcome] = {}
        self._emit = emit
        self._started: dict[int, StepStarted] = {}
        self._lines: dict[int, list[str]] = {}

    def __call__(self, event: RunEvent, /) -> None:
        """Pass an event on."""
        self._emit(event)
        if isinstance(event, StepStarted):
            self._started[event.number] = event
        elif isinstance(event, StepLine):
            self._lines.setdefault(event.number, []).append(event.line)
        elif isinstance(event, StepFinished):
            started = self._started[event.number]
            self.steps[started.name] = Outcome(
                ok=event.outcome is Conclusion.SUCCESS,
                seconds=event.at - started.at,
                lines=self._lines.pop(event.number, []),
            )
