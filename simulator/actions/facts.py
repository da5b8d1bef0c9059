"""What is known of public actions, from the dated data file resources/actions.json. Looks nothing up."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from simulator.actions.refs import version_of
from simulator.dated_facts import read_facts


@dataclass(frozen=True, kw_only=True, slots=True)
class OldNode:
    """A major version for a Node that runners no longer have, and the first major version for a newer one."""

    node: int
    instead: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Retired:
    """A version that GitHub fails by itself: the first one of later lines that it does not, and where it says so.

    `through` is the action that it uses and is failed for, as GitHub writes it (`actions/upload-artifact: v3`).
    """

    instead: str
    page: str
    through: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Maker:
    """An action that makes a release or a tag.

    `input` is the one for its token (None: it reads GITHUB_TOKEN); `draft` the one that keeps a release unpublished.
    """

    input: str | None
    draft: str | None = None


def _facts() -> Mapping[str, Any]:
    return read_facts("actions")


def retired(action: str, ref: str, now: float | None = None) -> Retired | None:
    """Whether GitHub fails an action (owner/repo in lower case) at a ref by itself, at a time or (None) by now.

    A commit counts as the version that a shipped list knows it as.
    """
    numbers = re.fullmatch(r"v?(\d+(?:\.\d+)*)", version_of(action, ref))
    if numbers is None:
        return None
    day = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}" if now is not None else None
    version = _numbers(numbers[1], 3)
    for known in _facts()["retired"].get(action, ()):
        if _numbers(known["from"]) <= version < _numbers(known["before"]) and (day is None or known["since"] <= day):
            instead = f"v{_first_that_works(action, known['before'])}"
            return Retired(instead=instead, page=known["page"], through=known.get("through", ""))
    return None


def _first_that_works(action: str, version: str) -> str:
    """A version, or where that is retired itself the first one of those behind it."""
    further = next((each["before"] for each in _facts()["retired"][action] if each["from"] == version), None)
    return version if further is None else _first_that_works(action, further)


def _numbers(version: str, wanted: int = 0) -> tuple[float, ...]:
    """The numbers of a version; those that it lacks of so many are as large as any."""
    found = [float(number) for number in version.split(".")]
    return (*found, *[math.inf] * (wanted - len(found)))


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
    if outside_effect(action) is not None:
        return ()
    return () if action in none or f"{action.partition('/')[0]}/" in none else None


def outside_effect(action: str) -> str | None:
    """What an action (owner/repo[/path] in lower case) would have done outside, where it does nothing else."""
    return _by_action("outside", action)


def refusal(action: str) -> str | None:
    """Why an action (owner/repo[/path] in lower case) is not run, if so."""
    return _by_action("refused", action)


def signing_scopes(action: str) -> Sequence[str]:
    """What the token of a job must be allowed to write for an action that signs; none for one that does not."""
    return cast("Sequence[str]", _facts()["signs"].get(action, ()))


def missing_tag(action: str, ref: str) -> bool:
    """Whether a ref is a short tag (`v8`) of an action whose owner makes full ones alone (`v8.0.0`)."""
    known = _facts()["full_tags"].get(action)
    numbers = re.fullmatch(r"v(\d+(?:\.\d+)*)", ref)
    if known is None or numbers is None:
        return False
    parts = numbers[1].split(".")
    first, numbers_wanted = int(known["from"]), int(known["numbers"])
    return int(parts[0]) >= first and len(parts) < numbers_wanted


def newest_branch(action: str) -> str | None:
    """The branch on which an action without short tags keeps its newest release, if it has one."""
    branch: str | None = _facts()["full_tags"].get(action, {}).get("branch")
    return branch


def known_actions() -> frozenset[str]:
    """Every action that the data file names, in lower case."""
    tables = ("retired", "old_node", "branches_gone", "uploads", "releases", "tags", "full_tags", "outside", "refused")
    names = {name.lower() for table in tables for name in _facts()[table]}
    return frozenset(names | {name for name in _facts()["no_artifacts"] if not name.endswith("/")})


def release_maker(action: str) -> Maker | None:
    """How an action makes a release, if it does."""
    return _maker(_facts()["releases"], action)


def tag_maker(action: str) -> Maker | None:
    """How an action pushes a tag, if it does."""
    return _maker(_facts()["tags"], action)


def _by_action(table: str, action: str) -> str | None:
    repository = "/".join(action.split("/")[:2])
    found: str | None = _facts()[table].get(action) or _facts()[table].get(repository)
    return found


def _maker(table: Mapping[str, Mapping[str, str | None]], action: str) -> Maker | None:
    known = {name.lower(): facts for name, facts in table.items()}.get(action)
    return Maker(input=known["input"], draft=known.get("draft")) if known else None
