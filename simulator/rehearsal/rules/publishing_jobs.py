"""Rules of what else runs in a job that may publish with an ID token."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from simulator.diagnostics import Severity
from simulator.planning.tools import building_step
from simulator.positions import Span
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.release import may_mint, publishing_of

_COMMIT = re.compile(r"[0-9a-f]{40}")
_VERSION = re.compile(r"(?:release/)?v?\d[\w.+-]*")


@rule(
    "unpinned-action",
    Severity.WARNING,
    summary="An action in a publishing job that may fetch ID tokens is not pinned to a commit (a notice for tags).",
    why="Whoever moves the branch or the tag can publish in your name.",
)
def unpinned_action(subject: Subject) -> Iterator[Problem]:
    workflow = subject.workflow
    places: dict[str, list[Span]] = {}
    for job in workflow.jobs.values():
        if not may_mint(workflow, job) or not any(publishing_of(workflow, job)):
            continue
        for step in job.all_steps:
            if step.uses is not None and not step.uses.value.startswith(("./", "$/", "docker://")):
                places.setdefault(step.uses.value, []).append(step.uses.span)
    for uses, (first, *others) in places.items():
        name, _, ref = uses.partition("@")
        state = subject.ref_state(uses)
        if not _COMMIT.fullmatch(ref) and not (state is not None and state.state == "absent"):
            moving = not _VERSION.fullmatch(ref)
            kind = "branch" if moving else "tag or release branch"
            yield Problem(
                span=first,
                message=f"{uses} names a {kind} that its owner can move, in a job that may publish{_also(others)}",
                hint=f"Pin it to a commit: {name}@<40 digits> # {ref}",
                severity=Severity.WARNING if moving else Severity.NOTICE,
            )


def _also(others: Sequence[Span]) -> str:
    lines = [str(span.line) for span in others]
    if not lines:
        return ""
    return f"; so in line{'s' if len(lines) > 1 else ''} {', '.join(lines)}"


@rule(
    "build-and-publish",
    Severity.WARNING,
    summary="Distributions are built in the job that publishes them with an ID token.",
    why="Every build dependency runs where tokens can be fetched.",
)
def build_and_publish(subject: Subject) -> Iterator[Problem]:
    workflow = subject.workflow
    for job in workflow.jobs.values():
        found = next(publishing_of(workflow, job), None)
        built = next(((step, what) for step in job.all_steps if (what := building_step(step))), None)
        if found is None or built is None or not may_mint(workflow, job):
            continue
        step, what = built
        yield Problem(
            span=step.uses.span if step.uses else step.span,
            message=f"Job {job.id} {what} where it may also fetch tokens for publishing: every build dependency "
            "could publish in your name",
            hint="Build in a job of its own without id-token: write, and hand the files over as an artifact.",
        )
