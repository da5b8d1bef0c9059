"""The parts of GitHub's webhook payloads, made from a clone with the real git.

Knows the shape of the objects; `events` puts them together. The shapes are those that GitHub Actions sees: commits
without `added`, `removed` and `modified` (GitHub's changelog of 2019-10-16).
"""

from __future__ import annotations

import base64
from pathlib import Path

from simulator.expressions.language import Value
from simulator.git_command import in_own_repository
from simulator.triggers.git import object_of
from simulator.triggers.model import RepositoryIdentity

Payload = dict[str, Value]

MAX_COMMITS = 2048  # GitHub's limit for the commits of one push
_FIELDS = ("%H", "%T", "%cI", "%an", "%ae", "%cn", "%ce", "%B")


def url_of(identity: RepositoryIdentity) -> str:
    """The repository's page."""
    return f"https://github.com/{identity.full_name}"


def _api_url_of(identity: RepositoryIdentity) -> str:
    return f"https://api.github.com/repos/{identity.full_name}"


def _node_id(kind: str, number: str) -> str:
    return base64.b64encode(f"0:{kind}{number}".encode()).decode()


def user(login: str, number: str) -> Payload:
    """A user object."""
    return {
        "login": login,
        "id": int(number),
        "node_id": _node_id("User", number),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "url": f"https://api.github.com/users/{login}",
        "html_url": f"https://github.com/{login}",
        "type": "User",
        "site_admin": False,
    }


def sender(identity: RepositoryIdentity) -> Payload:
    """Who made the event."""
    return user(identity.actor, identity.actor_id)


def repository(identity: RepositoryIdentity) -> Payload:
    """The repository object, without most of its URLs."""
    return {
        "id": int(identity.id),
        "node_id": _node_id("Repository", identity.id),
        "name": identity.name,
        "full_name": identity.full_name,
        "private": identity.visibility != "public",
        "owner": user(identity.owner, identity.owner_id),
        "html_url": url_of(identity),
        "description": None,
        "fork": False,
        "url": _api_url_of(identity),
        "git_url": f"git://github.com/{identity.full_name}.git",
        "ssh_url": f"git@github.com:{identity.full_name}.git",
        "clone_url": f"{url_of(identity)}.git",
        "archived": False,
        "disabled": False,
        "topics": [],
        "visibility": identity.visibility,
        "default_branch": identity.default_branch,
    }


def commits(clone: Path, identity: RepositoryIdentity, *revisions: str, limit: int = MAX_COMMITS) -> list[Payload]:
    """The commits that `git log` names for the revisions, oldest first, at most the newest `limit`."""
    form = "%x00".join(_FIELDS)
    words = ("log", "-z", "--no-show-signature", f"--max-count={limit}", f"--format={form}", *revisions, "--")
    fields = in_own_repository(clone).run(*words).stdout.decode("utf-8", "replace").split("\0")
    size = len(_FIELDS)
    rows = [fields[start : start + size] for start in range(0, len(fields) - size + 1, size)]
    return [_commit(identity, row) for row in reversed(rows)]


def head_commit(clone: Path, identity: RepositoryIdentity, sha: str) -> Payload:
    """One commit."""
    return commits(clone, identity, sha, limit=1)[0]


def _commit(identity: RepositoryIdentity, row: list[str]) -> Payload:
    sha, tree, date, author, author_email, committer, committer_email, message = row
    return {
        "id": sha,
        "tree_id": tree,
        "distinct": True,
        "message": message.rstrip("\n"),
        "timestamp": date.replace("+00:00", "Z"),
        "url": f"{url_of(identity)}/commit/{sha}",
        "author": {"name": author, "email": author_email},
        "committer": {"name": committer, "email": committer_email},
    }


def release(clone: Path, identity: RepositoryIdentity, tag: str, *, sha: str, number: str, prerelease: bool) -> Payload:
    """A release object of an existing tag, without assets; its dates are the commit's."""
    date = head_commit(clone, identity, sha)["timestamp"]
    api, page = _api_url_of(identity), url_of(identity)
    return {
        "id": int(number),
        "node_id": _node_id("Release", number),
        "url": f"{api}/releases/{number}",
        "html_url": f"{page}/releases/tag/{tag}",
        "upload_url": f"https://uploads.github.com/repos/{identity.full_name}/releases/{number}/assets{{?name,label}}",
        "tarball_url": f"{api}/tarball/{tag}",
        "zipball_url": f"{api}/zipball/{tag}",
        "tag_name": tag,
        "target_commitish": identity.default_branch,
        "name": tag,
        "body": "",
        "draft": False,
        "prerelease": prerelease,
        "immutable": False,
        "created_at": date,
        "published_at": date,
        "author": sender(identity),
        "assets": [],
    }


def pushed_object(clone: Path, ref: str, sha: str) -> str:
    """What a push of the ref brings: the tag object of an annotated tag, else the commit."""
    return object_of(ref, repository=clone) or sha
