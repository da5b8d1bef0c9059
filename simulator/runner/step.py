"""One step: its condition, its variables, what it runs, and what its files and commands leave behind.

The same code carries out the steps of a job and those of a composite action.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from simulator.engines.base import LAYOUT, Command, Exit
from simulator.expressions.language import ExpressionError, Scope, evaluate, render, to_number, truthy
from simulator.run_events import Conclusion, StepFinished, StepSummary
from simulator.runner.files import FileCommandError, parse_pairs, parse_paths
from simulator.runner.log import StepLog
from simulator.runner.model import StepResult
from simulator.runner.shells import Shell, ShellError, find_shell
from simulator.runner.state import COMMAND_FILES, Frame, JobState, typed
from simulator.workflow.model import Step

LARGEST_SUMMARY: Final = 1024 * 1024  # bytes; GitHub drops a larger one
_FILES: Final = {
    "GITHUB_ENV": "set_env",
    "GITHUB_OUTPUT": "set_output",
    "GITHUB_PATH": "add_path",
    "GITHUB_STATE": "save_state",
    "GITHUB_STEP_SUMMARY": "step_summary",
}
Body = Callable[["StepRun"], bool]


class StepError(Exception):
    """The step cannot run as it is written; the text goes to its log and the step fails."""


@dataclass(kw_only=True)
class StepRun:
    """A step under way: where it runs, its log, its own env, and its limit in seconds."""

    job: JobState
    frame: Frame
    step: Step
    number: int
    log: StepLog
    env: Mapping[str, str]
    timeout: float | None
    exit_code: int | None = None

    def scope(self) -> Scope:
        """The scope of this step's expressions, its own env included."""
        return self.job.scope(self.frame, self.env)

    def command(self, argv: Sequence[str], cwd: PurePosixPath, extra: Mapping[str, str]) -> Exit:
        """Run a process of this step with its command files, and take up what it leaves in them."""
        stamp = uuid.uuid4().hex
        files = {variable: COMMAND_FILES / f"{name}_{stamp}" for variable, name in _FILES.items()}
        for path in files.values():
            self.job.sandbox.write(path, b"", mode=0o666)
        env = self.job.process_env(self.frame, self.env, {**extra, **{k: str(v) for k, v in files.items()}})
        limits = [limit for limit in (self.timeout, self.job.remaining()) if limit is not None]
        limit = min(limits)
        done = self.job.sandbox.run(
            Command(argv=tuple(argv), cwd=cwd, env=env, timeout=None if limit == float("inf") else max(limit, 0.01)),
            self.log,
        )
        self._take_up(files)
        return done

    def ended(self, done: Exit) -> bool:
        """Whether a process succeeded; says in the log why it did not."""
        self.exit_code = done.code
        if done.reason == "timed-out":
            if self.job.remaining() <= 0:
                self.log.error("The job has exceeded its maximum execution time")
                self.job.cancelled.set()
            else:
                minutes = (self.timeout or 0) / 60
                self.log.error(f"The action has timed out after {minutes:g} minutes.")
        elif done.reason == "cancelled":
            self.log.error("The operation was canceled.")
        elif done.code != 0:
            self.log.error(f"Process completed with exit code {done.code}.")
        return done.ok

    def _take_up(self, files: Mapping[str, PurePosixPath]) -> None:
        takers = {
            "GITHUB_ENV": self._variables,
            "GITHUB_OUTPUT": lambda text: self.log.outputs.update(parse_pairs(text)),
            "GITHUB_STATE": lambda text: self.log.state.update(parse_pairs(text)),
            "GITHUB_PATH": lambda text: self.job.paths.extend(parse_paths(text)),
            "GITHUB_STEP_SUMMARY": self._summary,
        }
        for variable, take in takers.items():
            try:
                text = self.job.sandbox.read(files[variable]).decode(errors="replace")
            except FileNotFoundError:
                continue
            try:
                take(text)
            except FileCommandError as error:
                self.log.error(f"Unable to process file command '{variable[7:].lower()}' successfully.")
                self.log.error(str(error))
                self.log.failed = True

    def _variables(self, text: str) -> None:
        for name, value in parse_pairs(text).items():
            if name.upper() == "NODE_OPTIONS":
                self.log.error("Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.")
            else:
                self.job.env[name] = value

    def _summary(self, text: str) -> None:
        size = len(text.encode())
        if size > LARGEST_SUMMARY:
            self.log.error(
                f"$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got {size // 1024}k"
            )
        elif text:
            markdown = "\n".join(map(self.job.masker.mask, text.split("\n")))
            self.job.settings.emit(StepSummary(job_id=self.job.planned.key, number=self.number, markdown=markdown))


def perform(job: JobState, frame: Frame, step: Step, number: int, log: StepLog, body: Body) -> StepResult:
    """Carry out a step whose condition holds. Never raises for what a workflow's author can get wrong."""
    run: StepRun | None = None
    forgiven = False
    try:
        run = _prepare(job, frame, step, number, log)
        succeeded = body(run) and not log.failed
    except (ExpressionError, ShellError, StepError) as error:
        log.error(str(error))
        succeeded = False
    outcome = Conclusion.SUCCESS if succeeded else Conclusion.FAILURE
    if not succeeded and job.cancelled.is_set():
        outcome = Conclusion.CANCELLED
    if outcome is Conclusion.FAILURE:
        forgiven = _forgiven(job, frame, step, log)
    conclusion = Conclusion.SUCCESS if forgiven else outcome
    return StepResult(outcome=outcome, conclusion=conclusion, outputs=dict(log.outputs))


def _prepare(job: JobState, frame: Frame, step: Step, number: int, log: StepLog) -> StepRun:
    outer = job.step_env(frame)
    env = {**outer, **job.render_all(step.env, job.scope(frame, outer))}
    timeout: float | None = None
    if step.timeout_minutes is not None:
        minutes = to_number(typed(step.timeout_minutes.template, job.scope(frame, env)))
        timeout = minutes * 60 if minutes > 0 else None
    return StepRun(job=job, frame=frame, step=step, number=number, log=log, env=env, timeout=timeout)


def _forgiven(job: JobState, frame: Frame, step: Step, log: StepLog) -> bool:
    if step.continue_on_error is None:
        return False
    try:
        return truthy(typed(step.continue_on_error.template, job.scope(frame)))
    except ExpressionError as error:
        log.error(str(error))
        return False


def run_script(run: StepRun) -> bool:
    """A `run:` step."""
    job, step, scope = run.job, run.step, run.scope()
    assert step.run is not None
    text = render(step.run.template, scope)
    shell = _shell(run, scope)
    folder = _folder(run, scope, shell)
    path = LAYOUT.temp / f"{uuid.uuid4()}{shell.extension}"
    job.sandbox.write(path, shell.script(text).encode(), mode=0o755)
    _header(run, text, shell)
    return run.ended(run.command(shell.argv(str(path)), folder, {"GITHUB_ACTION": run.frame.ids[step.number]}))


def _shell(run: StepRun, scope: Scope) -> Shell:
    job, step = run.job, run.step
    defaults = (job.job.defaults, job.settings.plan.workflow.defaults) if run.frame is job.frame else ()
    given = (step.shell, *(default.shell for default in defaults))
    name = next((render(text.template, scope) for text in given if text is not None), None)
    search = job.search_path({**job.sandbox.environment, **run.env}.get("PATH", ""))
    return find_shell(name or None, lambda program: job.sandbox.which(program, search))


def _folder(run: StepRun, scope: Scope, shell: Shell) -> PurePosixPath:
    job, step = run.job, run.step
    defaults = (job.job.defaults, job.settings.plan.workflow.defaults) if run.frame is job.frame else ()
    given = (step.working_directory, *(default.working_directory for default in defaults))
    folder = next((render(text.template, scope) for text in given if text is not None), "")
    path = job.folder / folder
    found = job.sandbox.run(
        Command(argv=("test", "-d", str(path)), cwd=LAYOUT.work, env=job.sandbox.environment), lambda _: None
    )
    if not found.ok:
        raise StepError(
            f"An error occurred trying to start process '{shell.program}' with working directory '{path}'. "
            "No such file or directory"
        )
    return path


def _header(run: StepRun, text: str, shell: Shell) -> None:
    log = run.log
    lines = text.strip("\n").split("\n")
    log.write(f"Run {lines[0]}", "group")
    for line in lines:
        log.write(line, "command")
    log.write(f"shell: {shell.display}")
    if run.env:
        log.write("env:")
        for name, value in run.env.items():
            log.write(f"  {name}: {value}")
    log.write("", "endgroup")


def condition_holds(job: JobState, frame: Frame, step: Step) -> bool:
    """Whether a step's `if:` holds now. Raises ExpressionError."""
    return truthy(evaluate(step.condition.expression, job.scope(frame)))


def finish(job: JobState, frame: Frame, step: Step | None, number: int, run: StepResult, code: int | None) -> None:
    """Book a step's result: the steps context, the status, the event."""
    if step is not None and step.id:
        frame.steps[step.id] = run
    if run.conclusion is Conclusion.FAILURE:
        frame.status = Conclusion.FAILURE
    job.settings.emit(
        StepFinished(
            job_id=job.planned.key,
            number=number,
            outcome=run.outcome,
            conclusion=run.conclusion,
            at=job.settings.clock(),
            exit_code=code,
        )
    )
