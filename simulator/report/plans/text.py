"""A plan as text: each workflow with the reason, and its jobs below it."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.report.plans.model import JobView, PlanView, UnheardView, WorkflowView
from simulator.report.words import plural, without_escapes


def render_text(plan: PlanView) -> str:
    """The workflows that start with their jobs, then those that do not, then what GITHUB_TOKEN keeps from starting."""
    starting = [each for each in plan.workflows if each.starts]
    others = [each for each in plan.workflows if not each.starts]
    blocks = [f"{plan.event} in {plan.repository}, commit {plan.sha[:10]}"]
    blocks += [f"note: {notice}" for notice in plan.notices]
    blocks += ["\n".join(_started(each)) for each in starting]
    if others:
        blocks.append("\n".join(line for each in others for line in _idle(each)))
    if plan.unheard:
        blocks.append(
            "\n".join(
                [
                    "GitHub starts no run for what is done with GITHUB_TOKEN. So these do not start:",
                    *map(_unheard, plan.unheard),
                ]
            )
        )
    jobs = sum(job.decision != "skip" and not job.calls for each in starting for job in each.jobs)
    blocks.append(
        f"{plural(len(starting), 'workflow')} of {len(plan.workflows)} started, {plural(jobs, 'job')}"
        if starting
        else "No workflow is started."
    )
    return without_escapes_of("\n\n".join(blocks))


def without_escapes_of(text: str) -> str:
    """Every line made safe for a terminal."""
    return "\n".join(map(without_escapes, text.split("\n")))


def render_list(plan: PlanView) -> str:
    """Each workflow with its events and, below it, its jobs as they are written."""
    blocks = []
    for workflow in plan.workflows:
        head = f"{workflow.path}  {workflow.name or ''}".rstrip()
        events = workflow.fault or f"on {', '.join(workflow.events)}"
        width = max((len(job.id) for job in workflow.jobs), default=0)
        jobs = [f"    {job.id:{width}}  {_needs(job)}{_where(job)}".rstrip() for job in workflow.jobs]
        blocks.append("\n".join([head, f"  {events}", *jobs]))
    return without_escapes_of("\n\n".join(blocks))


def _started(workflow: WorkflowView) -> Iterator[str]:
    yield f"starts  {workflow.path}  {_reason(workflow)}"
    if workflow.note:
        yield f"        {'rehearsed' if workflow.rehearsed else 'not rehearsed'}: {workflow.note}"
    if workflow.fault:
        yield f"        GitHub fails the run: {workflow.fault}"
    for job in workflow.jobs:
        yield from _job(job)


def _idle(workflow: WorkflowView) -> Iterator[str]:
    if workflow.fault:
        yield f"is not valid    {workflow.path}  {workflow.fault}"
    else:
        yield f"does not start  {workflow.path}  {_reason(workflow)}"


def _reason(workflow: WorkflowView) -> str:
    return f"{workflow.reason} (line {workflow.place.line})" if workflow.place else workflow.reason


def _job(job: JobView) -> Iterator[str]:
    indent = "      " if job.within else "  "
    label = job.name if job.name == job.key else f"{job.name} [{job.id}]"
    yield f"{indent}{label}: {_decision(job)}"
    if job.decision == "skip":
        return
    rest = [
        f"needs {', '.join(job.needs)}" if job.needs and job.decision == "later" else "",
        _where(job),
        f"environment {job.environment}" if job.environment else "",
        "" if job.calls else f"permissions {_permissions(job)}",
        "expanded at run time, from the outputs of what it needs" if job.deferred else "",
    ]
    yield f"{indent}    {'; '.join(part for part in rest if part)}"


def _decision(job: JobView) -> str:
    condition = " ".join(job.condition.split())
    if job.decision == "skip":
        return f"skipped: {condition}" if condition else "skipped, as what it needs is"
    if job.decision == "later":
        return f"decided at run time: {condition}" if condition else "decided at run time, by what it needs"
    if not job.needs:
        return "runs"
    needs = " and ".join(job.needs)
    if job.always:
        return f"runs after {needs}, whatever the result"
    return f"runs if {needs} succeed{'' if len(job.needs) > 1 else 's'}"


def _needs(job: JobView) -> str:
    return f"needs {', '.join(job.needs)}; " if job.needs else ""


def _where(job: JobView) -> str:
    if job.calls:
        return f"calls {job.calls}"
    labels = ", ".join(job.runs_on)
    return f"on {labels} ({job.image})" if job.image else f"on {labels}"


def _permissions(job: JobView) -> str:
    shown = [f"{scope}: {access}" for scope, access in job.permissions.items() if scope != "metadata"]
    if len(shown) > 8:
        return f"{len(shown)} scopes: {'write' if 'write' in job.permissions.values() else 'read'}-all"
    return ", ".join(shown) or "none"


def _unheard(found: UnheardView) -> str:
    noun = "the release" if found.made == "release" else "the tag"
    place = f"{found.place.file}:{found.place.line}"
    return f"  {found.listener} (on {found.event}), when job {found.job} makes {noun} ({found.what}, {place})"
