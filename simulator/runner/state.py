"""The state of one job while it runs, and the scopes in which its expressions are evaluated.

Owned by the job's thread; what other threads may ask of a job is in `runner.lifetime`.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import json
import re
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import PurePosixPath
from typing import Final, Protocol

from simulator.engines.base import LAYOUT, Command, Exit, LineSink, Sandbox
from simulator.expressions.language import ExactMapping, ExpressionError, Scope, Value, render, to_text
from simulator.planning.model import PlannedJob
from simulator.run_events import Conclusion, FilesListed, StepFinished, StepStarted
from simulator.runner.contexts import (
    github_variables,
    job_context,
    runner_context,
    runner_variables,
)
from simulator.runner.declared import Declared
from simulator.runner.lifetime import JobLife
from simulator.runner.log import JobLog, StepLog
from simulator.runner.masking import Masker
from simulator.runner.matchers import Matchers
from simulator.runner.model import SERVER_URL, TOKEN_MARK, RunSettings, StepResult
from simulator.twins.base import JobAccess
from simulator.workflow.model import Job, Step, Text

COMMAND_FILES: Final = LAYOUT.temp / "_runner_file_commands"
DEFAULT_MINUTES: Final = 360  # of a job
HASH_SECONDS: Final = 120  # for one call of hashFiles
LISTING_SECONDS: Final = 10
STEP_DEBUG: Final = "ACTIONS_STEP_DEBUG"  # the secret or variable that shows debug messages


@dataclass(kw_only=True, slots=True)
class Frame:
    """Where a list of steps runs: a job, or one use of a composite action within it.

    `status` is the worst of its steps. A composite action has `inputs` of its own, `fields` that it sets in the github
    context, and `overrides`: the `env:` of the steps that use it, which wins over GITHUB_ENV.
    """

    steps: dict[str, StepResult] = field(default_factory=dict)
    status: Conclusion = Conclusion.SUCCESS
    inputs: Mapping[str, Value] | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)

    def record(self, step: Step, result: StepResult) -> None:
        """Take note of how a step ended."""
        if step.id:
            self.steps[step.id] = result
        self.merge(result.conclusion)

    def merge(self, conclusion: Conclusion) -> None:
        """The status becomes the worse of the two: success, failure, cancelled."""
        order = (Conclusion.CANCELLED, Conclusion.FAILURE)
        self.status = next((item for item in order if item in {self.status, conclusion}), Conclusion.SUCCESS)


class StepHost(Protocol):
    """Where the processes of steps run: the job's sandbox, or a container beside it. As `Sandbox` has them."""

    @property
    def environment(self) -> Mapping[str, str]: ...

    def run(self, command: Command, on_line: LineSink, stop: threading.Event | None = None) -> Exit:
        """See `Sandbox.run`."""
        ...


class JobState:
    """One job that runs: its variables, results and sandbox."""

    def __init__(
        self,
        settings: RunSettings,
        planned: PlannedJob,
        github: Mapping[str, Value],
        needs: Mapping[str, Value],
        access: JobAccess,
        masker: Masker,
        life: JobLife,
    ) -> None:
        self.settings = settings
        self.planned = planned
        self.access = access
        self.masker = masker
        self.life = life
        self.github = dict(github)
        self.folder = PurePosixPath(str(github["workspace"]))
        self.env: dict[str, str] = {}
        self.minutes = DEFAULT_MINUTES
        self.shell: str | None = None
        self.working_directory: str | None = None
        self.frame = Frame()
        self.may_fail = False  # by the continue-on-error of the job
        self.ids = step_ids(planned.job.all_steps)
        self._needs = needs
        debug = settings.debug or _is_on(STEP_DEBUG, settings.secrets, settings.variables)
        repository = str(github["repository"])
        matchers = Matchers(
            self._read,
            self.folder,
            urls=(f"{SERVER_URL}/{repository}", f"git@{SERVER_URL.partition('://')[2]}:{repository}.git"),
        )
        self.declared = Declared(self.folder, self._read)
        self._log = JobLog(
            job_id=planned.key,
            masker=masker,
            emit=settings.emit,
            folder=self.folder,
            matchers=matchers,
            debug=debug,
            quote=settings.quote,
        )
        self._runner = runner_context(self.folder, debug=debug)
        self._job = job_context(github, settings.plan, planned)
        self._paths: dict[str, int] = {}  # a folder of GITHUB_PATH, and the number of the step that added it
        self._origins: dict[str, str] = {}  # of `env`, as `StepVariables` has them
        self.tracking = f"RUNNER_TRACKING_ID=github_{uuid.uuid4()}"  # a variable of every process of the job
        self._orchestration = uuid.uuid5(uuid.NAMESPACE_OID, settings.run_id)
        self._sandbox: Sandbox | None = None
        self._numbers = itertools.count(1)  # of the steps in the job's list, background steps among them
        self._forked: Mapping[str, str] = {}  # the variables that there were when a background step began
        self._container: StepHost | None = None
        self._beside: StepHost | None = None
        self._variables: Mapping[str, str] = settings.variables
        token = str(github["token"])
        self._secrets: Mapping[str, str] = {
            name: value.replace(TOKEN_MARK, token) for name, value in settings.secrets.items()
        }

    @property
    def job(self) -> Job:
        """The job as the file has it."""
        return self.planned.job

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox, once it is open."""
        assert self._sandbox is not None
        return self._sandbox

    @property
    def in_container(self) -> bool:
        """Whether the steps run in a container. Raises ExpressionError."""
        wanted = self.job.container
        return wanted is not None and wanted.image is not None and bool(render(wanted.image.template, self.scope()))

    @property
    def step_host(self) -> StepHost:
        """Where the processes of its steps run."""
        return self.sandbox if self._container is None else self._container

    @property
    def runner_host(self) -> StepHost | None:
        """Where what the runner itself brings along runs in a job whose steps run in a container; None in others."""
        return self._beside

    def enter_container(self, container: StepHost, beside: StepHost) -> None:
        """The job's container runs."""
        self._container, self._beside = container, beside

    def describe(self, *, container: Mapping[str, Value], services: Mapping[str, Value]) -> None:
        """What the job context tells of its containers."""
        self._job |= {"container": dict(container), "services": dict(services)}

    def _read(self, path: PurePosixPath) -> bytes:
        return self.sandbox.read(path)

    def enter(self, sandbox: Sandbox) -> None:
        """The job's sandbox is open."""
        self._sandbox = sandbox

    def admit(self, variables: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        """The environment let the job in: its variables and secrets count from now on."""
        self._variables = {**self._variables, **variables}
        self._secrets = {**self._secrets, **secrets}

    def fork(self) -> JobState:
        """The state for a background step: what it sets is seen by nobody else until `join`."""
        other = copy.copy(self)
        other.env, other._paths, other._origins = dict(self.env), dict(self._paths), dict(self._origins)
        other.frame = replace(self.frame, steps=dict(self.frame.steps))
        other._forked = dict(self.env)
        return other

    def join(self, other: JobState) -> None:
        """Take over the variables and folders that a background step set since `fork`."""
        before = other._forked
        changed = {name: value for name, value in other.env.items() if before.get(name) != value}
        self.env |= changed
        self._origins |= {name: origin for name, origin in other._origins.items() if name in changed}
        for folder, number in other._paths.items():
            if folder not in self._paths:
                self.add_path(folder, number)

    @property
    def overdue(self) -> str:
        """What is said when the job's time is up."""
        hours, minutes = divmod(self.minutes, 60)
        return f"The job has exceeded the maximum execution time of {f'{hours}h' if hours else ''}{minutes}m0s"

    @property
    def status(self) -> Conclusion:
        """The job's status so far."""
        return Conclusion.CANCELLED if self.life.cancelled else self.frame.status

    # ---- the list of steps

    def start_step(self, name: str, step: Step | None = None) -> StepLog:
        """Begin a step of the job's list."""
        key, number = self.planned.key, next(self._numbers)
        span = step.span if step else None
        self.settings.emit(
            StepStarted(job_id=key, number=number, name=self.masker.mask(name), span=span, at=self.settings.clock())
        )
        return StepLog(self._log, number)

    def finish_step(self, log: StepLog, result: StepResult, code: int | None = None) -> None:
        """End a step of the job's list."""
        self.settings.emit(
            StepFinished(
                job_id=self.planned.key,
                number=log.number,
                outcome=result.outcome,
                conclusion=result.conclusion,
                at=self.settings.clock(),
                exit_code=code,
                reason=result.reason,
                forgiven=self.may_fail and result.conclusion is Conclusion.FAILURE,
            )
        )

    # ---- expressions

    def scope(
        self,
        frame: Frame | None = None,
        *,
        env: Mapping[str, str] | None = None,
        fields: Mapping[str, Value] | None = None,
        status: Conclusion | None = None,
    ) -> Scope:
        """The contexts and functions of a frame's expressions, by default the job's own.

        `env` is the env context and `fields` is added to the github context. `status` is what success() and failure()
        look at, else the job's.
        """
        frame = frame or self.frame
        cancelled = self.life.cancelled or status is Conclusion.CANCELLED
        job_status = Conclusion.CANCELLED if cancelled else self.frame.status
        contexts: dict[str, Value] = {
            "github": {**self.github, **(frame.fields if fields is None else fields)},
            "env": ExactMapping(self.env if env is None else env),
            "vars": dict(self._variables),
            "secrets": {**self._secrets, "GITHUB_TOKEN": str(self.github["token"])},
            "job": {"status": job_status.value, **self._job},
            "steps": {name: result.context() for name, result in dict(frame.steps).items()},
            "runner": self._runner,
            "strategy": self.planned.strategy,
            "matrix": dict(self.planned.matrix) or None,
            "needs": dict(self._needs),
            "inputs": self.settings.plan.contexts["inputs"] if frame.inputs is None else dict(frame.inputs),
        }
        functions = self._functions(job_status if status is None else status, cancelled=cancelled)
        return Scope(contexts=contexts, functions=functions)

    def _functions(self, status: Conclusion, *, cancelled: bool) -> Mapping[str, Callable[[Sequence[Value]], Value]]:
        return {
            "always": lambda _: True,
            "cancelled": lambda _: cancelled,
            "success": lambda _: status is Conclusion.SUCCESS,
            "failure": lambda _: status is Conclusion.FAILURE,
            "hashFiles": self._hash_files,
        }

    def _hash_files(self, patterns: Sequence[Value]) -> Value:
        script = resources.files("simulator.runner.inside").joinpath("hash_files.py").read_text("utf-8")
        words = [to_text(pattern) for pattern in patterns]
        call = f"hashFiles('{', '.join(words)}')"
        lines: list[str] = []
        argv = (str(LAYOUT.python), "-I", "-c", script, str(self.folder), *words)
        done = self.sandbox.run(
            Command(argv=argv, cwd=self.folder, env=self.sandbox.environment, timeout=HASH_SECONDS), lines.append
        )
        if done.reason == "timed-out":
            raise ExpressionError(f"{call} couldn't finish within {HASH_SECONDS} seconds.")
        if not done.ok:
            reason = done.error or (lines[-1] if lines else None)
            said = f": {reason}" if reason else ""
            raise ExpressionError(f"{call} failed. Fail to hash files under directory '{self.folder}'{said}")
        return "".join(lines)

    def list_files(self, number: int) -> None:
        """Tell what lies in the workspace behind a step, where distributions may be."""
        script = resources.files("simulator.runner.inside").joinpath("list_files.py").read_text("utf-8")
        lines: list[str] = []
        begun = self.settings.clock()
        argv = (str(LAYOUT.python), "-I", "-c", script, str(self.folder))
        done = self.sandbox.run(
            Command(argv=argv, cwd=self.folder, env=self.sandbox.environment, timeout=LISTING_SECONDS), lines.append
        )
        with contextlib.suppress(ValueError):
            told = json.loads("".join(lines)) if done.ok else {}
            files, changed = told.get("files", ()), told.get("changed", {})
            same_clock = begun <= told.get("now", 0) <= self.settings.clock()
            self.settings.emit(
                FilesListed(
                    job_id=self.planned.key,
                    number=number,
                    files=tuple(map(str, files)),
                    changed={path: at if same_clock else None for path, at in changed.items()},
                )
            )

    # ---- variables of a process

    def set_variable(self, name: str, value: str, origin: str) -> None:
        """A variable of all steps from now on."""
        self.env[name] = value
        self._origins[name] = origin

    def origins_of(self, own: Mapping[str, str], fields: Mapping[str, Value]) -> dict[str, str]:
        """Where variables come from, as `StepVariables` has it: the job's, and a step's `own` over them."""
        origins = {**self._origins, **own}
        fixed = {"GITHUB_ACTIONS", *self._fixed(fields)}
        told = {name: f"GitHub, over {origin}" if name in fixed else origin for name, origin in origins.items()}
        if self._paths:
            steps = ", ".join(map(str, sorted(set(self._paths.values()))))
            told["PATH"] = " and ".join(filter(None, (f"GITHUB_PATH in step {steps}", told.get("PATH"))))
        return told

    def add_path(self, folder: str, number: int) -> None:
        """A line of GITHUB_PATH by a step of a number; one that was there already comes to the front."""
        self._paths.pop(folder, None)
        self._paths[folder] = number

    def _fixed(self, fields: Mapping[str, Value]) -> dict[str, str]:
        """The variables that a step cannot change; `fields` as in `scope`."""
        return {
            **github_variables({**self.github, **fields}),
            **runner_variables(self._runner),
            **self.access.run_env,
            "ACTIONS_ORCHESTRATION_ID": f"{self._orchestration}.{self.planned.job.id}.__default",
        }

    def search_path(self, path: str) -> str:
        """PATH with the folders of GITHUB_PATH in front, the last one added first."""
        return ":".join(filter(None, (*reversed(self._paths), path)))

    def process_env(
        self,
        env: Mapping[str, str],
        fields: Mapping[str, Value],
        given: Mapping[str, str],
        services: Mapping[str, str],
        *,
        base: Mapping[str, str] | None = None,
        search: bool = True,
    ) -> dict[str, str]:
        """The whole environment of a step's process, in GitHub's order of precedence (lowest first).

        `env` and `fields` as in `scope`; `given` are the step's own variables (STATE_*, INPUT_*), `services` those of
        the services that an action may use (ACTIONS_*). `base` is what is below all, else the sandbox's own; without
        `search` the folders of GITHUB_PATH are left out.
        """
        name, _, mark = self.tracking.partition("=")
        lowest = {**self.step_host.environment, name: mark} if base is None else base
        own = {**lowest, **env, **given}
        if search:
            own["PATH"] = self.search_path(own.get("PATH", ""))
        variables = {
            **own,
            **self._fixed(fields),
            **services,
            "GITHUB_ACTIONS": "true",
            "CI": own.get("CI", "true"),
        }
        return {name: _final(value) for name, value in variables.items() if name and not _NO_NAME.search(name)}


_NO_NAME: Final = re.compile(r"[=\0]")  # what the name of a variable cannot hold


def _is_on(name: str, *groups: Mapping[str, str]) -> bool:
    """Whether a name is set to true; the first group that has it counts."""
    value = next((group[name] for group in groups if name in group), "")
    return value.strip().lower() == "true"


def _final(value: str) -> str:
    """A value as a process can be given it: up to a NUL, without lone surrogates."""
    return value.partition("\0")[0].encode("utf-8", "replace").decode()


def render_all(texts: Mapping[str, Text], scope: Scope) -> dict[str, str]:
    """A mapping of templates as text. Raises ExpressionError."""
    return {name: render(text.template, scope) for name, text in texts.items()}


def step_ids(steps: Sequence[Step]) -> dict[int, str]:
    """GITHUB_ACTION of each step by its number: its id, or what it runs (`__run`, `__actions_checkout_2`)."""
    taken = {step.id.lower() for step in steps if step.id}
    ids: dict[int, str] = {}
    for step in steps:
        base = step.id or f"__{re.sub(r'[^A-Za-z0-9_-]', '_', _origin(step))}"
        name, count = base, 1
        while step.id is None and name.lower() in taken:
            count += 1
            name = f"{base}_{count}"
        taken.add(name.lower())
        ids[step.number] = name
    return ids


def _origin(step: Step) -> str:
    """What a step without id is called by: `owner/repo`, the name of an image, `self` for a local action, `run`."""
    if step.uses is None:
        return "run"
    uses = step.uses.value
    if uses.startswith(("./", ".\\")):
        return "self"
    return uses.removeprefix("docker://") if uses.startswith("docker://") else "/".join(re.split(r"[/\\@]", uses)[:2])
