"""Rules of the refs that actions are used at: whether their repositories have them."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.actions.refs import absent_words
from simulator.diagnostics import Severity
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.versions import retirement


@rule(
    "missing-version",
    Severity.ERROR,
    summary="A well-known action is used at a tag or branch that its repository does not have.",
    why="GitHub ends the job before its first step: `Unable to resolve action`.",
)
def missing_version(subject: Subject) -> Iterator[Problem]:
    for job in subject.workflow.jobs.values():
        for step in job.all_steps:
            if step.uses is None or retirement(step.uses.value) is not None:
                continue
            state = subject.ref_state(step.uses.value)
            if state is not None and state.state == "absent":
                message, hint = absent_words(step.uses.value, state)
                yield Problem(span=step.uses.span, message=message, hint=hint)
