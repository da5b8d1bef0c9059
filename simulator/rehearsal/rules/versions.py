"""Rules of what a job stands on: versions from git, versions of actions, runner images."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from simulator.actions.facts import gone_branch, missing_tag, old_node, retired
from simulator.actions.refs import version_of
from simulator.diagnostics import Severity
from simulator.planning.runners import end_of, removed_on
from simulator.planning.tools import CHECKOUT, action_name, building_step, code_of, given_inputs, publishing_facts
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.release import Publishing, called_by, publishing, reached, variables
from simulator.workflow.model import Job, Step, Trigger, Workflow

_ASKS_FOR_TAG = re.compile(
    r"refs/tags|ref_type\s*==\s*'tag'|event_name\s*==\s*'release'|event\.action\s*==\s*'published'"
)
_FETCHES = re.compile(r"git\s+(?:-\S+\s+\S+\s+)*fetch\b[^\n]*(?:--unshallow|--tags|--depth|refs/tags)")


@rule(
    "shallow-checkout",
    Severity.ERROR,
    summary=(
        "The version comes from git, and the checkout that is built is shallow (a warning where only some events lack "
        "the tag, a notice where all bring it)."
    ),
    why="Without the tag the tool makes up a version, and PyPI refuses it or users get it.",
)
def shallow_checkout(subject: Subject) -> Iterator[Problem]:
    tool = subject.git_version
    files = reached(subject.workflow, subject.others)
    found = [step for each in files for step in publishing(each)]
    if tool is None or not found or (subject.workflow.triggers.keys() == {"workflow_call"} and _is_called(subject)):
        return
    severity = _severity(subject.workflow, found)
    for workflow, job in ((each, job) for each in files for job in each.jobs.values()):
        checkout = _shallow(job)
        if checkout is None or checkout.uses is None or _version_is_given(workflow, job, tool):
            continue
        yield Problem(
            span=checkout.uses.span,
            message=f"{tool} takes the version from git, and this checkout holds one commit and no older tag: "
            + _consequence(severity),
            hint="Add with: fetch-depth: 0.",
            severity=severity,
        )


def _is_called(subject: Subject) -> bool:
    """Whether a workflow of the repository calls this one, so that the checkout is judged by what starts that."""
    path = subject.workflow.path
    return any(
        inner is not None and inner.path == path
        for other in subject.others.values()
        for inner in (called_by(job, subject.others) for job in other.jobs.values())
    )


def _severity(workflow: Workflow, published: Sequence[Publishing]) -> Severity:
    """The checkout of a pushed tag holds that tag (actions/checkout fetches the ref itself), any other holds none."""
    kinds = {kind for trigger in workflow.triggers.values() for kind in _refs(trigger)}
    if "tag" in kinds and all(_for_tags_alone(found) for found in published):
        kinds = {"tag"}
    if kinds == {"tag"}:
        return Severity.NOTICE
    return Severity.WARNING if "tag" in kinds else Severity.ERROR


def _for_tags_alone(found: Publishing) -> bool:
    return any(_ASKS_FOR_TAG.search(each.source) for each in (found.job.condition, found.step.condition))


def _refs(trigger: Trigger) -> Iterator[str]:
    """The kinds of refs that an event brings: "tag", "branch"."""
    if trigger.event in {"create", "workflow_call"}:
        yield from ("tag", "branch")
    elif trigger.event == "release":
        yield "tag"
    elif trigger.event == "push":
        tags = trigger.tags is not None or trigger.tags_ignore is not None
        branches = trigger.branches is not None or trigger.branches_ignore is not None
        if tags or not branches:
            yield "tag"
        if branches or not tags:
            yield "branch"
    else:
        yield "branch"


def _consequence(severity: Severity) -> str:
    if severity is Severity.NOTICE:
        return "the version is right for the pushed tag alone"
    if severity is Severity.WARNING:
        return "started by another event than the tag's, it builds version 0.1.dev1 or the like"
    return "no event of this workflow brings the tag, so it builds version 0.1.dev1 or the like"


def _shallow(job: Job) -> Step | None:
    """The checkout of a job that builds, if it is shallow and nothing fetches more."""
    if not any(building_step(step) for step in job.all_steps):
        return None
    scripts = [code_of(step.run.source) for step in job.all_steps if step.run]
    if any(_FETCHES.search(script) for script in scripts):
        return None
    for step in job.all_steps:
        if step.uses is not None and action_name(step.uses.value) == CHECKOUT:
            inputs = given_inputs(step)
            if "repository" in inputs or "path" in inputs:
                continue
            depth = inputs.get("fetch-depth", "1")
            return step if depth.isdecimal() and depth != "0" and inputs.get("fetch-tags") != "true" else None
    return None


def _version_is_given(workflow: Workflow, job: Job, tool: str) -> bool:
    variable: str | None = publishing_facts()["git_versions"][tool]
    if variable is None:
        return False
    scripts = [step.run.source for step in job.all_steps if step.run]
    named = [name for step in job.all_steps for name in variables(workflow, job, step)]
    return any(variable in text for text in (*named, *scripts))


@rule(
    "retired-action",
    Severity.ERROR,
    summary="A version of an action that GitHub fails or does not find (a warning for one written for Node 12 or 16).",
    why="GitHub fails such a job at its start, whatever else is right.",
)
def retired_action(subject: Subject) -> Iterator[Problem]:
    for step in _steps(subject.workflow):
        found = retirement(step.uses.value, subject.now) if step.uses is not None else None
        if step.uses is not None and found is not None:
            severity, message, hint = found
            yield Problem(span=step.uses.span, message=message, hint=hint, severity=severity)


def retirement(uses: str, now: float | None = None) -> tuple[Severity, str, str] | None:
    """What is known of an old version of an action: how it weighs, what is to be said, and the hint."""
    name, ref = action_name(uses), uses.partition("@")[2]
    named = version_of(name, ref)
    version = re.match(r"v(\d+)(?:\.|$)", named)
    major = int(version[1]) if version else -1
    gone, node, old = retired(name, ref, now), old_node(name, major), gone_branch(name, ref)
    if gone is not None:
        known = f" ({named})" if named != ref else ""
        why = f", as it uses {gone.through}" if gone.through else ""
        message = f"GitHub fails every job with {name}@{ref}{known}{why}"
        return Severity.ERROR, message, f"Take {gone.instead} or later: see {gone.page}"
    if missing_tag(name, ref):
        message = f"GitHub cannot resolve {name}@{ref}: its owner makes only tags of full versions"
        return Severity.ERROR, message, "Name a full version, such as v8.1.0, or a commit."
    if node:
        message = f"{name}@v{major} was written for Node {node.node}, which runners no longer have"
        return Severity.WARNING, message, f"Take {name}@v{node.instead} or later."
    if old:
        return Severity.WARNING, f"{name} no longer moves its branch {ref}", f"Take {name}@{old}."
    return None


def _steps(workflow: Workflow) -> Iterator[Step]:
    return (step for job in workflow.jobs.values() for step in job.all_steps)


@rule(
    "retired-runner",
    Severity.ERROR,
    summary="A job runs on an image that GitHub has removed (a notice for one whose last day is known).",
    why="The job waits for a runner that never comes.",
)
def retired_runner(subject: Subject) -> Iterator[Problem]:
    for job in subject.workflow.jobs.values():
        for label in job.runs_on:
            end = end_of(label.source)
            if end is None or len(job.runs_on) != 1:
                continue
            gone = removed_on(label.source, subject.now) is not None
            yield Problem(
                span=label.span,
                message=f"GitHub removed the image {label.source} on {end}: job {job.id} would wait for ever"
                if gone
                else f"GitHub removes the image {label.source} on {end}, and fails its jobs on some days before",
                hint=f"Take {label.source.partition('-')[0]}-latest, or a newer version.",
                severity=Severity.ERROR if gone else Severity.NOTICE,
            )
