"""What GitHub's service refuses in a file that its parser takes.

Source: the errors shown on a workflow's page, and "you cannot use both" in
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#onpushbranchestagsbranches-ignoretags-ignore
"""

from __future__ import annotations

from simulator.workflow.model import Trigger, Workflow
from simulator.workflow.reading import Reader


def check_service_rules(reader: Reader, workflow: Workflow) -> None:
    """Note what the service would refuse; a job without steps is noted when nothing else explains it."""
    for trigger in workflow.triggers.values():
        _check_filters(reader, trigger)
    if reader.has_errors:
        return
    for job in workflow.jobs.values():
        if not job.steps and job.uses is None:
            message = f"No steps defined in `steps` and no workflow called in `uses` for the following jobs: {job.id}"
            reader.error(job.span, "no-steps", message)


def _check_filters(reader: Reader, trigger: Trigger) -> None:
    filters = {
        "branches": (trigger.branches, trigger.branches_ignore),
        "tags": (trigger.tags, trigger.tags_ignore),
        "paths": (trigger.paths, trigger.paths_ignore),
    }
    for name, (included, ignored) in filters.items():
        if included is not None and ignored is not None:
            message = f"you may only define one of `{name}` and `{name}-ignore` for a single event"
            hint = f"Exclude with a pattern that begins with ! in `{name}`."
            reader.error(ignored[0].span if ignored else trigger.span, "exclusive-filters", message, hint)
