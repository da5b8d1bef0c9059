"""A rule about what steps hand to the actions that they use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from simulator.actions.reference import ReferenceSyntaxError, parse_reference
from simulator.actions.resolve import declared_inputs
from simulator.diagnostics import Severity
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.spelling import closest
from simulator.workflow.model import Step


@rule(
    "unknown-input",
    Severity.WARNING,
    summary="A step gives an action an input that it does not have.",
    why="GitHub says so in a warning, and the action runs without it: `Unexpected input(s)`.",
)
def unknown_input(subject: Subject) -> Iterator[Problem]:
    for job in subject.workflow.jobs.values():
        for step in job.all_steps:
            names = _inputs(subject, step)
            if step.uses is None or names is None:
                continue
            known = {name.lower() for name in names}
            for name, text in step.with_.items():
                if name.lower() not in known:
                    near = closest(name, names)
                    listed = ", ".join(names) or "none"
                    yield Problem(
                        span=text.span,
                        message=f"{step.uses.value} has no input {name}: it runs without it",
                        hint=f"Did you mean {near}?" if near else f"It has {listed}.",
                    )


def _inputs(subject: Subject, step: Step) -> tuple[str, ...] | None:
    if step.uses is None or not step.with_:
        return None

    def read(path: PurePosixPath) -> bytes:
        content = subject.read(str(path))
        if content is None:
            raise FileNotFoundError(path)
        return content

    try:
        return declared_inputs(parse_reference(step.uses.value), read)
    except ReferenceSyntaxError:
        return None
