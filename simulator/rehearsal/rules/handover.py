"""The rule of events that start nothing: releases and tags made with GITHUB_TOKEN."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.rehearsal.handover import unheard
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.release import publishing


def token_starts_nothing(subject: Subject) -> Iterator[Problem]:
    """A step makes a release or a tag with GITHUB_TOKEN, and a publishing workflow waits for it."""
    seen: set[tuple[int, int, str]] = set()
    for handover, other, event in unheard(subject.workflow, subject.others.values()):
        key = (handover.span.line, handover.span.column, other.path)
        if key in seen or not any(publishing(other)):
            continue
        seen.add(key)
        noun = "the release" if handover.made == "release" else "the tag"
        yield Problem(
            span=handover.span,
            message=f"Job {handover.job.id} {handover.what} with GITHUB_TOKEN, so {other.path}, which publishes on "
            f"{event}, does not start: GitHub starts no run for {noun} that this token makes",
            hint="Make it with the token of a GitHub App, or publish in a job of this workflow that needs this one.",
        )
