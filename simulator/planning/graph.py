"""Which jobs may start: readiness by `needs`, never stages. Knows names only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence


def as_defined(needs: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The same needs, each spelled as the name that it means: GitHub ignores case in `needs`."""
    names = {name.lower(): name for name in needs}
    return {name: tuple(names.get(each.lower(), each) for each in on) for name, on in needs.items()}


class Scheduler:
    """Hands out names whose needs are done. Needs that are no names of the graph, and circles, are never ready."""

    def __init__(self, needs: Mapping[str, Sequence[str]]) -> None:
        needs = as_defined(needs)
        self._place = {name: place for place, name in enumerate(needs)}
        self._open = {name: set(on) for name, on in needs.items()}
        self._ready = {name for name, on in needs.items() if not on}
        self._dependents: dict[str, list[str]] = {}
        for name, on in self._open.items():
            for each in on:
                self._dependents.setdefault(each, []).append(name)

    def ready(self) -> Iterator[str]:
        """The names that became ready since the last call, each once, in the order given."""
        for name in sorted(self._ready, key=self._place.__getitem__):
            self._ready.discard(name)
            yield name

    def finished(self, name: str) -> None:
        """Take note that a name is done, whatever became of it."""
        for dependent in self._dependents.pop(name, ()):
            self._open[dependent].discard(name)
            if not self._open[dependent]:
                self._ready.add(dependent)


def in_order(needs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The names, each after all that it needs; names of a circle are left out."""
    scheduler = Scheduler(needs)
    while batch := list(scheduler.ready()):
        for name in batch:
            yield name
            scheduler.finished(name)


def ancestors(needs: Mapping[str, Sequence[str]], name: str) -> frozenset[str]:
    """All that a name needs, directly or not."""
    needs = as_defined(needs)
    found: set[str] = set()
    waiting = list(needs.get(name, ()))
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting.extend(needs.get(each, ()))
    return frozenset(found)
