"""Runs of workflows on the fake engine, told as a transcript; their scripts are in the language of `machine`."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from simulator.actions.manifest import load_manifest
from simulator.actions.model import Reference, RepositoryReference, ResolvedAction
from simulator.actions.reference import parse_reference
from simulator.actions.resolve import resolve
from simulator.engines.base import Engine
from simulator.environments.model import Gate
from simulator.expressions.language import Value
from simulator.planning.model import Inherited, Plan, PlannedJob
from simulator.planning.plan import plan
from simulator.run_events import (
    EventSink,
    JobFinished,
    RunEvent,
    StepFinished,
    StepLine,
    StepStarted,
    TwinRequest,
)
from simulator.runner.absent import StandIn
from simulator.runner.contexts import github_context, workspace
from simulator.runner.masking import Masker
from simulator.runner.model import JobResult, Portion, RunSettings
from simulator.runner.run import Run
from simulator.runner.state import JobState
from simulator.triggers.model import Event, RepositoryIdentity
from simulator.twins.base import JobAccess, JobGrant, PublishedFile, Publisher, StoredArtifact
from simulator.workflow.calls import CalledFile, load_calls
from simulator.workflow.loader import load_workflow
from simulator.workflow.model import Step
from tests.runner.machine import NODES, Machine

IDENTITY: Final = RepositoryIdentity(owner="octo", name="tool", id="42", owner_id="7")
WORKSPACE: Final = workspace(IDENTITY)
EVENT: Final = Event(
    name="push", ref="refs/tags/v1", sha="c0ffee", payload={"ref": "refs/tags/v1"}, inputs={"level": "high"}
)
CANCEL: Final = "somebody cancels the run"  # what a script in a real sandbox says to have it done
OWN_STEPS: Final = ("Set up job", "Complete job")


class SmallTwins:
    """What a job needs of the twins: access, with a secret of its own. See `Twins`."""

    ca_bundle = b"CA"
    ports: Sequence[int] = (80, 443)

    def __init__(self, gateway: Path = Path("/run/gateway.sock")) -> None:
        self._gateway = gateway
        self.grants: dict[str, JobGrant] = {}
        self.open: set[str] = set()
        self.requests: list[TwinRequest] = []
        self.taken: list[str] = []

    def open_job(self, grant: JobGrant) -> JobAccess:
        assert grant.job_id not in self.open
        self.grants[grant.job_id] = grant
        self.open.add(grant.job_id)
        asking = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://token.example"} if grant.id_token else {}
        return JobAccess(
            gateway=self._gateway,
            run_env=asking,
            action_env={"ACTIONS_RUNTIME_TOKEN": "runtime-token"},
            secrets=("runtime-token",),
        )

    def close_job(self, job_id: str) -> None:
        self.open.discard(job_id)

    def record(self, request: TwinRequest) -> None:
        self.requests.append(request)

    def take_uploads(self, host: str) -> None:
        self.taken.append(host)

    def assume(self, publisher: Publisher) -> None:
        raise AssertionError(publisher)

    def artifacts(self) -> Sequence[StoredArtifact]:
        return ()

    def published(self) -> Sequence[PublishedFile]:
        return ()


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a run did, as its events tell it."""

    results: Sequence[JobResult]
    events: Sequence[RunEvent]

    @property
    def conclusions(self) -> dict[str, str]:
        return {result.key: result.conclusion.value for result in self.results}

    def lines(self, job: str, level: str | None = None) -> list[str]:
        """What a job's log shows."""
        return [e.line for e in self.events if isinstance(e, StepLine) and e.job_id == job and level in {None, e.level}]

    def printed(self, job: str) -> list[str]:
        """What the scripts of a job printed."""
        lines = self.transcript(job).splitlines()
        return [line.strip() for line in lines if line.startswith("  ") and not line.startswith("  !")]

    def reason(self, job: str) -> str | None:
        """Why a job ended as it did, where its event says so."""
        return next(e.reason for e in self.events if isinstance(e, JobFinished) and e.job_id == job)

    def transcript(self, job: str) -> str:
        """The steps of a job, how each ended, and below it what it printed: warnings behind a ?, errors behind a !.

        The heads of logs, and the first and the last step where nothing went wrong in them, are left out.
        """
        told: list[str] = []
        for started in (e for e in self.events if isinstance(e, StepStarted) and e.job_id == job):
            ended = next((e for e in self.events if isinstance(e, StepFinished) and _same(e, started)), None)
            printed = [e for e in self.events if isinstance(e, StepLine) and _same(e, started)]
            marks = {"text": "", "warning": "? ", "error": "! ", "notice": "i "}
            shown = [e for e in _without_heads(printed) if e.level in marks and e.line != CANCEL]
            body = [f"  {marks[e.level]}{e.line}" for e in shown]
            if ended is None:
                told += [f"{started.name}: unfinished", *body]
                continue
            if started.name in OWN_STEPS:
                body = [line for line in body if line.startswith(("  !", "  ?"))]
                if not body:
                    continue
            forgiven = f" -> {ended.conclusion}" if ended.conclusion != ended.outcome else ""
            told += [f"{started.name}: {ended.outcome}{forgiven}", *body]
        outputs = next((result.outputs for result in self.results if result.key == job), {})
        told += [f"{name}={value}" for name, value in outputs.items()]
        return "\n".join([*told, f"= {self.conclusions.get(job, 'broken')}"])


@dataclass(frozen=True, kw_only=True)
class Ran(Told):
    """What a run on the fake engine did."""

    machine: Machine
    twins: SmallTwins


def _same(event: StepFinished | StepLine, started: StepStarted) -> bool:
    return (event.job_id, event.number) == (started.job_id, started.number)


def _without_heads(lines: Sequence[StepLine]) -> list[StepLine]:
    kept: list[StepLine] = []
    head = False
    for line in lines:
        if line.level == "group" and line.line.startswith("Run "):
            head = True
        elif head:
            head = line.level != "endgroup"
        else:
            kept.append(line)
    return kept


Actions = Mapping[str, Mapping[str, str]]  # reference -> the files of the action


@dataclass(kw_only=True)
class World:
    """What a workflow runs in. `files` lie in the workspace, `actions` are those of other repositories.

    `called` are the texts of workflows that jobs call: by name for one of this repository, else by reference.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    actions: Actions = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    environment_secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    gate: Callable[[str], Gate] = lambda _: Gate(allowed=True, reason="no rule")
    hold: Callable[[PlannedJob], str | None] = lambda _: None
    supplied: Sequence[str] = ()
    stand_in: Callable[[Plan, PlannedJob, Sequence[StandIn]], bool] = lambda _plan, _job, _made: False
    max_jobs: int = 1
    portion: Portion | None = None  # of the only workflow
    debug: bool = False
    hidden: Sequence[str] | None = None  # what is masked, in the place of all secrets
    prefix: str = ""  # of the jobs' keys
    nodes: Mapping[int, str] = field(default_factory=lambda: NODES)
    programs: Sequence[str] = ("bash", "sh", "python", "perl")
    temporary: Path = Path("/nowhere")
    containers: bool = False  # whether the engine has any

    def run(self, *workflows: str) -> Ran:
        """Run workflow files beside each other to their end; their keys are a/, b/, ... where there are several."""
        ran = self.start(*workflows)
        return Ran(results=ran.run.execute(), events=ran.events, machine=ran.machine, twins=ran.twins)

    def start(self, *workflows: str) -> Started:
        """Make a run of workflow files."""
        files = {WORKSPACE / name: textwrap.dedent(content) for name, content in self.files.items()}
        machine = Machine(files, self.programs, self.nodes, containers=self.containers)
        twins = SmallTwins()
        run, events, listeners = self._make(workflows, machine.engine, twins, machine.clock)
        machine.cancel_run = run.cancel
        return Started(run=run, events=events, listeners=listeners, machine=machine, twins=twins)

    def run_on(self, engine: Engine, workflow: str, *, clock: Callable[[], float], gateway: Path) -> Told:
        """Run a workflow file to its end on a real engine."""
        run, events, listeners = self._make([workflow], engine, SmallTwins(gateway), clock)
        listeners.append(lambda event: run.cancel() if getattr(event, "line", None) == CANCEL else None)
        return Told(results=run.execute(), events=events)

    def _make(
        self, workflows: Sequence[str], engine: Engine, twins: SmallTwins, clock: Callable[[], float]
    ) -> tuple[Run, list[RunEvent], list[EventSink]]:
        events: list[RunEvent] = []
        listeners: list[EventSink] = []

        def emit(event: RunEvent) -> None:
            events.append(event)
            for listener in listeners:
                listener(event)

        several = len(workflows) > 1
        prefixes = [f"{letter}/" if several else self.prefix for letter in "abcdef"]
        plans = [self._plan(text, prefix) for text, prefix in zip(workflows, prefixes, strict=False)]
        settings = RunSettings(
            run_id="r1",
            number="1234",
            plan=plans[0],
            identity=IDENTITY,
            variables=self.variables,
            secrets=self.secrets,
            engine=engine,
            twins=twins,
            gate=lambda name, _: self.gate(name),
            hold=self.hold,
            emit=emit,
            environment_secrets=self.environment_secrets,
            supplied=self.supplied,
            stand_in=self.stand_in,
            max_jobs=self.max_jobs,
            portion=self.portion,
            debug=self.debug,
            clock=clock,
        )
        hidden = [*self.secrets.values(), *(v for group in self.environment_secrets.values() for v in group.values())]
        runs = [replace(settings, plan=each) for each in plans]
        run = Run(runs, self._resolve, Masker(hidden if self.hidden is None else self.hidden))
        return run, events, listeners

    def _plan(self, text: str, prefix: str) -> Plan:
        return plan_of(text, variables=self.variables, prefix=prefix, called=self.called)

    def _resolve(self, job: JobState, step: Step) -> ResolvedAction:
        assert step.uses is not None
        reference = parse_reference(step.uses.value)
        if str(reference) in self.actions:
            return self._remote(reference, self.actions[str(reference)])
        return resolve(reference, workspace_read=lambda path: job.sandbox.read(job.folder / path))

    def _remote(self, reference: Reference, files: Mapping[str, str]) -> ResolvedAction:
        assert isinstance(reference, RepositoryReference)
        folder = self.temporary / str(reference).replace("/", "_")
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / name).write_text(textwrap.dedent(content))
        manifest, problems = load_manifest((folder / "action.yml").read_text(), "action.yml")
        assert manifest is not None, problems
        return ResolvedAction(reference=reference, manifest=manifest, folder=folder, builtin=False)


@dataclass(frozen=True, kw_only=True)
class Started:
    """A run that was not executed yet."""

    run: Run
    events: list[RunEvent]
    listeners: list[EventSink]
    machine: Machine
    twins: SmallTwins


def plan_of(
    text: str,
    *,
    variables: Mapping[str, str] | None = None,
    prefix: str = "",
    called: Mapping[str, str] | None = None,
) -> Plan:
    """The plan of a workflow file for a push of a tag; `called` as in `World`."""
    loaded = load_workflow(textwrap.dedent(text), ".github/workflows/release.yml")
    assert loaded.workflow is not None, loaded.diagnostics

    def resolve_call(reference: str) -> str | CalledFile | None:
        text = (called or {}).get(reference.removeprefix("./.github/workflows/"))
        if text is None or reference.startswith("./"):
            return text and textwrap.dedent(text)
        return CalledFile(text=textwrap.dedent(text), ref="refs/tags/v9", sha="feed")

    calls = load_calls(loaded.workflow, resolve_call)
    assert not [each for each in calls.diagnostics if each.severity == "error"], calls.diagnostics
    contexts: dict[str, Value] = {
        "github": github_context(loaded.workflow, EVENT, IDENTITY),
        "vars": dict(variables or {}),
        "inputs": dict(EVENT.inputs),
    }
    return plan(
        loaded.workflow,
        EVENT,
        contexts=contexts,
        calls=calls.calls,
        inherited=Inherited(key_prefix=prefix, name_prefix=prefix),
    )


def job_of(steps: str, *, job: str = "", head: str = "") -> str:
    """A workflow file with one job, `build`; `job` are further keys of it and `head` those of the file."""
    lines = ["on: push", textwrap.dedent(head), "jobs:", "  build:", "    runs-on: ubuntu-latest"]
    lines += [textwrap.indent(textwrap.dedent(job), " " * 4), "    steps:"]
    return "\n".join([*lines, textwrap.indent(textwrap.dedent(steps), " " * 6)])


@dataclass(frozen=True, kw_only=True)
class Case:
    """The steps of a job and the transcript of their run."""

    steps: str
    says: str
    job: str = ""
    head: str = ""
    world: Mapping[str, Any] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        """The transcript."""
        return textwrap.dedent(self.says).strip("\n")

    def run(self, **more: Any) -> Ran:
        """Run the job."""
        return World(**self.world, **more).run(job_of(self.steps, job=self.job, head=self.head))


def composite(steps: str) -> str:
    """An action.yml with these steps."""
    lines = [line for line in steps.splitlines() if line.strip()]
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    return "\n".join(["runs:", "  using: composite", "  steps:", *(f"    {line[margin:]}" for line in lines)])
