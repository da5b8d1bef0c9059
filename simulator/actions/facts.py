"""What is known of public actions, from the dated data file resources/actions.json. Looks nothing up."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, cast


@dataclass(frozen=True, kw_only=True, slots=True)
class OldNode:
    """A major version for a Node that runners no longer have, and the first major version for a newer one."""

    node: int
    instead: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Maker:
    """An action that makes a release or a tag.

    `input` is the one for its token (None: it reads GITHUB_TOKEN); `draft` the one that keeps a release unpublished.
    """

    input: str | None
    draft: str | None = None


@functools.cache
def _facts() -> Mapping[str, Any]:
    text = files("simulator").joinpath("resources", "actions.json").read_text(encoding="utf-8")
    return cast("Mapping[str, Any]", json.loads(text))


@functools.cache
def retired() -> Mapping[str, Mapping[int, str]]:
    """Major versions that GitHub fails by itself, by owner/repo in lower case, and the page that says so."""
    return {name: {int(major): page for major, page in pages.items()} for name, pages in _facts()["retired"].items()}


def old_node(action: str, major: int) -> OldNode | None:
    """What is old about a version of an action (owner/repo in lower case), or None."""
    known = _facts()["old_node"].get(action, {})
    node = known.get(str(major))
    return OldNode(node=node, instead=known["instead"]) if node else None


def gone_branch(action: str, ref: str) -> str | None:
    """The ref to use instead of a branch that its owner no longer moves."""
    instead: str | None = _facts()["branches_gone"].get(action, {}).get(ref)
    return instead


def uploads(action: str) -> Sequence[str] | None:
    """The names of the artifacts that an action other than upload-artifact uploads; None where that is not known."""
    known = _facts()["uploads"].get(action)
    if known is not None:
        return cast("Sequence[str]", known)
    none = _facts()["no_artifacts"]
    return () if action in none or f"{action.partition('/')[0]}/" in none else None


def release_maker(action: str) -> Maker | None:
    """How an action makes a release, if it does."""
    return _maker(_facts()["releases"], action)


def tag_maker(action: str) -> Maker | None:
    """How an action pushes a tag, if it does."""
    return _maker(_facts()["tags"], action)


def _maker(table: Mapping[str, Mapping[str, str | None]], action: str) -> Maker | None:
    known = {name.lower(): facts for name, facts in table.items()}.get(action)
    return Maker(input=known["input"], draft=known.get("draft")) if known else None
