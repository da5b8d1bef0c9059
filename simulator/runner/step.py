"""One step: its variables, its condition, its limits, and what its files and commands leave behind.

The same code carries out the steps of a job, those of a composite action, and the pre and post parts of actions; what a
step does is its body's concern (`runner.script`, `runner.action`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final, Literal, NoReturn

from simulator.engines.base import CONTAINER_PLACES, MOST_READ, Command, Exit, NewFile
from simulator.expressions.language import (
    Expression,
    ExpressionError,
    Scope,
    Value,
    evaluate,
    render,
    truthy,
    why_false,
)
from simulator.findings import Finding
from simulator.run_events import Conclusion, FindingRaised
from simulator.runner.declared import SWITCH
from simulator.runner.files import FileCommandError, decode_text, parse_pairs, parse_paths
from simulator.runner.lifetime import StepLife
from simulator.runner.log import StepLog
from simulator.runner.model import StepResult
from simulator.runner.shells import ShellError
from simulator.runner.state import COMMAND_FILES, Frame, JobState, StepHost, render_all
from simulator.runner.values import boolean, minutes
from simulator.workflow.model import Step

Stage = Literal["pre", "main", "post"]
LARGEST_SUMMARY: Final = 1024 * 1024  # bytes; GitHub drops a larger one
BLOCKED: Final = "NODE_OPTIONS"  # no step may set it for those after it
# What the github context calls the command files, and the beginning of their names.
_FILES: Final = {
    "artifacts": "artifacts",
    "artifacts_list": "artifacts_list",
    "env": "set_env",
    "output": "set_output",
    "path": "add_path",
    "state": "save_state",
    "step_summary": "step_summary",
}
_SKIPPED: Final = StepResult(outcome=Conclusion.SKIPPED, conclusion=Conclusion.SKIPPED)
_FAILED: Final = StepResult(outcome=Conclusion.FAILURE, conclusion=Conclusion.FAILURE)
Body = Callable[["StepRun"], Conclusion]


class StepError(Exception):
    """The step cannot run as it is written, or took too long; the text goes to its log and the step fails."""


class StepNotRehearsedError(Exception):
    """The step is passed over: pysim cannot carry it out, or must not, as `finding` says."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class StepCancelled(Exception):  # noqa: N818 - GitHub's word for it, and no error
    """What the step ran was ended because its job is cancelled."""


@dataclass(kw_only=True)
class StepRun:
    """A step under way.

    `overrides` is its own `env:` over that of the steps it is inside of, `fields` what it sets in the github context;
    `error` is why its `env:` could not be evaluated. `outer` is the step whose composite action it belongs to.
    """

    job: JobState
    frame: Frame
    step: Step
    stage: Stage
    condition: Expression
    name: str
    log: StepLog
    overrides: Mapping[str, str]
    fields: dict[str, Value]
    error: ExpressionError | None = None
    outer: StepRun | None = None
    life: StepLife = field(default_factory=StepLife)
    minutes: int = 0  # its time limit; 0 for none
    exit_code: int | None = None

    def __post_init__(self) -> None:
        self.files = {name: COMMAND_FILES / f"{prefix}_{uuid.uuid4()}" for name, prefix in _FILES.items()}
        self.fields.update({name: str(path) for name, path in self.files.items()})
        self.env = {**self.job.env, **self.overrides}
        self.log.unsecure = self.env.get("ACTIONS_ALLOW_UNSECURE_COMMANDS", "").strip().lower() == "true"
        token = self.env.get("ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS", "")
        self.log.any_token = token.strip().lower() in {"1", "true", "$true"}

    @property
    def depth(self) -> int:
        """How many composite actions it is inside of."""
        return 0 if self.outer is None else self.outer.depth + 1

    def scope(self, status: Conclusion | None = None) -> Scope:
        """The scope of its expressions; `status` in the place of what success() and failure() look at."""
        inside = self.outer is not None and self.stage == "main"
        return self.job.scope(
            self.frame, env=self.env, fields=self.fields, status=status or (self.frame.status if inside else None)
        )

    def origins(self) -> dict[str, str]:
        """Where its variables come from, as `StepVariables` has it."""
        own = {name: "the step" if name in self.step.env else "the step around it" for name in self.overrides}
        return self.job.origins_of(own, self.fields)

    # ---- may it run, and how long

    def holds(self) -> bool:
        """Whether its condition holds now. Raises ExpressionError."""
        if self.job.life.check():
            self.log.error(self.job.overdue)
        cancelled = self.job.life.cancelled
        if not truthy(evaluate(self.condition, self.scope())):
            return False
        self.life.outlives = cancelled or self._would_hold()
        return True

    def _would_hold(self) -> bool:
        """GitHub evaluates the condition once more when the job is cancelled while the step runs: what it will give."""
        try:
            return truthy(evaluate(self.condition, self.scope(Conclusion.CANCELLED)))
        except ExpressionError:
            return False

    def start(self) -> None:
        """Set its limit of time: a `timeout-minutes` that cannot be evaluated is told and is none.

        Raises StepCancelled when the job was cancelled meanwhile.
        """
        if self.life.stop.is_set():
            raise StepCancelled
        text, clock = self.step.timeout_minutes, self.job.settings.clock
        if self.outer is not None:
            self.life.deadline = self.outer.life.deadline
        if text is None:
            return
        try:
            self.minutes = minutes(text, self.scope())
        except ExpressionError as error:
            self.log.error("An error occurred when attempting to determine the step timeout.")
            self.log.error(str(error))
        if self.minutes:
            self.life.deadline = clock() + self.minutes * 60

    def forgiven(self) -> bool:
        """Whether the job goes on although the step failed."""
        if self.step.continue_on_error is None:
            return False
        try:
            return boolean(self.step.continue_on_error, self.scope())
        except ExpressionError as error:
            self.log.error(
                "The step failed and an error occurred when attempting to determine whether to continue on error."
            )
            self.log.error(str(error))
            return False

    def pass_over(self, finding: Finding) -> None:
        """Say in the log and in the run that it is not rehearsed; what is in an action has the place of its step."""
        outermost = self
        while outermost.outer is not None:
            outermost = outermost.outer
        self.log.annotate("notice", f"Not rehearsed: {finding.message}")
        told = replace(finding, where=outermost.step.span, unrehearsed=(self.job.planned.key,))
        self.job.settings.emit(FindingRaised(finding=told))

    # ---- its processes

    def command(
        self,
        argv: Sequence[str],
        cwd: PurePosixPath,
        *,
        given: Mapping[str, str] | None = None,
        services: Mapping[str, str] | None = None,
        files: Mapping[PurePosixPath, NewFile] | None = None,
        host: StepHost | None = None,
    ) -> Conclusion:
        """Run a process of this step with its command files and `files`, and take up what it leaves in the former.

        `host` is where it runs, if not where the job's steps do.
        Raises StepCancelled, and StepError when the time is up or the process cannot be started.
        """
        base = None if host is None else host.environment
        env = self.job.process_env(self.env, self.fields, given or {}, services or {}, base=base)
        host = host or self.job.step_host
        if self.job.runner_host is not None:  # what tools print of files are the container's paths
            self.log.container_paths = CONTAINER_PLACES
        own = self.new_files()
        collect = tuple(self.files.values())
        command = Command(argv=tuple(argv), cwd=cwd, env=env, files={**own, **(files or {})}, collect=collect)
        return self.limited(lambda seconds: host.run(replace(command, timeout=seconds), self.log, self.life.stop))

    def new_files(self) -> dict[PurePosixPath, NewFile]:
        """The command files as the process finds them: empty, but for the list of declared artifacts."""
        files = {path: NewFile(content=b"", mode=0o666) for path in self.files.values()}
        if self._declares:
            files[self.files["artifacts_list"]] = NewFile(content=self.job.declared.listing(), mode=0o666)
        return files

    @property
    def _declares(self) -> bool:
        """Whether steps of this job may declare artifacts."""
        return self.env.get(SWITCH, "").strip().lower() in {"1", "true", "$true"}

    def limited(self, work: Callable[[float | None], Exit]) -> Conclusion:
        """Run a process of this step within its limits and the job's, and take up what it leaves in its command files.

        `work` runs it for so many seconds at most. Raises StepCancelled, and StepError as `command` does.
        """
        done, job_ends = self._run(work)
        if done.error is not None:
            raise StepError(done.error)
        self._take_up(done.files)
        self.exit_code = done.code
        if done.reason == "timed-out":
            self._time_is_up(job_ends=job_ends)
        elif done.reason == "cancelled":
            raise StepCancelled
        return Conclusion.SUCCESS if done.ok else Conclusion.FAILURE

    def _run(self, work: Callable[[float | None], Exit]) -> tuple[Exit, bool]:
        """Run within the step's and the job's limits; whether the job's is the one that ends it."""
        seconds, job_ends = self.job.life.seconds_for(self.life)
        if seconds is not None and seconds <= 0:
            return Exit(code=124, reason="timed-out"), job_ends
        return work(seconds), job_ends

    def _time_is_up(self, *, job_ends: bool) -> NoReturn:
        if job_ends:
            if self.job.life.expire():
                self.log.error(self.job.overdue)
            raise StepCancelled
        if self.outer is not None:
            raise StepError("The action has timed out.")
        raise StepError(f"The action '{self.name}' has timed out after {self.minutes} minutes.")

    def _take_up(self, files: Mapping[PurePosixPath, bytes]) -> None:
        for name, value in self.log.env.items():
            self.job.set_variable(name, value, f"set-env in step {self.log.number}")
        for folder in self.log.paths:
            self.job.add_path(folder, self.log.number)
        takers: Mapping[str, Callable[[str], None]] = {
            "env": self._take_variables,
            "output": self._take_outputs,
            "path": self._take_paths,
            "state": lambda text: self.log.state.update(parse_pairs(text)),
            "step_summary": self.log.summary,
            "artifacts": self._take_artifacts,
        }
        for name, take in takers.items():
            content = files.get(self.files[name])
            if not content or (name == "step_summary" and self._too_large(content)):
                continue
            try:
                take(_text_of(content))
            except FileCommandError as error:
                self.log.fail(f"Unable to process file command '{name}' successfully.", str(error))

    def _take_variables(self, text: str) -> None:
        for name, value in parse_pairs(text):
            if name.upper() == BLOCKED:
                self.log.error(f"Can't store {BLOCKED} output parameter using '$GITHUB_ENV' command.")
            else:
                self.job.set_variable(name, value, f"GITHUB_ENV in step {self.log.number}")

    def _take_outputs(self, text: str) -> None:
        for name, value in parse_pairs(text):
            if not name:
                raise FileCommandError("Value cannot be null. (Parameter 'name')")
            self.log.outputs[name] = value

    def _take_paths(self, text: str) -> None:
        for folder in parse_paths(text):
            self.job.add_path(folder, self.log.number)

    def _take_artifacts(self, text: str) -> None:
        if self._declares and (said := self.job.declared.take(text, len(text.encode()))):
            self.log.write(said)

    def _too_large(self, summary: bytes) -> bool:
        """Whether a summary is more than GitHub takes, which is said and does not fail the step."""
        if len(summary) > LARGEST_SUMMARY:
            self.log.error(
                "$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got "
                f"{'more than ' * (len(summary) > MOST_READ)}{len(summary) // 1024}k. For more information see: https://docs.github.com/actions/using-workflows/"
                "workflow-commands-for-github-actions#adding-a-markdown-summary"
            )
        return len(summary) > LARGEST_SUMMARY


def _text_of(content: bytes) -> str:
    if len(content) > MOST_READ:
        raise FileCommandError(f"The file is larger than {MOST_READ >> 20} MiB, the most that pysim reads.")
    return decode_text(content)


# ---- the life of a step


def begin(job: JobState, step: Step) -> StepRun:
    """Begin the next of the job's own steps."""
    return _begin(job, job.frame, step, stage="main", condition=step.condition.expression)


def begin_part(job: JobState, frame: Frame, step: Step, stage: Stage, condition: Expression, name: str) -> StepRun:
    """Begin the pre or post part of an action that a step of `frame` uses, as a step of the job's list."""
    return _begin(job, frame, step, stage=stage, condition=condition, name=name)


def begin_inside(
    outer: StepRun, frame: Frame, step: Step, *, stage: Stage = "main", condition: Expression | None = None
) -> StepRun:
    """Begin a step of the composite action that `outer` uses; what it prints is in the log of `outer`.

    In the pre and post stage it is that part of the action that the step uses, with the part's `condition`.
    """
    return _begin(outer.job, frame, step, stage=stage, condition=condition or step.condition.expression, outer=outer)


def _begin(
    job: JobState,
    frame: Frame,
    step: Step,
    *,
    stage: Stage,
    condition: Expression,
    name: str | None = None,
    outer: StepRun | None = None,
) -> StepRun:
    fields: dict[str, Value] = {**frame.fields, "action_status": frame.status.value}
    if frame is job.frame:
        fields = {"action": job.ids[step.number]}
    overrides, error = _overrides(job, frame, step, fields)
    name = name or display_name(step, job.scope(frame, env={**job.env, **overrides}, fields=fields))
    return StepRun(
        job=job,
        frame=frame,
        step=step,
        stage=stage,
        condition=condition,
        name=name,
        log=outer.log.inner() if outer else job.start_step(name, step),
        overrides=overrides,
        fields=fields,
        error=error,
        outer=outer,
    )


def _overrides(
    job: JobState, frame: Frame, step: Step, fields: Mapping[str, Value]
) -> tuple[Mapping[str, str], ExpressionError | None]:
    """The `env:` of a step over that of the steps around it, and why it could not be evaluated."""
    scope = job.scope(frame, env={**job.env, **frame.overrides}, fields=fields)
    try:
        return {**frame.overrides, **render_all(step.env, scope)}, None
    except ExpressionError as error:
        return frame.overrides, error


def display_name(step: Step, scope: Scope) -> str:
    """What GitHub calls a step: its name, or `Run` and what it runs; as written where that cannot be evaluated."""
    if step.name is None and step.uses is not None:
        return f"Run {step.uses.value.removeprefix('docker://')}"
    text, prefix = (step.run, "Run ") if step.name is None else (step.name, "")
    if text is None:
        return step.control or "run"
    try:
        shown = render(text.template, scope)
    except ExpressionError:
        shown = text.source
    first = next(iter(shown.strip().splitlines()), "")
    return f"{prefix}{first}" if first else "run"


def perform(run: StepRun, body: Body) -> StepResult:
    """Carry out a step as its condition and limits let it. Raises nothing that a workflow's author can get wrong."""
    return judge(run) or conduct(run, body)


def judge(run: StepRun) -> StepResult | None:
    """How a step ends that does not run; None for one that is to run."""
    try:
        if run.error is not None:
            raise run.error
        if not run.holds():
            return replace(_SKIPPED, reason=why_false(run.condition, run.scope()))
    except ExpressionError as error:
        run.log.error(str(error))
        return _FAILED
    return None


def conduct(run: StepRun, body: Body) -> StepResult:
    """Carry out a step that is to run."""
    with run.job.life.step(run.life):
        outcome = _outcome(run, body)
    forgiven = outcome is Conclusion.FAILURE and run.forgiven()
    return StepResult(
        outcome=outcome,
        conclusion=Conclusion.SUCCESS if forgiven else outcome,
        outputs=dict(run.log.outputs),
    )


def _outcome(run: StepRun, body: Body) -> Conclusion:
    try:
        run.start()
        outcome = body(run)
    except (ExpressionError, ShellError, StepError, StepCancelled) as error:
        # What an expression runs in the sandbox, hashFiles, is ended by a cancel as well.
        cancelled = isinstance(error, StepCancelled) or run.life.stop.is_set()
        run.log.error("The operation was canceled." if cancelled else str(error))
        return Conclusion.CANCELLED if cancelled else Conclusion.FAILURE
    except StepNotRehearsedError as passed:
        run.pass_over(passed.finding)
        return Conclusion.SUCCESS
    return Conclusion.FAILURE if outcome is Conclusion.SUCCESS and run.log.failed else outcome
