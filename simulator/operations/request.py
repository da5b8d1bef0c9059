"""What is asked about an event of a repository: one request serves a rehearsal, a drill, a plan, and tokens."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from simulator.errors import UsageError
from simulator.remedies import Act, remedy

if TYPE_CHECKING:
    from simulator.actions.choice import Implementation
    from simulator.actions.repositories import LocalRepository
    from simulator.run_events import RunEvent
    from simulator.twins.injection.faults import Fault

EventName = Literal["push", "release", "workflow_dispatch", "schedule"]
EngineName = Literal["auto", "docker", "local"]


def unheard(_event: RunEvent, /) -> None:
    """An event sink for those who do not listen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """An event of a repository, and how it is to be rehearsed. All values are final; nothing is read from a terminal.

    `repository` is a folder in it. The event is the push of `tag` or of `branch`, the release of `tag` (a `prerelease`
    or not), or a dispatch on either with `inputs`; with `event` None it is the push, or the release of the tag where
    that publishes and the push does not. `source` says which files: those of the commit, or the folder's as
    they are. `workflows` are names of files; with none, those that publish are rehearsed, or with `run_all` all that
    start. `variables` are the repository's, `secret_file` is read in the place of `.secrets`. `keep_index` lets later
    rehearsals find what this one publishes.

    `actions` says by `owner/repo`, or by "*" for all, what stands for an action; `local_repositories` are copies on
    this machine, `images` names by the name of an image the one of this machine that stands for it. `artifacts` are
    folders whose files stand for an artifact, by its name, and `artifact_folder` holds such folders, named after their
    artifacts as `gh run download` does; of these, the ones are taken that no job makes here. Findings that fit one of
    `accepted` (see `Acceptance`) keep no verdict back, and errors among them keep no job from running. `reviews` says
    by environment whether it is approved; `ask_secrets` has secrets of environments asked for. `real_time` waits as
    long as wait timers say. `faults` are what the stand-ins fail with, `now` is when the rehearsal happens, in seconds
    since the epoch. `offline` lets nothing reach the network, and `debug` shows debug messages of steps.
    """

    repository: Path
    tag: str | None = None
    event: EventName | None = None
    branch: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    prerelease: bool = False
    source: Literal["commit", "worktree"] = "commit"
    workflows: tuple[str, ...] = ()
    run_all: bool = False
    engine: EngineName = "auto"
    variables: Mapping[str, str] = field(default_factory=dict)
    secret_file: Path | None = None
    keep_index: bool = False
    actions: Mapping[str, Implementation] = field(default_factory=dict)
    local_repositories: tuple[LocalRepository, ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)
    offline: bool = False
    artifacts: Mapping[str, Path] = field(default_factory=dict)
    artifact_folder: Path | None = None
    debug: bool = False
    accepted: tuple[str, ...] = ()
    reviews: Mapping[str, bool] = field(default_factory=dict)
    real_time: bool = False
    ask_secrets: bool = False
    faults: tuple[Fault, ...] = ()
    now: float | None = None


def when(request: Request) -> float:
    """When what is asked about happens, in seconds since the epoch."""
    return time.time() if request.now is None else request.now


def require_one_event(request: Request) -> None:
    """Raise UsageError for what belongs to another event than the one that is asked for."""
    if request.tag is not None and request.branch is not None:
        raise UsageError("An event is about a tag or about a branch, not about both.", hint="Give one of them.")
    if request.event == "schedule" and request.tag is not None:
        hint = "Leave the tag out; what is scheduled runs on the default branch."
        raise UsageError("A schedule is about no tag.", hint=hint)
    if request.prerelease and request.event != "release":
        hint = "Ask for the release, or leave it out."
        raise UsageError(
            "Only a release can be a prerelease.", hint=hint, remedies=(remedy(Act.CHOOSE_EVENT, "release"),)
        )
    if request.inputs and request.event != "workflow_dispatch":
        raise UsageError(
            "Only a dispatch has inputs.",
            hint="Ask for the dispatch, or leave them out.",
            remedies=(remedy(Act.CHOOSE_EVENT, "workflow_dispatch"),),
        )


def require_event(request: Request) -> None:
    """Raise UsageError for a request that is about no event, or about two."""
    if request.event == "release" and request.tag is None:
        raise UsageError(
            "A release belongs to a tag, and none was given.",
            hint="Name the tag.",
            remedies=(remedy(Act.CHOOSE_TAG, "v1.2.3"),),
        )
    if request.event in {None, "push"} and request.tag is None and request.branch is None:
        raise UsageError(
            "There is nothing to rehearse: no tag was given.",
            hint="Name the tag or the branch whose push is meant.",
            remedies=(remedy(Act.CHOOSE_TAG, "v1.2.3"), remedy(Act.CHOOSE_BRANCH, "main")),
        )
    require_one_event(request)
