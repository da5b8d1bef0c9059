"""Tasks and what they need: read them, cut them down, put them in order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

Needs = Mapping[str, Collection[str]]  # task -> the tasks that must be done before it


class SyntaxProblem(ValueError):
    """A line is not `task: need need`."""


class CircleError(ValueError):
    """Tasks wait for each other; `circle` names them, the first again at the end."""

    def __init__(self, circle: list[str]) -> None:
        super().__init__(" needs ".join(circle))
        self.circle = circle


def parse(text: str) -> dict[str, list[str]]:
    """Read lines of the form `task: need need`; `#` begins a comment, several lines of one task add up.

    A need that has no line of its own is a task without needs. Raises SyntaxProblem.
    """
    tasks: dict[str, list[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        task, colon, needs = (part.strip() for part in content.partition(":"))
        if not colon or not task or len(task.split()) > 1:
            raise SyntaxProblem(f"line {number}: expected `task: need need`, found `{content}`")
        tasks.setdefault(task, []).extend(needs.split())
    for need in [need for needs in tasks.values() for need in needs]:
        tasks.setdefault(need, [])
    return tasks


def needed_for(tasks: Needs, wanted: Iterable[str]) -> dict[str, list[str]]:
    """The wanted tasks and all that they need, directly or not. Raises KeyError for a task that does not exist."""
    found: dict[str, list[str]] = {}
    waiting = list(wanted)
    while waiting:
        task = waiting.pop()
        if task not in found:
            found[task] = list(tasks[task])
            waiting.extend(found[task])
    return found


def waves(tasks: Needs) -> list[list[str]]:
    """Put the tasks in waves: each can start when the wave before it is done. Sorted by name. Raises CircleError."""
    sorter = TopologicalSorter(tasks)
    try:
        sorter.prepare()
    except CycleError as error:
        raise CircleError(error.args[1][::-1]) from error
    result = []
    while sorter.is_active():
        wave = sorted(sorter.get_ready())
        sorter.done(*wave)
        result.append(wave)
    return result
