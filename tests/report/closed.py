"""Fields of run events that hold no open text."""

from __future__ import annotations

# Those of a closed vocabulary, and those by which events find each other in order.
CLOSED = frozenset(
    [
        "type",
        "level",
        "conclusion",
        "outcome",
        "severity",
        "verdict",
        "tool",
        "twin",
        "index",
        "by",
        "change",
        "scope",
        "version",
        "kind",
        "code",
    ]
)
