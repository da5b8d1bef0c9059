"""Whatever a job writes anywhere, no report of it acts on the reader's terminal, and none fails."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from simulator.report.codec import decode, encode
from simulator.report.live import LiveRenderer, frame
from simulator.report.plain import PlainRenderer
from simulator.report.state import replay
from simulator.run_events import RunEvent
from tests.report.closed import CLOSED

CASES = sorted(path.name for path in (Path(__file__).parent / "cases").iterdir())
EventsOf = Callable[[str], Sequence[RunEvent]]
# Titles, the clipboard, links, moves, clearing, the alternate screen, 8-bit introducers, a bell, a colour.
ORDERS = "\x1b]0;T\x07\x1b]52;c;YQ==\x1b\\\x1b]8;;http://x\x1b\\\x1b[2J\x1b[10A\x1b[?1049h\x1bc\x9b2J\x9d0;T\x9c\x07\b\x1b[31m"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FRAME = re.compile(r"\x1b\[(?:\?25[lh]|H|[0-9]*[ABGK]|2K)|\r")  # what the live tree itself draws with


def hostile(events: Iterable[RunEvent]) -> list[RunEvent]:
    """The events with orders to the terminal in every text."""
    made: list[RunEvent] = []
    for event in events:
        changed = decode(_changed(encode(event)))  # type: ignore[arg-type]
        assert changed is not None
        made.append(changed)
    return made


def _changed(value: object, name: str = "") -> object:
    if isinstance(value, dict):
        return {key: _changed(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_changed(item, name) for item in value]
    return f"{ORDERS}{value}{ORDERS}" if isinstance(value, str) and name not in CLOSED else value


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("verbose", [False, True])
def test_plain_lines(events_of: EventsOf, case: str, verbose: bool) -> None:
    stream = io.StringIO()
    renderer = PlainRenderer(stream, verbose=verbose)
    for event in hostile(events_of(case)):
        renderer(event)
    renderer.close()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", stream.getvalue())


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("verbose", [False, True])
def test_the_live_tree_and_its_report(events_of: EventsOf, case: str, verbose: bool) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=100, height=40, force_terminal=True, color_system="standard", _environ={})
    renderer = LiveRenderer(stream, verbose=verbose, console=console, clock=lambda: 0.0)
    events = hostile(events_of(case))
    for event in events:
        renderer(event)
    renderer.close()
    text = stream.getvalue()
    if not verbose:
        assert [text.count(f"\x1b[?1049{end}") for end in "hl"] == [1, 1], "the screen of its own is entered and left"
    frames = (frame(replay(events[:count]), 0.0, 100, 40) for count in range(len(events)))
    tree = "".join(row.plain for rows in frames for row in rows)
    text = text.replace("\x1b[?1049h", "", 1).replace("\x1b[?1049l", "", 1) + tree
    drawn = FRAME.sub("", COLOUR.sub("", text))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", drawn)
