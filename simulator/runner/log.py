"""A step's log: what it prints, the workflow commands in it, and what they do to the step.

Knows masking, problem matchers and events; the effects on later steps (outputs, state, variables) are read from it by
`runner.step`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal, get_args

from simulator.run_events import Annotation, EventSink, StepLine, StepSummary, StepVariables
from simulator.runner.commands import WorkflowCommand, parse_command
from simulator.runner.masking import Masker
from simulator.runner.matchers import MatcherError, Matchers, Problem, Scanner, owners_of, parse_matchers, whole_number

Level = Literal["text", "debug", "notice", "warning", "error", "group", "endgroup", "command"]
AnnotationLevel = Literal["notice", "warning", "error"]
ANNOTATIONS_PER_LEVEL: Final = 10  # more are printed and not kept (GitHub's limit per step)
LONGEST_MESSAGE: Final = 4096
_LEVELS: Final[Mapping[str, AnnotationLevel]] = {level: level for level in get_args(AnnotationLevel)}
_SHOWN: Final = 6  # a token of stop-commands that is longer is masked
_QUIET: Final = frozenset({"debug", "warning", "error", "notice", "add-mask"})  # never echoed
_BLOCKED: Final = "NODE_OPTIONS"  # no step may set it for those after it


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceLocation:
    """Where an annotation points to; `column` and `end_column` count within one line."""

    file: str | None = None
    line: int | None = None
    end_line: int | None = None
    column: int | None = None
    end_column: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class JobLog:
    """What the logs of a job's steps share.

    `folder` is the workspace. With `debug`, debug messages are shown and commands are echoed from the start. `quote`
    gives a line of a file of the rehearsed commit.
    """

    job_id: str
    masker: Masker
    emit: EventSink
    folder: PurePosixPath | None = None
    matchers: Matchers | None = None
    debug: bool = False
    quote: Callable[[str, int], str | None] = lambda _file, _line: None


class StepLog:
    """Takes a step's output line by line, from one thread.

    `outputs`, `state`, `env` and `paths` are what commands asked for; `failed` says that one could not be carried out.
    With `unsecure`, the disabled commands `set-env` and `add-path` work; with `any_token` every word stops commands.
    `container_paths` are the folders of the sandbox that the step knows by other names, by these names.
    """

    def __init__(self, job: JobLog, number: int) -> None:
        self.number = number
        self.outputs: dict[str, str] = {}
        self.state: dict[str, str] = {}
        self.env: dict[str, str] = {}
        self.paths: list[str] = []
        self.failed = False
        self.unsecure = False
        self.any_token = False
        self.container_paths: Mapping[PurePosixPath, PurePosixPath] = {}
        self._job = job
        self._scanner = Scanner(job.matchers, self._note) if job.matchers else None
        self._line = ""
        self._resume: str | None = None
        self._echo = job.debug
        self._counts: dict[AnnotationLevel, int] = dict.fromkeys(get_args(AnnotationLevel), 0)

    def inner(self) -> StepLog:
        """The log of a step inside this one: the same lines and limits, its own effects."""
        log = StepLog(self._job, self.number)
        log._counts, log._echo = self._counts, self._echo
        return log

    def __call__(self, line: str) -> None:
        """A line that the step printed."""
        self._line = line
        if ("::" in line or "##[" in line) and self._carry_out(line):
            return
        found = self._scanner.scan(line) if self._scanner else None
        if found is None:
            self.write(line)
        else:
            self._problem(*found)

    def _carry_out(self, line: str) -> bool:
        """Carry out the command in a line; whether there is one that counts now."""
        if self._resume is not None:
            resumes = parse_command(line, {self._resume.lower()}) is not None
            if resumes:
                self._resume = None
                self.write(line)
                self.debug("Resume processing commands")
            return resumes
        command = parse_command(line, COMMANDS)
        if command is None:
            return False
        if self._echo and command.name not in _QUIET and command.name != "stop-commands":
            self.write(line)
        COMMANDS[command.name](self, command)
        return True

    def write(self, line: str, level: Level = "text") -> None:
        """A line of the log as it is shown, masked here."""
        masked = self._job.masker.mask(line)
        self._job.emit(StepLine(job_id=self._job.job_id, number=self.number, line=masked, level=level))

    def debug(self, message: str) -> None:
        """A message that is shown only where the step is debugged."""
        if self._job.debug:
            for line in message.replace("\r\n", "\n").split("\n"):
                self.write(line, "debug")

    def variables(self, origins: Mapping[str, str]) -> None:
        """Where the step's variables come from, by name; told in the log, too, where the step is debugged."""
        for name, origin in origins.items():
            self.debug(f"{name}: from {origin}")
        if origins:
            told = {self._job.masker.mask(name): origin for name, origin in origins.items()}
            self._job.emit(StepVariables(job_id=self._job.job_id, number=self.number, origins=told))

    def annotate(
        self,
        level: AnnotationLevel,
        message: str,
        *,
        title: str | None = None,
        location: SourceLocation | None = None,
        shown: str | None = None,
    ) -> None:
        """A notice, warning or error of the run: a line of the log (`shown`) and, up to a limit, an annotation."""
        location = location or SourceLocation()
        message = self._job.masker.mask(message)[:LONGEST_MESSAGE]
        if shown or message:
            self.write(shown or message, level)
        self._counts[level] += 1
        if self._counts[level] > ANNOTATIONS_PER_LEVEL:
            return
        file, line, mask = location.file, location.line, self._job.masker.mask
        source = self._job.quote(file, line) if file and line else None
        self._job.emit(
            Annotation(
                job_id=self._job.job_id,
                number=self.number,
                level=level,
                message=message,
                title=title and mask(title),
                file=file and mask(file),
                line=line,
                column=location.column,
                end_line=location.end_line,
                end_column=location.end_column,
                source=source and mask(source),
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
        text = "\n".join(map(self._job.masker.mask, re.split(r"\r\n|[\r\n]", markdown)))
        self._job.emit(StepSummary(job_id=self._job.job_id, number=self.number, markdown=text))

    def _note(self, level: Literal["debug", "warning"], message: str) -> None:
        if level == "debug":
            self.debug(message)
        else:
            self.annotate(level, message)

    def _problem(self, line: str, problem: Problem) -> None:
        """A line that a problem matcher knows; its file counts if it lies in the checkout of the repository.

        It is looked up for an annotation that is kept: a linter may have thousands.
        """
        file = None
        kept = self._counts[problem.severity] < ANNOTATIONS_PER_LEVEL
        if kept and problem.file is not None and self._job.matchers is not None:
            from_path = problem.from_path and self._here(problem.from_path)
            file = self._job.matchers.repository_path(self._here(problem.file), from_path, self._note)
        location = SourceLocation(file=file, line=problem.line, column=problem.column)
        self.annotate(problem.severity, problem.message, location=location, shown=line)

    def _relative(self, file: str | None) -> str | None:
        """A file of the workspace by its path there."""
        file = file and self._here(file)
        if file is None or self._job.folder is None or not file.startswith("/"):
            return file
        path = PurePosixPath(posixpath.normpath(file))
        return str(path.relative_to(self._job.folder)) if path.is_relative_to(self._job.folder) else file

    def _here(self, path: str) -> str:
        """A path as the sandbox has it, of one that a container may know by another name."""
        for inside, folder in self.container_paths.items():
            if path == str(inside) or path.startswith(f"{inside}/"):
                return f"{folder}{path[len(str(inside)) :]}"
        return path

    # What each command does; registered in COMMANDS below.

    def _annotation(self, command: WorkflowCommand) -> None:
        location = location_of(self._relative(command.properties.get("file")), command.properties)
        self.annotate(_LEVELS[command.name], command.data, title=command.properties.get("title"), location=location)

    def _debug_message(self, command: WorkflowCommand) -> None:
        self.debug(command.data)

    def _group(self, command: WorkflowCommand) -> None:
        self.write(command.data, "group")

    def _end_group(self, _: WorkflowCommand) -> None:
        self.write("", "endgroup")

    def _mask(self, command: WorkflowCommand) -> None:
        if not command.data.strip():
            self.annotate("warning", "Can't add secret mask for empty string in ##[add-mask] command.")
            return
        if self._echo:
            self.write("::add-mask::***")
        self._job.masker.add(command.data)

    def _stop(self, command: WorkflowCommand) -> None:
        token = command.data
        if not self.any_token and token.lower() in {"", "pause-logging", *COMMANDS}:
            self._refuse(
                "You cannot use a endToken that is an empty string, the string 'pause-logging', or another workflow "
                "command. For more information see: https://docs.github.com/actions/learn-github-actions/"
                "workflow-commands-for-github-actions#example-stopping-and-starting-workflow-commands or opt into "
                "insecure command execution by setting the `ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS` environment "
                "variable to `true`."
            )
            return
        if len(token) > _SHOWN:
            self._job.masker.add(token)
        self._resume = token
        self.write(self._line)

    def _set(self, command: WorkflowCommand) -> None:
        self.annotate(
            "warning",
            f"The `{command.name}` command is deprecated and will be disabled soon. Please upgrade to using "
            "Environment Files. For more information see: https://github.blog/changelog/"
            "2022-10-11-github-actions-deprecating-save-state-and-set-output-commands/",
        )
        if name := self._name_of(command):
            target = self.outputs if command.name == "set-output" else self.state
            target[name] = command.data

    def _set_variable(self, command: WorkflowCommand) -> None:
        if not self._allowed(command) or not (name := self._name_of(command)):
            return
        if name.upper() == _BLOCKED:
            self.error(f"Can't update {_BLOCKED} environment variable using ::set-env:: command.")
        else:
            self.env[name] = command.data

    def _add_path(self, command: WorkflowCommand) -> None:
        if not self._allowed(command):
            return
        if command.data:
            self.paths.append(command.data)
        else:
            self._refuse("Value cannot be null. (Parameter 'path')")

    def _allowed(self, command: WorkflowCommand) -> bool:
        if not self.unsecure:
            self._refuse(
                f"The `{command.name}` command is disabled. Please upgrade to using Environment Files or opt into "
                "unsecure command execution by setting the `ACTIONS_ALLOW_UNSECURE_COMMANDS` environment variable to "
                "`true`. For more information see: https://github.blog/changelog/"
                "2020-10-01-github-actions-deprecating-set-env-and-add-path-commands/"
            )
        return self.unsecure

    def _name_of(self, command: WorkflowCommand) -> str:
        name = command.properties.get("name", "")
        if not name:
            self._refuse(f"Required field 'name' is missing in ##[{command.name}] command.")
        return name

    def _add_matcher(self, command: WorkflowCommand) -> None:
        if not command.data:
            self.annotate("warning", "File path must be specified.")
            return
        if self._job.matchers is None or self._scanner is None:
            return
        try:
            configs = parse_matchers(self._job.matchers.file(self._here(command.data)), self._note)
        except MatcherError as error:
            self._refuse(str(error))
            return
        self._scanner.add(configs)
        owners = ", ".join(f"'{config.owner}'" for config in configs)
        self.debug(
            f"Added matchers: {owners}. Problem matchers scan action output for known warning or error strings and "
            "report these inline."
        )

    def _remove_matcher(self, command: WorkflowCommand) -> None:
        owner, file = command.properties.get("owner"), command.data
        if owner and file:
            self.annotate(
                "warning",
                "Either specify an owner name or a file path in ##[remove-matcher] command. Both values cannot be set.",
            )
        elif not owner and not file:
            self.annotate(
                "warning", "Either an owner name or a file path must be specified in ##[remove-matcher] command."
            )
        elif self._job.matchers is not None and self._scanner is not None:
            try:
                owners = (owner,) if owner else owners_of(self._job.matchers.file(self._here(file)))
            except MatcherError as error:
                self._refuse(str(error))
                return
            self._scanner.remove(owners)

    def _set_echo(self, command: WorkflowCommand) -> None:
        word = command.data.strip().lower()
        if not command.data:
            self._refuse("Value cannot be null. (Parameter 'value')")
        elif word not in {"on", "off"}:
            self._refuse(
                f"Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '{command.data}'."
            )
        else:
            self._echo = word == "on"
            self.debug(f"Setting echo command value to '{word}'")

    def _refuse(self, reason: str) -> None:
        self.fail(f"Unable to process command '{self._line}' successfully.", reason)


COMMANDS: Final[Mapping[str, Callable[[StepLog, WorkflowCommand], None]]] = {
    "add-mask": StepLog._mask,
    "add-matcher": StepLog._add_matcher,
    "add-path": StepLog._add_path,
    "debug": StepLog._debug_message,
    "echo": StepLog._set_echo,
    "endgroup": StepLog._end_group,
    "error": StepLog._annotation,
    "group": StepLog._group,
    "notice": StepLog._annotation,
    "remove-matcher": StepLog._remove_matcher,
    "save-state": StepLog._set,
    "set-env": StepLog._set_variable,
    "set-output": StepLog._set,
    "stop-commands": StepLog._stop,
    "warning": StepLog._annotation,
}


def location_of(file: str | None, properties: Mapping[str, str]) -> SourceLocation:
    """Where an annotation points to; ranges that make no sense are dropped (ValidateLinesAndColumns)."""
    line, end_line, column, end_column = (
        whole_number(properties.get(name, "").strip()) for name in ("line", "endline", "col", "endcolumn")
    )
    line = end_line if line is None else line
    column = end_column if column is None else column
    one_line = line is not None and end_line in {None, line}
    if not one_line or (column is not None and end_column is not None and end_column < column):
        column = end_column = None
    if line is not None and end_line is not None and end_line < line:
        line = end_line = None
    return SourceLocation(file=file, line=line, end_line=end_line, column=column, end_column=end_column)
