"""A step's log: what it prints, the workflow commands in it, and what they do to the step.

Knows masking and events; the effects on later steps (outputs, state, variables) are read from it by `runner.step`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, get_args

from simulator.run_events import Annotation, EventSink, StepLine
from simulator.runner.commands import WorkflowCommand, parse_command
from simulator.runner.masking import Masker

Level = Literal["text", "debug", "notice", "warning", "error", "group", "endgroup", "command"]
AnnotationLevel = Literal["notice", "warning", "error"]
ANNOTATIONS_PER_LEVEL: Final = 10  # more are printed and not kept (GitHub's limit per step)
LONGEST_MESSAGE: Final = 4096
_RESERVED: Final = ("pause-logging",)  # no token may be called so
_QUIET: Final = frozenset({"debug", "warning", "error", "notice", "add-mask", "group", "endgroup"})


class StepLog:
    """Takes a step's output line by line, from one thread."""

    def __init__(self, job_id: str, number: int, masker: Masker, emit: EventSink) -> None:
        self.outputs: dict[str, str] = {}
        self.state: dict[str, str] = {}
        self.failed = False
        self._job_id = job_id
        self._number = number
        self._masker = masker
        self._emit = emit
        self._resume: str | None = None
        self._echo = False
        self._counts: dict[AnnotationLevel, int] = dict.fromkeys(get_args(AnnotationLevel), 0)

    def __call__(self, line: str) -> None:
        """A line that the step printed."""
        command = parse_command(line)
        if self._resume is not None:
            if command is not None and command.name == self._resume:
                self._resume = None
            else:
                self.write(line)
        elif command is None or command.name not in COMMANDS:
            self.write(line)
        else:
            if self._echo and command.name not in _QUIET:
                self.write(line)
            COMMANDS[command.name](self, command)

    def write(self, line: str, level: Level = "text") -> None:
        """A line of the log as it is shown, masked here."""
        self._emit(StepLine(job_id=self._job_id, number=self._number, line=self._masker.mask(line), level=level))

    def annotate(self, level: AnnotationLevel, message: str, properties: Mapping[str, str] | None = None) -> None:
        """A notice, warning or error of the run: a line of the log and, up to a limit, an annotation."""
        self.write(message, level)
        self._counts[level] += 1
        if self._counts[level] > ANNOTATIONS_PER_LEVEL:
            return
        given = properties or {}
        self._emit(
            Annotation(
                job_id=self._job_id,
                number=self._number,
                level=level,
                message=self._masker.mask(message)[:LONGEST_MESSAGE],
                title=given.get("title"),
                file=given.get("file"),
                line=_number(given.get("line")),
                column=_number(given.get("col")),
            )
        )

    def error(self, message: str) -> None:
        """An error that the runner itself raises about this step."""
        self.annotate("error", message)

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
            self._refuse(command, "Invalid token: it must not be empty or the name of a command")
            return
        if len(token) > 6:
            self._masker.add(command.data.strip())
        self._resume = token

    def _set(self, command: WorkflowCommand) -> None:
        self.annotate(
            "warning",
            f"The `{command.name}` command is deprecated and will be disabled soon. Please upgrade to using "
            "Environment Files.",
        )
        name = command.properties.get("name", "")
        if not name:
            self._refuse(command, "Required field 'name' is missing")
            return
        target = self.outputs if command.name == "set-output" else self.state
        target[name] = command.data

    def _disabled(self, command: WorkflowCommand) -> None:
        self._refuse(command, f"The `{command.name}` command is disabled. Please upgrade to using Environment Files.")

    def _matcher(self, command: WorkflowCommand) -> None:
        self.write(f"{command.name}: problem matchers are not applied in a rehearsal", "debug")

    def _set_echo(self, command: WorkflowCommand) -> None:
        self._echo = command.data.strip().lower() == "on"

    def _refuse(self, command: WorkflowCommand, reason: str) -> None:
        self.error(f"Unable to process command '::{command.name}::{command.data}' successfully. {reason}")
        self.failed = True


COMMANDS: Final[Mapping[str, Callable[[StepLog, WorkflowCommand], None]]] = {
    "add-mask": StepLog._mask,
    "add-matcher": StepLog._matcher,
    "add-path": StepLog._disabled,
    "debug": StepLog._shown,
    "echo": StepLog._set_echo,
    "endgroup": StepLog._shown,
    "error": StepLog._annotation,
    "group": StepLog._shown,
    "notice": StepLog._annotation,
    "remove-matcher": StepLog._matcher,
    "save-state": StepLog._set,
    "set-env": StepLog._disabled,
    "set-output": StepLog._set,
    "stop-commands": StepLog._stop,
    "warning": StepLog._annotation,
}


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
