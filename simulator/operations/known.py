"""What is known of a rehearsal before its first job: what is wrong with the files of the jobs that the event runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace

from simulator.diagnostics import Diagnostic, Severity
from simulator.errors import InvalidWorkflowError
from simulator.findings import Finding
from simulator.operations.plans import chosen, plan_of
from simulator.operations.problems import ReleaseRules, as_finding
from simulator.operations.request import Request
from simulator.operations.source import Repository
from simulator.operations.starting import Started
from simulator.operations.workflow_files import Calls, WorkflowFile, WorkflowFiles
from simulator.planning.calls import foreseen_plan
from simulator.planning.model import Plan
from simulator.workflow.calls import UNREAD, CalledWorkflow
from simulator.workflow.model import Job

JobOfFile = tuple[str, str]  # the path of a file, and the id of a job in it


def known_findings(
    request: Request,
    repository: Repository,
    started: Sequence[Started],
    rules: ReleaseRules,
    files: WorkflowFiles,
) -> Iterator[Finding]:
    """The errors and warnings of the files that are rehearsed, those too that their jobs call in this repository.

    Of another file that is not valid, one warning says so. An error about a job that this event does not run weighs as
    a warning.
    """
    choices = chosen(request, started, files.calls())
    rehearsed = [item for item in started if item.match.starts and choices[item.workflow.path].rehearsed]
    running = {job for item in rehearsed for job in _running(repository, item, files.calls())}
    judged: dict[str, set[str]] = {}  # the ways in which the files start, by path
    for item in rehearsed:
        for path, way in _paths(item, files):
            judged.setdefault(path, set()).add(way)
    for path, ways in judged.items():
        file = files.files[path]
        for problem in (*file.problems, *rules.broken(files, file)):
            # Of a called workflow that is not at hand more is known when it was looked for.
            if problem.severity is not Severity.NOTICE and problem.code != UNREAD:
                yield _weighed(problem, file, running, ways)
    for other in files.asked_files:
        if other.path not in judged and not other.is_valid:
            yield _idle(other)


def _weighed(problem: Diagnostic, file: WorkflowFile, running: set[JobOfFile], ways: Set[str]) -> Finding:
    finding = as_finding(problem)
    if finding.severity is not Severity.ERROR:
        return finding
    job = _job_at(file, problem)
    if problem.events is not None and not problem.events & ways:
        return replace(finding, severity=Severity.WARNING, message=f"{finding.message} (not for this event)")
    if problem.events is None and job is not None and (file.path, job.id) not in running:
        message = f"{finding.message} (this event does not run the job {job.id})"
        return replace(finding, severity=Severity.WARNING, message=message)
    return finding


def _idle(file: WorkflowFile) -> Finding:
    """A file that the event does not start, so that its errors keep nothing from running."""
    first = next(problem for problem in file.problems if problem.severity is Severity.ERROR)
    return replace(
        as_finding(first),
        severity=Severity.WARNING,
        message=f"GitHub runs nothing of {file.path}, which this event does not start: {first.message}",
    )


def _paths(item: Started, files: WorkflowFiles) -> Iterator[tuple[str, str]]:
    """A file, and the files of this repository that its jobs call, each with the way in which it starts."""
    path, event = item.workflow.path, item.event
    yield path, f"push {event.ref_type}" if event.name == "push" else event.name
    for called in _called(files.files[path].calls):
        if called.repository is None and called.workflow.path in files.files:
            yield called.workflow.path, "workflow_call"


def _called(calls: Mapping[str, CalledWorkflow]) -> Iterator[CalledWorkflow]:
    for each in calls.values():
        yield each
        yield from _called(each.calls)


def _running(repository: Repository, item: Started, calls: Calls) -> Iterator[JobOfFile]:
    """The jobs that the event may run, as far as it can be told before."""
    try:
        planned = plan_of(repository, item, calls)
    except InvalidWorkflowError:  # told when it is planned
        return iter(())
    return _that_may_run(planned)


def _that_may_run(planned: Plan) -> Iterator[JobOfFile]:
    """The jobs that call a workflow, too, for which those of that stand elsewhere."""
    for job in planned.jobs:
        if job.decision == "skip":
            continue
        yield job.workflow.path, job.job.id
        inner = foreseen_plan(planned, job)
        called = planned.calls.get(job.job.id)
        if inner is not None:
            yield from _that_may_run(inner)
        elif called is not None:
            yield from _of_called(called)


def _of_called(called: CalledWorkflow) -> Iterator[JobOfFile]:
    for job in called.workflow.jobs.values():
        yield called.workflow.path, job.id
        if job.id in called.calls:
            yield from _of_called(called.calls[job.id])


def _job_at(file: WorkflowFile, problem: Diagnostic) -> Job | None:
    """The job of a file that a place is in; None above the first, and elsewhere."""
    if file.workflow is None or problem.span.file != file.path:
        return None
    above = [job for job in file.workflow.jobs.values() if job.span.line <= problem.span.line]
    return max(above, key=lambda job: job.span.line, default=None)
