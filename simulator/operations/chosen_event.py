"""The event where none was named: the push of the tag, or its release where more is published by that."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from simulator.operations.request import Request
from simulator.operations.source import Repository
from simulator.operations.starting import start_workflows
from simulator.operations.workflow_files import WorkflowFiles
from simulator.rehearsal.handover import handovers
from simulator.rehearsal.rules.model import Subject
from simulator.rehearsal.rules.reach import Reach
from simulator.rehearsal.rules.release import called_by
from simulator.remedies import Act, remedy
from simulator.run_events import Notice
from simulator.workflow.model import Workflow


class _Publishes(enum.IntEnum):
    """What an event may have published, as far as the files say."""

    NOTHING = 0
    PERHAPS = 1  # by a workflow of another repository, or to the test index alone
    A_RELEASE = 2


def choose_event(request: Request, repository: Repository, files: WorkflowFiles) -> tuple[Request, Notice | None]:
    """The request with its event, and a sentence where that is not the push though none was named.

    It is the release of the tag where that publishes and the push does not, as in a workflow that starts on
    `release`, or one whose publishing job has `if: github.event_name == 'release'`. Where a job of the push makes the
    release with GITHUB_TOKEN it stays the push: that release starts nothing.
    """
    if request.event is not None:
        return request, None
    push = replace(request, event="push")
    if request.tag is None or not _releases(files):
        return push, None
    release = replace(request, event="release")
    by_push, by_release = (list(_by_workflow(each, repository, files)) for each in (push, release))
    if _most(by_release) is not _Publishes.A_RELEASE or _most(by_push) is _Publishes.A_RELEASE:
        return push, None
    if any(_makes_release(workflow, files) for workflow, _ in by_push):
        return push, None
    return release, _told(request.tag, [workflow.path for workflow, does in by_release if does])


def _releases(files: WorkflowFiles) -> bool:
    return any("release" in workflow.triggers for workflow in files.valid())


def _most(found: Iterable[tuple[Workflow, _Publishes]]) -> _Publishes:
    return max((each for _, each in found), default=_Publishes.NOTHING)


def _by_workflow(
    request: Request, repository: Repository, files: WorkflowFiles
) -> Iterator[tuple[Workflow, _Publishes]]:
    for item in start_workflows(request, repository, files.valid()):
        if item.match.starts:
            way = "push tag" if item.event.name == "push" else item.event.name
            yield item.workflow, _of(item.workflow, files, way)


def _of(workflow: Workflow, files: WorkflowFiles, way: str) -> _Publishes:
    indexes = Reach(Subject(workflow=workflow, others=files.models)).published_by(way)
    if any(index != "testpypi" for index in indexes):
        return _Publishes.A_RELEASE
    away = (job for job in workflow.jobs.values() if job.uses is not None and called_by(job, files.models) is None)
    return _Publishes.PERHAPS if indexes or any(away) else _Publishes.NOTHING


def _makes_release(workflow: Workflow, files: WorkflowFiles) -> bool:
    reach = Reach(Subject(workflow=workflow, others=files.models))
    made = (each for each in handovers(workflow) if each.made == "release")
    return any(reach.may_run("push tag", each.job, each.step) for each in made)


def _told(tag: str, publishing: Sequence[str]) -> Notice:
    return Notice(
        message=f"The release of {tag} is rehearsed and not the push of the tag, by which nothing would be "
        f"published on PyPI: {' and '.join(publishing)} does that for a release.",
        hint="Name the push to rehearse that.",
        remedies=(remedy(Act.CHOOSE_EVENT, "push"),),
    )
