"""Concurrency groups: who holds one, who waits for it, and whom a newer request cancels. Knows no job and no thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from simulator.expressions.language import ExpressionError, Scope, evaluate_template, render
from simulator.workflow.model import Concurrency

LONGEST: Final = 400  # characters of a group's name
MOST_PENDING: Final = 100  # of a group with `queue: max`


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Ticket:
    """A request for a group by something that runs; `name` is how GitHub calls that."""

    group: str
    name: str
    cancels: bool = False
    queue: Literal["single", "max"] = "single"


def ticket(concurrency: Concurrency | None, scope: Scope, name: str) -> Ticket | None:
    """The request that `concurrency:` makes; None without a group. Raises ExpressionError."""
    if concurrency is None:
        return None
    group = render(concurrency.group.template, scope)
    if len(group) > LONGEST:
        raise ExpressionError(f"Concurrency group name must be less than {LONGEST} characters")
    setting = concurrency.cancel_in_progress
    cancels = setting is not None and evaluate_template(setting.template, scope) in {True, "true"}
    return Ticket(group=group, name=name, cancels=cancels, queue=concurrency.queue) if group else None


@dataclass(slots=True)
class _Slot:
    running: Ticket | None = None
    pending: list[Ticket] = field(default_factory=list)


class Groups:
    """All concurrency groups of a rehearsal; names are compared without letter case."""

    def __init__(self) -> None:
        self._slots: dict[str, _Slot] = {}

    def enter(self, new: Ticket) -> tuple[Ticket, ...]:
        """Ask for the group; the tickets that lose by it, the new one among them where no more may wait."""
        slot = self._slots.setdefault(new.group.lower(), _Slot())
        if slot.running is None and not slot.pending:
            slot.running = new
            return ()
        lost: list[Ticket] = []
        if new.queue == "max":
            if len(slot.pending) >= MOST_PENDING:
                return (new,)
        else:
            lost += slot.pending
            slot.pending.clear()
        if new.cancels and slot.running is not None:
            lost.append(slot.running)  # holds the group until it has ended
        slot.pending.append(new)
        return tuple(lost)

    def leave(self, old: Ticket) -> None:
        """Give the group up, or stop waiting for it."""
        slot = self._slots[old.group.lower()]
        if slot.running is old:
            slot.running = None
        elif old in slot.pending:
            slot.pending.remove(old)
        if slot.running is None and slot.pending:
            slot.running = slot.pending.pop(0)

    def holds(self, held: Ticket) -> bool:
        """Whether the group is the ticket's."""
        return self._slots[held.group.lower()].running is held


def superseded(group: str) -> str:
    """What GitHub says of what a newer request cancels."""
    return f"Canceling since a higher priority waiting request for '{group}' exists"


def deadlock(new: Ticket, holder: Ticket) -> str:
    """What GitHub says of a request for a group that something around it holds."""
    return (
        f"Canceling since a deadlock for concurrency group '{new.group}' was detected "
        f"between '{holder.name}' and '{new.name}'"
    )
