"""Rules of the refs that actions are used at: whether their repositories have them."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.actions.builtin.gh_action_pypi_publish.releases import instead
from simulator.actions.refs import absent_words
from simulator.actions.survey import PUBLISHING
from simulator.diagnostics import Severity
from simulator.planning.tools import action_name
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


@rule(
    "missing-image",
    Severity.ERROR,
    summary="The publishing action is pinned to the object of an annotated tag instead of to its commit.",
    why="The action runs an image that is named after the ref, and there are images by tag, branch and commit alone: "
    "`manifest unknown`.",
)
def missing_image(subject: Subject) -> Iterator[Problem]:
    for job in subject.workflow.jobs.values():
        for step in job.all_steps:
            if step.uses is None or action_name(step.uses.value) != PUBLISHING:
                continue
            name, _, ref = step.uses.value.partition("@")
            if (version := instead(ref)) is not None:
                yield Problem(
                    span=step.uses.span,
                    message=f"{name}@{ref[:12]} is the object of the annotated tag {version}, not its commit, and the "
                    "action has no image of that name: docker: Error response from daemon: manifest unknown",
                    hint=f"Pin the commit, which `git ls-remote https://github.com/{name} '{version}^{{}}'` prints.",
                )
