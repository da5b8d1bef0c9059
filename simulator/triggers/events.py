"""Events as GitHub would deliver them: pushes, a manual start, a schedule, a release. One function an event.

Made from a `Source` with the real git; says what happens, never which workflow it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

from simulator.errors import UsageError
from simulator.expressions.language import Value
from simulator.git_command import in_own_repository
from simulator.spelling import suggest
from simulator.triggers import payloads
from simulator.triggers.git import branches, commit_of
from simulator.triggers.git_folder import GitFolder
from simulator.triggers.inputs import type_inputs
from simulator.triggers.model import Event, RepositoryIdentity, Source
from simulator.triggers.repository import is_git_root, stable_id
from simulator.workflow.model import Workflow

ReleaseAction = Literal["published", "unpublished", "created", "edited", "deleted", "prereleased", "released"]
RELEASE_ACTIONS: Final[tuple[ReleaseAction, ...]] = get_args(ReleaseAction)


def push_tag(identity: RepositoryIdentity, source: Source, tag: str) -> Event:
    """The push of a new tag; the tag is in the clone. `sha` is the commit, `after` an annotated tag's own object."""
    ref = f"refs/tags/{tag}"
    at_tip = [name for name, tip in branches(repository=source.clone).items() if tip == source.sha]
    base = identity.default_branch if identity.default_branch in at_tip else next(iter(at_tip), None)
    payload = _push(
        identity,
        source,
        ref,
        before="0" * len(source.sha),
        compare=f"compare/{tag}",
        base_ref=base and f"refs/heads/{base}",
        commits=[],
    )
    return Event(name="push", ref=ref, sha=source.sha, payload=payload)


def create_tag(identity: RepositoryIdentity, source: Source, tag: str) -> Event:
    """The creation of a tag, which comes with its push; `ref` of its payload is the short name."""
    payload: payloads.Payload = {
        "ref": tag,
        "ref_type": "tag",
        "full_ref": f"refs/tags/{tag}",
        "master_branch": identity.default_branch,
        "description": None,
        "pusher_type": "user",
        "repository": payloads.repository(identity),
        "sender": payloads.sender(identity),
    }
    return Event(name="create", ref=f"refs/tags/{tag}", sha=source.sha, payload=payload)


def push_branch(identity: RepositoryIdentity, source: Source, branch: str) -> Event:
    """The push of a branch: what it has beyond `origin`'s, or its last commit where that is not known or is equal."""
    zeros = "0" * len(source.sha)
    before = _remote_tip(source, branch) or commit_of(f"{source.sha}^", repository=source.clone)
    new = (f"{before}..{source.sha}",) if before else (source.sha,)
    payload = _push(
        identity,
        source,
        f"refs/heads/{branch}",
        before=before or zeros,
        compare=f"compare/{before[:12]}...{source.sha[:12]}" if before else f"compare/{branch}",
        base_ref=None,
        commits=list(payloads.commits(source.clone, identity, *new)),
    )
    changed = _changed(source, before)
    return Event(name="push", ref=f"refs/heads/{branch}", sha=source.sha, payload=payload, changed=changed)


def _push(
    identity: RepositoryIdentity,
    source: Source,
    ref: str,
    *,
    before: str,
    compare: str,
    base_ref: str | None,
    commits: list[Value],
) -> payloads.Payload:
    created = not before.strip("0")
    forced = (
        not created
        and in_own_repository(source.clone).run("merge-base", "--is-ancestor", before, source.sha, check=False).code
        != 0
    )
    return {
        "ref": ref,
        "before": before,
        "after": payloads.pushed_object(source.clone, ref, source.sha),
        "base_ref": base_ref,
        "created": created,
        "deleted": False,
        "forced": forced,
        "compare": f"{payloads.url_of(identity)}/{compare}",
        "commits": commits,
        "head_commit": payloads.head_commit(source.clone, identity, source.sha),
        "repository": payloads.repository(identity),
        "pusher": {"name": identity.actor, "email": f"{identity.actor}@users.noreply.github.com"},
        "sender": payloads.sender(identity),
    }


def _remote_tip(source: Source, branch: str) -> str | None:
    """Where the user's repository last saw the branch at `origin`, when that is another commit of the clone."""
    if not is_git_root(source.root):
        return None
    seen = GitFolder.of(source.root).refs.get(f"refs/remotes/origin/{branch}")
    return seen if seen and seen != source.sha and commit_of(seen, repository=source.clone) else None


def _changed(source: Source, before: str | None) -> tuple[str, ...]:
    """Paths that differ between the two ends of a push; all files of a first commit."""
    ends = (before, source.sha) if before else ("--root", source.sha)
    words = ("diff-tree", "-z", "-r", "--name-only", "--no-commit-id", "--no-renames", *ends)
    listing = in_own_repository(source.clone).run(*words).stdout.decode("utf-8", "surrogateescape")
    return tuple(path for path in listing.split("\0") if path)


def workflow_dispatch(
    identity: RepositoryIdentity, source: Source, workflow: Workflow, *, ref: str, inputs: Mapping[str, str]
) -> Event:
    """A manual start of a workflow on a full ref. Raises UsageError for inputs that it does not take."""
    trigger = workflow.triggers.get("workflow_dispatch")
    declared = trigger.inputs if trigger else {}
    values, texts = type_inputs(declared, inputs)
    payload: payloads.Payload = {
        "inputs": texts if declared else None,
        "ref": ref,
        "repository": payloads.repository(identity),
        "sender": payloads.sender(identity),
        "workflow": workflow.path,
    }
    return Event(name="workflow_dispatch", ref=ref, sha=source.sha, payload=payload, inputs=values)


def schedule(identity: RepositoryIdentity, source: Source, workflow: Workflow, *, branch: str) -> Event:
    """The first time of a workflow's schedule, which GitHub keeps for the default branch alone.

    The payload names the schedule, and neither who pushed nor a commit.
    """
    trigger = workflow.triggers.get("schedule")
    crons = trigger.crons if trigger else ()
    payload: payloads.Payload = {
        "schedule": crons[0].value if crons else None,
        "repository": payloads.repository(identity),
        "workflow": workflow.path,
    }
    return Event(name="schedule", ref=f"refs/heads/{branch}", sha=source.sha, payload=payload)


def release(
    identity: RepositoryIdentity, source: Source, tag: str, *, action: str = "published", prerelease: bool = False
) -> Event:
    """A release of a tag of the clone. Raises UsageError for an activity type that a release does not have.

    A release that is `published` is a pre-release when `prerelease` is set; `prereleased` and `released` say it.
    """
    if action not in RELEASE_ACTIONS:
        raise UsageError(f"A release has no activity type {action}.", hint=suggest(action, RELEASE_ACTIONS))
    number = stable_id(f"{identity.full_name}/releases/{tag}")
    flag = {"prereleased": True, "released": False}.get(action, prerelease)
    payload: payloads.Payload = {
        "action": action,
        "release": payloads.release(source.clone, identity, tag, sha=source.sha, number=number, prerelease=flag),
        "repository": payloads.repository(identity),
        "sender": payloads.sender(identity),
    }
    return Event(name="release", ref=f"refs/tags/{tag}", sha=source.sha, payload=payload, action=action)
