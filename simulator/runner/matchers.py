"""Problem matchers: what they say, how they read a step's output line by line, and which file a match means.

Owns the format of their files and the state machine (actions/runner, IssueMatcher and OutputManager). Knows no log: a
match says what to annotate, and `runner.log` does it.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, Literal, cast

from simulator.errors import EngineError
from simulator.runner.ecmascript import Expression, PatternError, UnsupportedPatternError, compile_expression

Severity = Literal["notice", "warning", "error"]
Field = Literal["file", "line", "column", "severity", "code", "message", "fromPath"]
Note = Callable[[Literal["debug", "warning"], str], None]
FIELDS: Final[tuple[Field, ...]] = ("file", "line", "column", "severity", "code", "message", "fromPath")
SEVERITIES: Final[Mapping[str, Severity]] = {"": "error", "error": "error", "warning": "warning", "notice": "notice"}
SECONDS: Final = 1.0  # for one line
ATTEMPTS: Final = 3  # then a matcher is given up
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m?")
_MOST_FOLDERS: Final = 50  # above a file, up to that of its repository
_LARGEST_NUMBER: Final = 2**31 - 1


class MatcherError(ValueError):
    """A file of matchers that the runner refuses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """One line of what a matcher looks for: which group of the expression holds which field."""

    expression: Expression
    groups: Mapping[Field, int]
    loop: bool = False

    def values(self, line: str) -> Mapping[Field, str] | None:
        """The fields of a line, None where it does not match. Raises TimeoutError."""
        found = self.expression.search(line, seconds=SECONDS)
        return None if found is None else {field: found[group] for field, group in self.groups.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class MatcherConfig:
    """A matcher as its file has it."""

    owner: str
    severity: str
    patterns: Sequence[Pattern]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A line that a matcher takes for a problem; numbers that are none are left out."""

    severity: Severity
    message: str
    line: int | None = None
    column: int | None = None
    file: str | None = None
    from_path: str | None = None


# ---- files of matchers


def parse_matchers(content: bytes, note: Note) -> tuple[MatcherConfig, ...]:
    """The matchers of a file; one whose expression cannot be translated is left out and noted. Raises MatcherError."""
    try:
        data: object = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise MatcherError(f"The file of problem matchers is no JSON: {error}") from error
    configs: list[MatcherConfig] = []
    owners: set[str] = set()
    for given in _list(_of(data, "problemMatcher")):
        owner = _text(_of(given, "owner"))
        try:
            configs.append(_config(given))
        except UnsupportedPatternError as error:
            note("warning", f"The problem matcher '{owner}' is not applied in this rehearsal: {error}.")
        if owner.lower() in owners:
            raise MatcherError(f"Duplicate owner name '{owner}'")
        owners.add(owner.lower())
    return tuple(configs)


def owners_of(content: bytes) -> tuple[str, ...]:
    """The owners that a file of matchers names, whatever else it holds. Raises MatcherError."""
    try:
        data: object = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise MatcherError(f"The file of problem matchers is no JSON: {error}") from error
    return tuple(_text(_of(given, "owner")) for given in _list(_of(data, "problemMatcher")))


def _config(given: object) -> MatcherConfig:
    owner, severity, patterns = _text(_of(given, "owner")), _text(_of(given, "severity")), _list(_of(given, "pattern"))
    if not owner:
        raise MatcherError("Owner must not be empty")
    if severity.lower() not in SEVERITIES:
        raise MatcherError(f"Matcher '{owner}' contains unexpected default severity '{severity}'")
    if not patterns:
        raise MatcherError(f"Matcher '{owner}' does not contain any patterns")
    made: list[Pattern] = []
    for number, each in enumerate(patterns, start=1):
        pattern = _pattern(each)
        if pattern.loop and (number == 1 or number < len(patterns)):
            raise MatcherError("Only the last pattern in a multiline matcher may set 'loop'")
        if pattern.loop and "message" not in pattern.groups:
            raise MatcherError("The loop pattern must set 'message'")
        _check_groups(pattern, {field for before in made for field in before.groups})
        made.append(pattern)
    if not any("message" in pattern.groups for pattern in made):
        raise MatcherError("At least one pattern must set 'message'")
    return MatcherConfig(owner=owner, severity=severity, patterns=tuple(made))


def _pattern(given: object) -> Pattern:
    try:
        expression = compile_expression(_text(_of(given, "regexp")))
    except PatternError as error:
        raise MatcherError(str(error)) from error
    groups = {field: _number(value, field) for field in FIELDS if (value := _of(given, field)) is not None}
    loop = _of(given, "loop") or False
    if not isinstance(loop, bool):
        raise MatcherError(f"'loop' is {loop!r}, and not true or false")
    return Pattern(expression=expression, groups=groups, loop=loop)


def _check_groups(pattern: Pattern, taken: set[Field]) -> None:
    for field, group in pattern.groups.items():
        if field in taken:
            raise MatcherError(f"The property '{field}' is set twice")
        if not 0 <= group < pattern.expression.groups:
            raise MatcherError(f"The property '{field}' is set to {group} which is out of range")


def _of(data: object, name: str) -> object:
    """A property, its name in any case as the runner's reader takes it."""
    if not isinstance(data, dict):
        raise MatcherError(f"The file of problem matchers has {data!r} where an object with '{name}' belongs")
    exact = cast("dict[str, Any]", data)
    return exact[name] if name in exact else next((v for k, v in exact.items() if k.lower() == name.lower()), None)


def _list(value: object) -> list[object]:
    if value is not None and not isinstance(value, list):
        raise MatcherError(f"The file of problem matchers has {value!r} where a list belongs")
    return value or []


def _text(value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise MatcherError(f"The file of problem matchers has {value!r} where text belongs")
    return value or ""


def _number(value: object, field: Field) -> int:
    if isinstance(value, str) and (number := whole_number(value.strip())) is not None:
        return number
    if type(value) is not int:
        raise MatcherError(f"The property '{field}' is {value!r}, and not the number of a group")
    return value


# ---- the lines of a step


class Matcher:
    """A matcher at work: of several patterns it remembers which of the last lines matched."""

    def __init__(self, config: MatcherConfig) -> None:
        self.owner = config.owner
        self._severity, self._patterns = config.severity, config.patterns
        self._running: list[Mapping[Field, str] | None] = []
        self.reset()

    def reset(self) -> None:
        """Forget the lines before."""
        self._running = [None] * (len(self._patterns) - 1)

    def match(self, line: str) -> Mapping[Field, str] | None:
        """The fields of a problem that is complete with this line. Raises TimeoutError."""
        for place in range(len(self._patterns) - 1, -1, -1):
            before = self._running[place - 1] if place else {}
            if before is None:
                continue
            values = self._patterns[place].values(line)
            if place < len(self._running):
                self._running[place] = None if values is None else {**values, **before}
            elif values is not None:
                loops = self._patterns[place].loop
                self.reset()
                if loops:
                    self._running[place - 1] = before
                found: dict[Field, str] = {**values, **before}
                return {**found, "severity": found.get("severity") or self._severity}
            elif place:
                self._running[place - 1] = None
        return None


class Matchers:
    """The matchers of a job, the newest first, and the files that its matches may name.

    `read` reads a file of the job's sandbox; `folder` is the workspace, `urls` how a remote of the rehearsed repository
    is written in `.git/config`.
    """

    def __init__(self, read: Callable[[PurePosixPath], bytes], folder: PurePosixPath, urls: Sequence[str] = ()) -> None:
        self.configs: tuple[MatcherConfig, ...] = ()
        self._read, self._folder = read, folder
        self._remotes = {f"url = {url}".lower() for url in urls}
        self._repositories: dict[PurePosixPath, PurePosixPath | None] = {}

    def file(self, path: str) -> bytes:
        """A file of matchers, named from the workspace. Raises MatcherError."""
        try:
            return self._read(self._folder / path)
        except FileNotFoundError:
            raise MatcherError(f"Could not find file '{self._folder / path}'.") from None

    def add(self, configs: Iterable[MatcherConfig]) -> None:
        """Put matchers in front, in the place of those with the same owners."""
        new = tuple(configs)
        self.remove(config.owner for config in new)
        self.configs = (*new, *self.configs)

    def remove(self, owners: Iterable[str]) -> None:
        """Drop the matchers of owners, whose names count in any case."""
        gone = {owner.lower() for owner in owners}
        self.configs = tuple(config for config in self.configs if config.owner.lower() not in gone)

    def repository_path(self, file: str, from_path: str | None, note: Note) -> str | None:
        """A file by its path in the checkout of the rehearsed repository; None, and a note, where it is in none."""
        path = PurePosixPath(file)
        if from_path and from_path.strip():
            path = PurePosixPath(from_path).parent / path
        path = PurePosixPath(posixpath.normpath(self._folder / path))
        if not self._is_file(path):
            note("debug", f"Dropping file value '{path}'. Path does not exist")
            return None
        repository = self._repository(path)
        if repository is None:
            note("debug", f"Dropping file value '{path}'. Path is not under the workflow repo.")
            return None
        return str(path.relative_to(repository))

    def _repository(self, path: PurePosixPath) -> PurePosixPath | None:
        """The folder of the checkout that a file lies in, if it is one of the rehearsed repository."""
        seen: list[PurePosixPath] = []
        found: PurePosixPath | None = None
        for folder in list(path.parents)[:_MOST_FOLDERS]:
            if folder in self._repositories:
                found = self._repositories[folder]
                break
            seen.append(folder)
            config = self._text(folder / ".git/config")
            if config is not None:
                lines = {line.strip().lower() for line in config.split("\n")}
                found = folder if lines & self._remotes else None
                break
        self._repositories.update(dict.fromkeys(seen, found))
        return found

    def _is_file(self, path: PurePosixPath) -> bool:
        return self._text(path) is not None

    def _text(self, path: PurePosixPath) -> str | None:
        try:
            return self._read(path).decode(errors="replace")
        except (FileNotFoundError, EngineError):  # a folder, or one that the job may not read
            return None


class Scanner:
    """The matchers of a job at work on the output of one step."""

    def __init__(self, matchers: Matchers, note: Note) -> None:
        self._matchers, self._note = matchers, note
        self._working = [Matcher(config) for config in matchers.configs]

    def add(self, configs: Sequence[MatcherConfig]) -> None:
        """Add matchers to the job, and put them to work here."""
        self._matchers.add(configs)
        for config in configs:
            self._working = [Matcher(config), *(m for m in self._working if m.owner.lower() != config.owner.lower())]

    def remove(self, owners: Sequence[str]) -> None:
        """Remove matchers from the job."""
        self._matchers.remove(owners)
        gone = {owner.lower() for owner in owners}
        self._working = [matcher for matcher in self._working if matcher.owner.lower() not in gone]

    def scan(self, line: str) -> tuple[str, Problem] | None:
        """What the first matcher that matches makes of a line: the line without colours, and the problem."""
        if not self._working:
            return None
        text = _COLOURS.sub("", line)
        for matcher in tuple(self._working):
            values = self._match(matcher, text)
            if values is None:
                continue
            for other in self._working:
                if other is not matcher:
                    other.reset()
            problem = self._problem(values)
            if problem is not None:
                return text, problem
        return None

    def _match(self, matcher: Matcher, text: str) -> Mapping[Field, str] | None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return matcher.match(text)
            except TimeoutError:
                if attempt < ATTEMPTS:
                    self._note("debug", f"Timeout processing issue matcher '{matcher.owner}' against line '{text}'.")
        self._note(
            "warning",
            f"Removing issue matcher '{matcher.owner}'. Matcher failed {ATTEMPTS} times. "
            f"Error: a line took longer than {SECONDS:g} s",
        )
        self._working = [other for other in self._working if other is not matcher]
        return None

    def _problem(self, values: Mapping[Field, str]) -> Problem | None:
        message, severity = values.get("message", ""), values.get("severity", "")
        if not message.strip():
            self._note("debug", "Skipping logging an issue for the matched line because the message is empty.")
            return None
        if severity.lower() not in SEVERITIES:
            self._note(
                "debug",
                f"Skipped logging an issue for the matched line because the severity '{severity}' is not supported.",
            )
            return None
        file = values.get("file", "")
        return Problem(
            severity=SEVERITIES[severity.lower()],
            message=message,
            line=self._position(values, "line"),
            column=self._position(values, "column"),
            file=file if file.strip() else None,
            from_path=values.get("fromPath"),
        )

    def _position(self, values: Mapping[Field, str], field: Literal["line", "column"]) -> int | None:
        text = values.get(field, "")
        number = whole_number(text)
        if text and number is None:
            self._note("debug", f"Unable to parse {field} number '{text}'")
        return number


def whole_number(text: str) -> int | None:
    """A decimal number of at most 31 bits, or None."""
    fits = text.isascii() and text.isdecimal() and len(text) <= len(str(_LARGEST_NUMBER))
    return int(text) if fits and int(text) <= _LARGEST_NUMBER else None
