"""Rules about where a publishing job runs, and about the events that start it."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.diagnostics import Severity
from simulator.planning.graph import ancestors
from simulator.planning.runners import system_of
from simulator.planning.tools import PUBLISH, action_name
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.release import Publishing, publishing
from simulator.workflow.model import Job, Workflow


@rule(
    "pull-request-publish",
    Severity.ERROR,
    summary="Pull requests start a trusted publishing job, and no condition leaves it out (a warning for "
    "`pull_request`).",
    why="PyPI refuses tokens of `pull_request_target`, and GitHub gives none to pull requests of forks.",
)
def pull_request_publish(subject: Subject) -> Iterator[Problem]:
    triggers = subject.workflow.triggers
    for found in publishing(subject.workflow):
        if not found.trusted or _conditional(subject.workflow, found):
            continue
        if "pull_request_target" in triggers:
            yield Problem(
                span=found.span,
                message=f"Job {found.job.id} publishes in runs of `pull_request_target`, which PyPI refuses: "
                "Publishing from a workflow invoked via 'pull_request_target' is not supported.",
                hint="Publish from a workflow that a tag or a release starts; anybody can open a pull request.",
            )
        elif "pull_request" in triggers:
            yield Problem(
                span=found.span,
                severity=Severity.WARNING,
                message=f"Job {found.job.id} publishes in runs of pull requests, and those of forks get no ID token: "
                "The workflow context indicates that this action was called from a pull request on a fork.",
                hint="Publish from a workflow that a tag or a release starts, or give the job a condition.",
            )


def _conditional(workflow: Workflow, found: Publishing) -> bool:
    """Whether the step, its job or a job that this needs has a condition."""
    needs = {job.id: [each.value for each in job.needs] for job in workflow.jobs.values()}
    jobs = [found.job, *(workflow.jobs[name] for name in ancestors(needs, found.job.id) if name in workflow.jobs)]
    return bool(found.step.condition.source) or any(job.condition.source for job in jobs)


@rule(
    "publish-off-linux",
    Severity.ERROR,
    summary="pypa/gh-action-pypi-publish runs on macOS or Windows.",
    why="The action ends at once: it is made for Linux.",
)
def publish_off_linux(subject: Subject) -> Iterator[Problem]:
    for found in publishing(subject.workflow):
        system = _system(found.job)
        if found.step.uses and action_name(found.step.uses.value) == PUBLISH and system in {"macOS", "Windows"}:
            yield Problem(
                span=found.job.runs_on[0].span,
                message=f"Job {found.job.id} publishes on {system}, where the action ends with: This action is only "
                "able to run under GNU/Linux environments",
                hint="Let the publishing job run on ubuntu-latest, and hand it what other systems build as artifacts.",
            )


def _system(job: Job) -> str | None:
    labels = [label.source for label in job.runs_on]
    return system_of(labels) if all(label.template.is_literal for label in job.runs_on) else None
