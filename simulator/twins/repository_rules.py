"""GitHub's rules for branches, tags and releases of the rehearsed repository, as they are declared, in its own words.

The words are those of GitHub's refusals: of a push `GH013`, of the API "Repository rule violations found". Knows no
protocol and no git.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from simulator.twins.base import Ruleset
from simulator.twins.callers import Caller

DECLINED: Final = "push declined due to repository rule violations"
FOUND: Final = "Repository rule violations found"
BOT: Final = "github-actions"
_NO_CREATION: Final = "Cannot create ref due to creations being restricted."
_ZEROS: Final = re.compile(r"0+")


@dataclass(frozen=True, kw_only=True, slots=True)
class RefUpdate:
    """A change of a ref: `before` is None for a new one, `after` for one that goes; `forced` is no fast forward."""

    ref: str
    before: str | None
    after: str | None
    forced: bool = False


def update(ref: str, before: str, after: str, *, forced: bool = False) -> RefUpdate:
    """The change of a command of git's protocol, where zeros stand for no object."""
    old, new = (None if _ZEROS.fullmatch(sha) else sha for sha in (before, after))
    return RefUpdate(ref=ref, before=old, after=new, forced=forced)


@dataclass(kw_only=True, slots=True)
class RepositoryRules:
    """What is declared, and the tags of immutable releases: those that are there, and those that were deleted."""

    rulesets: Sequence[Ruleset] = ()
    default_branch: str = "main"
    private: bool = False
    immutable_releases: bool = False
    held: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)

    def violations(self, change: RefUpdate, caller: Caller) -> Sequence[str]:
        """GitHub's sentences about a change that a caller may not make."""
        found = list(self._of_releases(change))
        for ruleset in self.rulesets:
            if covers(ruleset, change.ref, self.default_branch) and not _passes(ruleset, caller):
                found += _broken(ruleset, change)
        return list(dict.fromkeys(found))

    @property
    def says_anything(self) -> bool:
        """Whether any change may be declined."""
        return bool(self.rulesets or self.immutable_releases)

    def asks_for_history(self, ref: str) -> bool:
        """Whether a rule for a ref wants to know whether a change is a fast forward."""
        return any(
            "non_fast_forward" in each.rules and covers(each, ref, self.default_branch) for each in self.rulesets
        )

    def protects(self, branch: str) -> bool:
        """Whether a ruleset is about a branch."""
        return any(covers(ruleset, f"refs/heads/{branch}", self.default_branch) for ruleset in self.rulesets)

    def _of_releases(self, change: RefUpdate) -> Iterator[str]:
        tag = change.ref.removeprefix("refs/tags/")
        if tag == change.ref:
            return
        if tag in self.used and change.before is None:
            yield _NO_CREATION
        if tag in self.held and change.before is not None:
            yield "Cannot delete this tag" if change.after is None else "Cannot update this protected ref."


def covers(ruleset: Ruleset, ref: str, default_branch: str) -> bool:
    """Whether a ruleset is about a ref: GitHub's patterns are of whole refs, `~ALL` and `~DEFAULT_BRANCH`."""
    head = "refs/tags/" if ruleset.target == "tag" else "refs/heads/"
    if not ref.startswith(head):
        return False

    def fits(pattern: str) -> bool:
        if pattern == "~ALL":
            return True
        if pattern == "~DEFAULT_BRANCH":
            return ref == f"refs/heads/{default_branch}"
        return _fits(ref.removeprefix(head), pattern.removeprefix(head))

    return any(map(fits, ruleset.include)) and not any(map(fits, ruleset.exclude))


def _fits(name: str, pattern: str) -> bool:
    """Ruby's File.fnmatch with FNM_PATHNAME, by which GitHub matches: `*` ends at a slash, `**/` does not."""
    parts, patterns = name.split("/"), pattern.split("/")
    if patterns[0] == "**" and len(patterns) > 1:
        return any(_fits("/".join(parts[at:]), "/".join(patterns[1:])) for at in range(len(parts)))
    if not fnmatch.fnmatchcase(parts[0], patterns[0].replace("**", "*")):
        return False
    if len(parts) == 1 or len(patterns) == 1:
        return len(parts) == len(patterns)
    return _fits("/".join(parts[1:]), "/".join(patterns[1:]))


def _passes(ruleset: Ruleset, caller: Caller) -> bool:
    """Whether a caller is on the bypass list. What a token of the user's own may, nobody tells here: it is let pass."""
    return bool(ruleset.bypass) if caller.user else BOT in ruleset.bypass


def _broken(ruleset: Ruleset, change: RefUpdate) -> Iterator[str]:
    kind = "tag" if ruleset.target == "tag" else "branch"
    for rule in ruleset.rules:
        if rule == "creation" and change.before is None:
            yield _NO_CREATION
        elif rule == "deletion" and change.after is None:
            yield f"Cannot delete this {kind}"
        elif change.after is None or (change.before is None and rule != "required_signatures"):
            continue
        elif rule == "update":
            yield "Cannot update this protected ref."
        elif rule == "non_fast_forward" and change.forced:
            yield f"Cannot force-push to this {kind}"
        elif rule == "pull_request":
            yield "Changes must be made through a pull request."
        elif rule == "required_signatures":
            yield "Commits must have verified signatures."
        elif rule == "required_status_checks":
            yield "Required status checks are expected."


def said_to_git(ref: str, violations: Sequence[str], page: str) -> str:
    """What git shows behind `remote:`; `page` is the repository's."""
    rows = "".join(f"- {each}\n\n" for each in violations)
    review = f"Review all repository rules at {page}/rules?ref={quote(ref, safe='')}"
    return f"error: GH013: {FOUND} for {ref}.\n{review}\n\n{rows}"


def said_by_api(violations: Sequence[str]) -> str:
    """The message of the API's 422."""
    return "".join([f"{FOUND}\n\n", *(f"{each}\n\n" for each in violations)])
