"""Checks that every job's needs can be met."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.positions import Located, Span
from simulator.spelling import suggest
from simulator.workflow.model import Job
from simulator.workflow.reading import Reader


def check_needs(reader: Reader, jobs: Mapping[str, Job], span: Span) -> None:
    """Note needs that name no job or lead round in a circle; `span` is the place of `jobs`."""
    names = {name.lower() for name in jobs}
    open_: dict[str, list[Located[str]]] = {name: list(job.needs) for name, job in jobs.items()}
    ready = [name.lower() for name, needs in open_.items() if not needs]
    if not ready:
        reader.error(span, "needs", "The workflow must contain at least one job with no dependencies.")
        return
    waiting: dict[str, set[str]] = {}
    for name, needs in open_.items():
        for need in needs:
            waiting.setdefault(need.value.lower(), set()).add(name)
    met: set[str] = set()
    while ready:
        done = ready.pop()
        met.add(done)
        ready += [
            name.lower() for name in waiting.get(done, ()) if all(need.value.lower() in met for need in open_[name])
        ]
    for name, needs in open_.items():
        for need in needs:
            if need.value.lower() not in names:
                message = f"Job '{name}' depends on unknown job '{need.value}'."
                reader.error(need.span, "needs-unknown", message, suggest(need.value, jobs))
            elif need.value.lower() not in met:
                message = f"Job '{name}' depends on job '{need.value}' which creates a cycle in the dependency graph."
                reader.error(need.span, "needs-cycle", message)
