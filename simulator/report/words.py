"""The words and numbers that all reports share: durations, sizes, marks, lines of a log. Knows no library."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, assert_never

from simulator.indexes import TITLES
from simulator.positions import Span
from simulator.run_events import (
    ActionResolved,
    CacheUsed,
    Conclusion,
    FaultInjected,
    RunStarted,
    Setting,
    StepLine,
    Verdict,
)
from simulator.toml_places import dotted, names_of

# What a terminal would take as an order: CSI and OSC sequences, other escapes, and the control characters but tab. Of
# Unicode's, those that show text in another order than it has.
_ESCAPES: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)
_COLOURS: Final = re.compile(r"(\x1b\[[0-9;:]*m)")
_TAB: Final = "    "

MARKS: Final[Mapping[Conclusion, str]] = {
    Conclusion.SUCCESS: "ok",
    Conclusion.FAILURE: "FAIL",
    Conclusion.CANCELLED: "stop",
    Conclusion.SKIPPED: "skip",
}
VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.GO: "GO",
    Verdict.NO_GO: "NO-GO",
    Verdict.NOT_REHEARSED: "NOT REHEARSED",
    Verdict.NOTHING_PUBLISHED: "NOTHING PUBLISHED",
    Verdict.PAUSED: "PAUSED",
}
_LEVELS: Final[Mapping[str, str]] = {
    "group": "> ",
    "command": "$ ",
    "debug": "Debug: ",
    "notice": "Notice: ",
    "warning": "Warning: ",
    "error": "Error: ",
}


def duration(seconds: float) -> str:
    """`3.1 s`, `42 s`, `2 min 5 s`, `1 h 3 min`."""
    if seconds < 9.95:
        return f"{max(seconds, 0.0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def clock_time(seconds: float) -> str:
    """`1:42`, `1:02:03`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def cut_middle(text: str, width: int) -> str:
    """A name of at most `width` characters: what is too long is cut in its middle, as names differ at their ends."""
    if len(text) <= width:
        return text
    left = (width - 1) // 2
    return f"{text[: width - 1 - left]}…{text[len(text) - left :] if left else ''}"


def size(count: int) -> str:
    """`1 byte`, `812 bytes`, `3.2 kB`, `1.4 GB`, in powers of 1000."""
    if count < 1000:
        return plural(count, "byte")
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} TB"


def plural(count: int, word: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def trigger(started: RunStarted) -> str:
    """`push of tag v0.1.0`."""
    kind, _, name = started.ref.removeprefix("refs/").partition("/")
    noun = {"tags": "tag", "heads": "branch"}.get(kind)
    return f"{started.event} of {noun} {name}" if noun else f"{started.event} of {started.ref}"


def by_source(settings: Iterable[Setting]) -> dict[str, list[str]]:
    """What each source sets, in words: tables that hold more tables by their own names, variables by theirs."""
    found: dict[str, dict[str, None]] = {}
    for setting in settings:
        found.setdefault(setting.source, {})[_setting(setting.key)] = None
    return {source: list(names) for source, names in found.items()}


def _setting(key: str) -> str:
    table, *names = names_of(key)
    match table:
        case "vars" | "secrets" if names:
            return f"{table.removesuffix('s')} {names[0]}"
        case "publishers":
            return table
        case _:
            return dotted((table, *names[:1]))


def commit(started: RunStarted) -> str:
    """`commit 3f2a91c04b`; of a snapshot, that it is one."""
    return f"{'the files as they are, ' if started.snapshot else 'commit '}{started.sha[:10]}"


def index_name(index: str) -> str:
    """The name that people know an index by."""
    return TITLES.get(index, index)


def local_index(index: str) -> str:
    """`local PyPI`, or of another index that it is only stood in for."""
    return f"local {TITLES[index]}" if index in TITLES else f"stand-in for {index}"


def fault_words(fired: Sequence[FaultInjected]) -> str:
    """How often a fault took effect and what it did first: `twice, first on publish: upload: ...`."""
    if not fired:
        return "never took effect: nothing of the run met it"
    times = {1: "once", 2: "twice"}.get(len(fired), f"{len(fired)} times")
    said = fired[0].what.splitlines()[0]
    return f"{times}, {'first ' if len(fired) > 1 else ''}on {fired[0].job_id}: {said}"


def cache_words(cache: CacheUsed) -> str:
    """What became of a request to the cache."""
    match cache.outcome:
        case "miss":
            return f"missed {cache.key}"
        case "hit":
            asked = "" if cache.matched == cache.key else f" for {cache.key}"
            return f"hit {cache.matched}{asked}: {size(cache.size)} of {cache.scope}"
        case "saved":
            return f"saved {cache.key}: {size(cache.size)} for {cache.scope}"
        case _:
            assert_never(cache.outcome)


def place(where: Span | str | None) -> str | None:
    """`file:line`, or the words given."""
    return f"{where.file}:{where.line}" if isinstance(where, Span) else where


def without_escapes(text: str) -> str:
    """Text that is safe on a terminal and in a file: no escape sequences, no control characters, no lone surrogates.

    Of a line that was drawn over (carriage returns, as progress bars use them), what was drawn last.
    """
    if text.isascii() and text.isprintable():  # as nearly all lines are
        return text
    drawn = [part for part in text.split("\r") if part]
    text = _ESCAPES.sub("", drawn[-1] if drawn else "").replace("\t", _TAB)
    return text.encode(errors="replace").decode()


def only_colours(text: str) -> str:
    """Like `without_escapes`, colours and text attributes (SGR) kept."""
    drawn = [part for part in text.split("\r") if part]
    parts = _COLOURS.split(drawn[-1] if drawn else "")
    return "".join(part if number % 2 else without_escapes(part) for number, part in enumerate(parts))


def log_lines(line: StepLine, *, colours: bool = False) -> list[str]:
    """A line of a step's log as a reader sees it: several when a message holds line feeds, none for a group's end."""
    if line.level == "endgroup":
        return []
    safe = only_colours if colours else without_escapes
    mark, text = _LEVELS.get(line.level, ""), line.line
    if text.startswith("[command]"):
        mark, text = _LEVELS["command"], text.removeprefix("[command]")
    first, *rest = [safe(part) for part in text.split("\n")]
    return [mark + first, *rest]


def file_lines(line: StepLine) -> list[str]:
    """A line of a step's log as GitHub's downloaded logs have it (`##[group]title`)."""
    mark = {"text": "", "command": "[command]"}.get(line.level, f"##[{line.level}]")
    first, *rest = [without_escapes(part) for part in line.line.split("\n")]
    return [mark + first, *rest]


def last_lines(lines: Iterable[StepLine], count: int, *, colours: bool = False) -> list[str]:
    """The last lines of a log, without the empty ones at its ends."""
    shown = [text for line in lines for text in log_lines(line, colours=colours)]
    while shown and not shown[-1].strip():
        shown.pop()
    shown = shown[-count:]
    while shown and not shown[0].strip():
        shown.pop(0)
    return shown


def stands_in(action: ActionResolved) -> str:
    """What runs where a workflow uses an action."""
    if action.builtin:
        return f"pysim's own, made after {action.models}"
    version = f"commit {action.commit[:10]}" if action.commit else "the files as they are"
    return f"its own code, {version} of {action.origin}"
