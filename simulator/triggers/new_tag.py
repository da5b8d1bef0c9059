"""Makes the tag that is rehearsed in the private clone, of the kind that the repository's other version tags are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from simulator.errors import UsageError
from simulator.git_command import in_own_repository
from simulator.triggers.git import commit_of, object_of
from simulator.triggers.model import NewTag

WHO: Final = {"NAME": "pysim", "EMAIL": "pysim@users.noreply.github.com"}
_VERSION: Final = re.compile(r"(.*?)v?\d+(?:[._]\d+)+[.\w+-]*", re.IGNORECASE | re.DOTALL)
"""The name of a version tag: `v1.2`, `1.2.0rc1`, `core-v1.2.0`, with what stands before the version. Not `v1`, which is
moved from release to release, lightweight also where the tags of releases are not."""


def make_tag(clone: Path, tag: str, sha: str) -> NewTag | None:
    """Make the tag lead to the commit; None when it does already. Raises UsageError.

    A tag that is moved keeps its kind, and a new one is what the newest version tag is. Where there is none it is
    annotated, as git's manual wants the tags of releases.
    """
    if commit_of(f"refs/tags/{tag}", repository=clone) == sha:
        return None
    moved = object_of(f"refs/tags/{tag}", repository=clone) is not None
    like = tag if moved else newest_version_tag(clone, tag)
    annotated = like is None or _kind(clone, like) == "tag"
    target = _tag_object(clone, tag, sha) if annotated else sha
    done = in_own_repository(clone).run("update-ref", f"refs/tags/{tag}", target, check=False)
    if done.code != 0:
        raise UsageError(f"git cannot make the tag {tag}: {done.complaint}", hint="Name the tag like v1.2.3.")
    return None if moved else NewTag(name=tag, annotated=annotated, like=like)


def newest_version_tag(clone: Path, tag: str) -> str | None:
    """The version tag that was made last; one with the same words before its version goes first."""
    words = ("for-each-ref", "--sort=-version:refname", "--sort=-creatordate", "--format=%(refname:strip=2)")
    listed = (in_own_repository(clone).answer(*words, "refs/tags/") or "").splitlines()
    named = [(match[1], name) for name in listed if (match := _VERSION.fullmatch(name))]
    own = _VERSION.fullmatch(tag)
    same = (name for before, name in named if own and before == own[1])
    return next(same, named[0][1] if named else None)


def _kind(clone: Path, tag: str) -> str | None:
    return in_own_repository(clone).answer("cat-file", "-t", f"refs/tags/{tag}")


def _tag_object(clone: Path, tag: str, sha: str) -> str:
    """An annotated tag's object: equal for the same name and commit, dated as the commit."""
    git = in_own_repository(clone)
    when = git.run("show", "--no-patch", "--format=%ct", sha).text
    who = f"{WHO['NAME']} <{WHO['EMAIL']}> {when} +0000"
    text = f"object {sha}\ntype commit\ntag {tag}\ntagger {who}\n\n{tag}\n"
    return git.run("mktag", stdin=text.encode()).text
