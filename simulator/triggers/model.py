"""An event as GitHub would deliver it, and the repository it happens in. Frozen; made by the rest of this part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from simulator.expressions.language import Value
from simulator.positions import Span


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFacts:
    """What GitHub knows of a run beside its event; `triggering_actor` is who ran it again, if not the actor."""

    number: int = 1
    attempt: int = 1
    triggering_actor: str | None = None
    ref_protected: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryIdentity:
    """Who the repository is on GitHub, and of its run what is not the event's.

    Ids are decimal strings; pysim derives stable ones where it cannot know them. `workflow_permissions` is the
    setting for jobs whose files give none: "read", "write" as in older repositories, None if it is not known.
    """

    owner: str
    name: str
    id: str
    owner_id: str
    visibility: str = "public"
    default_branch: str = "main"
    workflow_permissions: str | None = None
    actor: str = "pysim"
    actor_id: str = "1"
    run: RunFacts = RunFacts()

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewTag:
    """A tag that was made in the private clone alone, and the tag whose kind it has; None where there was none."""

    name: str
    annotated: bool
    like: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The commit that is rehearsed, in a private bare clone; the user's repository is never written to.

    `root` is the user's folder. `dirty` lists changed paths that the rehearsed commit does not hold.
    """

    root: Path
    clone: Path
    sha: str
    dirty: tuple[str, ...]
    snapshot: bool  # True when the folder is no git root or `--source worktree` made a commit of it
    new_tag: NewTag | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """An event: `ref` is full (refs/tags/v1), `payload` is what GITHUB_EVENT_PATH holds.

    `inputs` are the typed values of the `inputs` context; `action` is the activity type of events that have one;
    `changed` are the paths that a push of a branch changes, for `paths` filters.
    """

    name: str
    ref: str
    sha: str
    payload: Mapping[str, Value]
    inputs: Mapping[str, Value] = field(default_factory=dict)
    action: str | None = None
    changed: tuple[str, ...] = ()

    @property
    def ref_name(self) -> str:
        """The short name: `v1` of refs/tags/v1."""
        return self.ref.split("/", 2)[2] if self.ref.count("/") >= 2 else self.ref

    @property
    def ref_type(self) -> str:
        """`tag` or `branch`."""
        return "tag" if self.ref.startswith("refs/tags/") else "branch"


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """Whether an event starts a workflow; `reason` is a sentence that names the pattern that decided."""

    starts: bool
    reason: str
    span: Span | None = None
