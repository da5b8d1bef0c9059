"""The rules of releases and tags that are made with GITHUB_TOKEN: may it, and what starts for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from simulator.diagnostics import Severity
from simulator.rehearsal.handover import Handover, handovers, takes_tags, unheard
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.reach import Reach
from simulator.rehearsal.rules.release import called_by, publishing
from simulator.workflow.calls import SETTING
from simulator.workflow.model import Workflow

_BY_HAND: Final = frozenset({"workflow_dispatch", "repository_dispatch", "workflow_call", "workflow_run", "schedule"})


@rule(
    "token-starts-nothing",
    Severity.WARNING,
    summary="A step makes a release or a tag with GITHUB_TOKEN, and a publishing workflow waits for it (an error where "
    "the push of a tag makes the release, and nothing else is published by it).",
    why="GitHub starts no run for events that are made with that token.",
)
def token_starts_nothing(subject: Subject) -> Iterator[Problem]:
    seen: set[tuple[int, int, str]] = set()
    for handover, other, event in unheard(subject.workflow, subject.others.values()):
        key = (handover.span.line, handover.span.column, other.path)
        if key in seen or not any(publishing(other)):
            continue
        seen.add(key)
        noun = "the release" if handover.made == "release" else "the tag"
        lost = event == "release" and _is_lost(subject, handover, other)
        yield Problem(
            span=handover.span,
            message=f"Job {handover.job.id} {handover.what} with GITHUB_TOKEN, so {other.path}, which publishes on "
            f"{event}, does not start: GitHub starts no run for {noun} that this token makes",
            hint="Make it with the token of a GitHub App, or publish in a job of this workflow that needs this one."
            + (" Where a person makes the release beforehand, rehearse that." if lost else ""),
            severity=Severity.ERROR if lost else None,
            events=frozenset({"push tag"}) if lost else None,
        )


def _is_lost(subject: Subject, handover: Handover, other: Workflow) -> bool:
    """Whether the push of a tag surely makes a release, and publishes nothing else.

    One that waits for more than the release may be started for it all the same, such as by hand.
    """
    if not handover.creates or not takes_tags(subject.workflow) or other.triggers.keys() & _BY_HAND:
        return False
    reach = Reach(subject)
    if not reach.surely_runs("push tag", handover.job, handover.step):
        return False
    return not any(_may_publish(each, subject) for each in subject.others.values() if takes_tags(each))


def _may_publish(workflow: Workflow, subject: Subject) -> bool:
    away = (job for job in workflow.jobs.values() if job.uses is not None and called_by(job, subject.others) is None)
    return any(away) or bool(Reach(replace(subject, workflow=workflow)).published_by("push tag"))


@rule(
    "missing-contents-write",
    Severity.ERROR,
    summary="A step makes a release or a tag with GITHUB_TOKEN without `contents: write` (a warning where no "
    "file says, and the repository's setting is not known).",
    why="GitHub answers `Resource not accessible by integration`, often when the upload is done already.",
)
def missing_contents_write(subject: Subject) -> Iterator[Problem]:
    workflow, seen = subject.workflow, set()
    for handover in handovers(workflow):
        job = handover.job
        given = job.permissions if job.permissions is not None else workflow.permissions
        called = given is None and "workflow_call" in workflow.triggers  # then its callers say it
        by_setting = given is None and subject.workflow_permissions == "write"
        if called or by_setting or (given or {}).get("contents") == "write" or handover.span in seen:
            continue
        seen.add(handover.span)
        unknown = given is None and subject.workflow_permissions is None
        setting = f", unless {SETTING} gives all jobs write access" if unknown else ""
        yield Problem(
            span=handover.span,
            message=f"Job {job.id} {handover.what} with GITHUB_TOKEN, which may not write contents{setting}",
            hint=f"Add contents: write to the `permissions` of {job.id}; a job's block replaces the workflow's wholly."
            + (" Or say what the setting is: workflow-permissions under [repository]." if unknown else ""),
            severity=Severity.WARNING if unknown else None,
        )
