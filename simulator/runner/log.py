"""A step's log: what it prints, the workflow commands in it, and what they do to the step.

Knows masking and events; the effects on later steps (outputs, state, variables) are read from it by `runner.step`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Final, Literal, get_args

from simulator.run_events import Annotation, EventSink, StepLine, StepSummary
from simulator.runner.commands import WorkflowCommand, parse_command
from simulator.runner.masking import Masker

Level = Literal["text", "debug", "notice", "warning", "error", "group", "endgroup", "command"]
AnnotationLevel = Literal["notice", "warning", "error"]
ANNOTATIONS_PER_LEVEL: Final = 10  # more are printed and not kept (GitHub's limit per step)
LONGEST_MESSAGE: Final = 4096
_RESERVED: Final = ("pause-logging",)  # no token may be called so
_QUIET: Final = frozenset({"debug", "warning", "error", "notice", "add-mask", "group", "endgroup"})


class StepLog:
    """Takes a step's output line by line, from one thread.

    `outputs`, `state`, `env` and `paths` are what commands asked for; `failed` says that one could not be carried out.
    With `unsecure`, the disabled commands `set-env` and `add-path` work. `folder` is the workspace.
    """

    def __init__(
        self, job_id: str, number: int, masker: Masker, emit: EventSink, *, folder: PurePosixPath | None = None
    ) -> None:
        self.number = number
        self.outputs: dict[str, str] = {}
        self.state: dict[str, str] = {}
        self.env: dict[str, str] = {}
        self.paths: list[str] = []
        self.failed = False
        self.unsecure = False
        self._job_id = job_id
        self._masker = masker
        self._emit = emit
        self._folder = folder
        self._line = ""
        self._resume: str | None = None
        self._echo = False
        self._counts: dict[AnnotationLevel, int] = dict.fromkeys(get_args(AnnotationLevel), 0)

    def inner(self) -> StepLog:
        """The log of a step inside this one: the same lines and limits, its own effects."""
        log = StepLog(self._job_id, self.number, self._masker, self._emit, folder=self._folder)
        log._counts = self._counts
        return log

    def __call__(self, line: str) -> None:
        """A line that the step printed."""
        self._line = line
        command = parse_command(line)
        if self._resume is not None:
            if command is not None and command.name == self._resume:
                self._resume = None
            self.write(line)
        elif command is None or command.name not in COMMANDS:
            self.write(line)
        else:
            if self._echo and command.name not in _QUIET:
                self.write(line)
            COMMANDS[command.name](self, command)

    def write(self, line: str, level: Level = "text") -> None:
        """A line of the log as it is shown, masked here."""
        self._emit(StepLine(job_id=self._job_id, number=self.number, line=self._masker.mask(line), level=level))

    def annotate(self, level: AnnotationLevel, message: str, properties: Mapping[str, str] | None = None) -> None:
        """A notice, warning or error of the run: a line of the log and, up to a limit, an annotation."""
        self.write(message, level)
        self._counts[level] += 1
        if self._counts[level] > ANNOTATIONS_PER_LEVEL:
            return
        given = {name: self._masker.mask(value) for name, value in (properties or {}).items()}
        line, column = _place(given)
        self._emit(
            Annotation(
                job_id=self._job_id,
                number=self.number,
                level=level,
                message=self._masker.mask(message)[:LONGEST_MESSAGE],
                title=given.get("title"),
                file=self._relative(given.get("file")),
                line=line,
                column=column,
            )
        )

    def error(self, message: str) -> None:
        """An error that the runner itself raises about this step."""
        self.annotate("error", message)

    def fail(self, *messages: str) -> None:
        """Errors for which the step fails, whatever becomes of what it runs."""
        for message in messages:
            self.error(message)
        self.failed = True

    def summary(self, markdown: str) -> None:
        """What the step adds to the summary of the run; masked line by line."""
        text = "\n".join(map(self._masker.mask, markdown.split("\n")))
        self._emit(StepSummary(job_id=self._job_id, number=self.number, markdown=text))

    def _relative(self, file: str | None) -> str | None:
        """A file of the workspace by its path there."""
        if file is None or self._folder is None or not PurePosixPath(file).is_relative_to(self._folder):
            return file
        return str(PurePosixPath(file).relative_to(self._folder))

    # What each command does; registered in COMMANDS below.

    def _annotation(self, command: WorkflowCommand) -> None:
        levels: dict[str, AnnotationLevel] = {"notice": "notice", "warning": "warning", "error": "error"}
        self.annotate(levels[command.name], command.data, command.properties)

    def _shown(self, command: WorkflowCommand) -> None:
        levels: dict[str, Level] = {"debug": "debug", "group": "group", "endgroup": "endgroup"}
        self.write(command.data, levels[command.name])

    def _mask(self, command: WorkflowCommand) -> None:
        if not command.data.strip():
            self.annotate("warning", "Can't add secret mask for empty string in ##[add-mask] command.")
        else:
            self._masker.add(command.data)

    def _stop(self, command: WorkflowCommand) -> None:
        token = command.data.strip().lower()
        if not token or token in COMMANDS or token in _RESERVED:
            self._refuse(
                "You cannot use a endToken that is an empty string, the string 'pause-logging', or another workflow "
                "command."
            )
            return
        if len(token) > 6:
            self._masker.add(command.data.strip())
        self._resume = token
        self.write(self._line)

    def _set(self, command: WorkflowCommand) -> None:
        self.annotate(
            "warning",
            f"The `{command.name}` command is deprecated and will be disabled soon. Please upgrade to using "
            "Environment Files.",
        )
        if name := self._name_of(command):
            target = self.outputs if command.name == "set-output" else self.state
            target[name] = command.data

    def _set_variable(self, command: WorkflowCommand) -> None:
        if self._allowed(command) and (name := self._name_of(command)):
            self.env[name] = command.data

    def _add_path(self, command: WorkflowCommand) -> None:
        if self._allowed(command) and command.data:
            self.paths.append(command.data)

    def _allowed(self, command: WorkflowCommand) -> bool:
        if not self.unsecure:
            self._refuse(
                f"The `{command.name}` command is disabled. Please upgrade to using Environment Files or opt into "
                "unsecure command execution by setting the `ACTIONS_ALLOW_UNSECURE_COMMANDS` environment variable to "
                "`true`."
            )
        return self.unsecure

    def _name_of(self, command: WorkflowCommand) -> str:
        name = command.properties.get("name", "")
        if not name:
            self._refuse(f"Required field 'name' is missing in ##[{command.name}] command.")
        return name

    def _matcher(self, command: WorkflowCommand) -> None:
        self.write(f"{command.name}: problem matchers are not applied in a rehearsal", "debug")

    def _set_echo(self, command: WorkflowCommand) -> None:
        word = command.data.strip().lower()
        if word not in {"on", "off"}:
            self._refuse(
                f"Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '{command.data}'."
            )
        self._echo = word == "on"

    def _refuse(self, reason: str) -> None:
        self.fail(f"Unable to process command '{self._line}' successfully.", reason)


COMMANDS: Final[Mapping[str, Callable[[StepLog, WorkflowCommand], None]]] = {
    "add-mask": StepLog._mask,
    "add-matcher": StepLog._matcher,
    "add-path": StepLog._add_path,
    "debug": StepLog._shown,
    "echo": StepLog._set_echo,
    "endgroup": StepLog._shown,
    "error": StepLog._annotation,
    "group": StepLog._shown,
    "notice": StepLog._annotation,
    "remove-matcher": StepLog._matcher,
    "save-state": StepLog._set,
    "set-env": StepLog._set_variable,
    "set-output": StepLog._set,
    "stop-commands": StepLog._stop,
    "warning": StepLog._annotation,
}


def _place(properties: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Line and column of an annotation; ranges that make no sense are dropped (ValidateLinesAndColumns)."""
    line, end_line = _number(properties.get("line")), _number(properties.get("endline"))
    column, end_column = _number(properties.get("col")), _number(properties.get("endcolumn"))
    line = end_line if line is None else line
    column = end_column if column is None else column
    if end_line is not None and end_line != line:
        column = None
        line = None if line is None or end_line < line else line
    if column is not None and end_column is not None and end_column < column:
        column = None
    return line, column if line is not None else None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
