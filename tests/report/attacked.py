"""Events with markup in every text that others write."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.report.codec import decode, encode
from simulator.run_events import RunEvent
from tests.report.closed import CLOSED

ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;\x1b[2J\x00"


def changed(value: object, name: str = "") -> object:
    if isinstance(value, dict):
        return {key: changed(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [changed(item, name) for item in value]
    return f"{value}{ATTACK}" if isinstance(value, str) and name not in CLOSED else value


def hostile(events: Sequence[RunEvent]) -> list[RunEvent]:
    made = [decode(changed(encode(event))) for event in events]  # type: ignore[arg-type]
    return [event for event in made if event is not None]
