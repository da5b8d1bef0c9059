"""Which jobs may start: readiness by `needs`, never stages. Knows names only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence


class Scheduler:
    """Hands out names whose needs are done. Needs that are no names of the graph, and circles, are never ready."""

    def __init__(self, needs: Mapping[str, Sequence[str]]) -> None:
        self._waiting = {name: set(on) for name, on in needs.items()}

    def ready(self) -> Iterator[str]:
        """The names that became ready since the last call, each once, in the order given."""
        for name in [name for name, on in self._waiting.items() if not on]:
            del self._waiting[name]
            yield name

    def finished(self, name: str) -> None:
        """Take note that a name is done, whatever became of it."""
        for on in self._waiting.values():
            on.discard(name)


def in_order(needs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The names, each after all that it needs; names of a circle are left out."""
    scheduler = Scheduler(needs)
    while batch := list(scheduler.ready()):
        for name in batch:
            yield name
            scheduler.finished(name)


def ancestors(needs: Mapping[str, Sequence[str]], name: str) -> frozenset[str]:
    """All that a name needs, directly or not."""
    found: set[str] = set()
    waiting = list(needs.get(name, ()))
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting.extend(needs.get(each, ()))
    return frozenset(found)
