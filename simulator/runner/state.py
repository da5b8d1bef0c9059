"""The state of one job while it runs, and the scopes in which its expressions are evaluated.

Owned by the job's thread; `cancel` alone may be called from another one.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import PurePosixPath
from typing import Final

from simulator.engines.base import LAYOUT, Command, Sandbox
from simulator.expressions.language import ExpressionError, Scope, Template, Value, evaluate_template, render, to_text
from simulator.planning.model import PlannedJob
from simulator.run_events import Conclusion, StepStarted
from simulator.runner.contexts import github_variables, runner_context, runner_variables, strategy_context
from simulator.runner.log import StepLog
from simulator.runner.masking import Masker
from simulator.runner.model import RunSettings, StepResult
from simulator.twins.base import JobAccess
from simulator.workflow.model import Job, Step, Text

COMMAND_FILES: Final = LAYOUT.temp / "_runner_file_commands"


@dataclass(kw_only=True, slots=True)
class Frame:
    """Where a list of steps runs: a job, or one use of a composite action within it.

    `status` is what success() and failure() look at; `fields` are what the action sets in the github context.
    """

    steps: dict[str, StepResult] = field(default_factory=dict)
    status: Conclusion = Conclusion.SUCCESS
    inputs: Mapping[str, Value] | None = None  # a composite's own; the run's when None
    fields: Mapping[str, Value] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)  # of the step that uses the composite
    ids: Mapping[int, str] = field(default_factory=dict)  # step number -> GITHUB_ACTION


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
    ) -> None:
        self.settings = settings
        self.planned = planned
        self.access = access
        self.masker = masker
        self.github = dict(github)
        self.folder = PurePosixPath(str(github["workspace"]))
        self.runner = runner_context(self.folder)
        self.env: dict[str, str] = {}
        self.paths: list[str] = []
        self.frame = Frame(ids=step_ids(planned.job.steps))
        self.cancelled = threading.Event()
        self.deadline = float("inf")
        self._needs = needs
        self._sandbox: Sandbox | None = None
        self._numbers = 0
        self._variables: Mapping[str, str] = settings.variables
        self._secrets: Mapping[str, str] = settings.secrets

    @property
    def job(self) -> Job:
        """The job as the file has it."""
        return self.planned.job

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox, once it is open."""
        assert self._sandbox is not None
        return self._sandbox

    def enter(self, sandbox: Sandbox) -> None:
        """The job's sandbox is open."""
        self._sandbox = sandbox

    def admit(self, variables: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        """The environment let the job in: its variables and secrets count from now on."""
        self._variables = {**self._variables, **variables}
        self._secrets = {**self._secrets, **secrets}

    def cancel(self) -> None:
        """End what runs; steps with always() still follow."""
        self.cancelled.set()
        if self._sandbox is not None:
            self._sandbox.cancel()

    @property
    def status(self) -> Conclusion:
        """The job's status so far."""
        return Conclusion.CANCELLED if self.cancelled.is_set() else self.frame.status

    def start_step(self, name: str, step: Step | None) -> tuple[int, StepLog]:
        """Begin a step in the log."""
        self._numbers += 1
        span = step.span if step else None
        key, number = self.planned.key, self._numbers
        self.settings.emit(
            StepStarted(job_id=key, number=number, name=self.masker.mask(name), span=span, at=self.settings.clock())
        )
        return number, StepLog(key, number, self.masker, self.settings.emit)

    def remaining(self) -> float:
        """Seconds until the job's time is up."""
        return self.deadline - self.settings.clock()

    # ---- expressions

    def scope(self, frame: Frame, env: Mapping[str, str] | None = None) -> Scope:
        """The contexts and functions of a step's expressions."""
        inputs = self.settings.plan.event.inputs if frame.inputs is None else frame.inputs
        contexts: dict[str, Value] = {
            "github": {**self.github, **frame.fields},
            "env": dict(self.step_env(frame) if env is None else env),
            "vars": dict(self._variables),
            "secrets": {**self._secrets, "GITHUB_TOKEN": str(self.github["token"])},
            "job": {"status": self.status.value},
            "steps": {name: result.context() for name, result in frame.steps.items()},
            "runner": self.runner,
            "strategy": strategy_context(self.planned),
            "matrix": dict(self.planned.matrix),
            "needs": dict(self._needs),
            "inputs": dict(inputs),
        }
        return Scope(contexts=contexts, functions=self._functions(frame))

    def _functions(self, frame: Frame) -> dict[str, Callable[[Sequence[Value]], Value]]:
        cancelled = self.cancelled.is_set()
        return {
            "always": lambda _: True,
            "cancelled": lambda _: cancelled,
            "success": lambda _: not cancelled and frame.status is Conclusion.SUCCESS,
            "failure": lambda _: not cancelled and frame.status is Conclusion.FAILURE,
            "hashfiles": self._hash_files,
        }

    def _hash_files(self, patterns: Sequence[Value]) -> Value:
        script = resources.files("simulator.runner.inside").joinpath("hash_files.py").read_text("utf-8")
        lines: list[str] = []
        argv = (str(LAYOUT.python), "-I", "-c", script, str(self.folder), *map(to_text, patterns))
        done = self.sandbox.run(
            Command(argv=argv, cwd=self.folder, env=self.sandbox.environment, timeout=120), lines.append
        )
        if not done.ok:
            raise ExpressionError(f"hashFiles({', '.join(map(to_text, patterns))}) failed: {lines[-1:]}")
        return "".join(lines)

    def render_all(self, texts: Mapping[str, Text], scope: Scope) -> dict[str, str]:
        """A mapping of templates as text."""
        return {name: render(text.template, scope) for name, text in texts.items()}

    def step_env(self, frame: Frame) -> dict[str, str]:
        """The env context before a step's own `env:`."""
        return {**self.env, **frame.env}

    # ---- variables of a process

    def process_env(self, frame: Frame, env: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of a step's process, in GitHub's order of precedence (lowest first)."""
        base = {**self.sandbox.environment, **env}
        base["PATH"] = self.search_path(base.get("PATH", ""))
        runner = {k: v for k, v in extra.items() if k.startswith(("INPUT_", "STATE_"))}
        fixed = {k: v for k, v in extra.items() if k not in runner}
        github = github_variables({**self.github, **frame.fields})
        return {
            **base,
            **runner,
            **github,
            **runner_variables(self.runner),
            **self.access.run_env,
            **fixed,
            "GITHUB_ACTIONS": "true",
            "CI": env.get("CI", "true"),
        }

    def search_path(self, path: str) -> str:
        """PATH with the folders of GITHUB_PATH in front, the last one added first."""
        added = list(dict.fromkeys(reversed(self.paths)))
        return ":".join((*added, path)) if path else ":".join(added)


def typed(template: Template, scope: Scope) -> Value:
    """A template's value, with the type of its expression when it is nothing else."""
    return evaluate_template(template, scope)


def step_ids(steps: Sequence[Step]) -> dict[int, str]:
    """GITHUB_ACTION of every step: its id, or one made from what it runs (`__run`, `__actions_checkout_2`)."""
    ids: dict[int, str] = {}
    seen: dict[str, int] = {}
    for step in steps:
        if step.id:
            ids[step.number] = step.id
            continue
        reference = step.uses.value.partition("@")[0] if step.uses else "run"
        name = "self" if reference == "./" else re.sub(r"[^A-Za-z0-9_-]", "_", reference.lstrip("./"))
        seen[name] = seen.get(name, 0) + 1
        ids[step.number] = f"__{name}" if seen[name] == 1 else f"__{name}_{seen[name]}"
    return ids
