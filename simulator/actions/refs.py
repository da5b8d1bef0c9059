"""Whether an action's repository has a tag or branch, as far as a list of them tells. Looks nothing up.

Lists are shipped in resources/refs.json, each with its date, or come from the repository itself.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from simulator.dated_facts import read_facts
from simulator.spelling import is_slip

State = Literal["there", "absent", "unknown"]

FRESH_SECONDS: Final = 24 * 3600
"""How long a list that the repository gave holds all that there is."""
_YEAR: Final = 365 * 24 * 3600
_AHEAD: Final = 2  # majors that an owner may make soon after a list was made, beside one a year
_SHORT_COMMIT: Final = re.compile(r"(?=.*[a-f])(?=.*\d)[0-9a-f]{7,39}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_VERSION: Final = re.compile(r"v?\d+(?:\.\d+)*")
_CUSTOMARY: Final = frozenset({"latest", "master", "stable"})
"""Names that a list has where there is such a ref, and that nobody gives later."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refs:
    """The tags and branches of a repository at a time, in seconds since the epoch.

    `commits` are by the short name of the ref, 40 digits or the first ones, "" where that is not known. A list that is
    `whole` names every ref; another one every tag, and the branches that look like a line of releases.
    """

    commits: Mapping[str, str]
    at: float
    whole: bool

    @property
    def date(self) -> str:
        """The day of the list, such as 2026-07-24."""
        return f"{datetime.fromtimestamp(self.at, UTC):%Y-%m-%d}"


@dataclass(frozen=True, kw_only=True, slots=True)
class RefState:
    """Whether a ref is there; `why` that is sure of one that is absent, or not known, and the nearest that is there."""

    state: State
    why: str = ""
    nearest: str | None = None


@functools.cache
def shipped_refs(repository: str) -> Refs | None:
    """The shipped list of a repository (owner/repo in lower case)."""
    known = read_facts("refs")["repositories"].get(repository)
    if known is None:
        return None
    tags = known["tags"]
    commits = tags if isinstance(tags, dict) else dict.fromkeys(tags, "")
    at = datetime.fromisoformat(known["retrieved"]).replace(tzinfo=UTC).timestamp()
    return Refs(commits={**dict.fromkeys(known["branches"], ""), **commits}, at=at, whole=False)


def version_of(repository: str, ref: str) -> str:
    """The version that a shipped list knows a commit as, the one of most numbers; any other ref is its own."""
    listed = shipped_refs(repository) if _COMMIT.fullmatch(ref) else None
    commits = listed.commits if listed is not None else {}
    names = [name for name, commit in commits.items() if commit and ref.startswith(commit) and _VERSION.fullmatch(name)]
    return max(names, key=lambda name: (len(_numbers(name)), _numbers(name)), default=ref)


def state_of(ref: str, refs: Refs, now: float) -> RefState:
    """What a list says of a ref at a time; of a commit nothing but that it is that of a ref."""
    short = ref.removeprefix("refs/tags/").removeprefix("refs/heads/")
    if short in refs.commits:
        return RefState(state="there")
    if _COMMIT.fullmatch(ref):
        known = any(commit and ref.startswith(commit) for commit in refs.commits.values())
        return RefState(state="there" if known else "unknown", why=_of_then(refs))
    if _SHORT_COMMIT.fullmatch(ref):
        return RefState(state="absent", why="a shortened commit SHA is not supported")
    if refs.whole and now - refs.at < FRESH_SECONDS:
        return RefState(state="absent", why=_no_such(refs), nearest=_nearest(short, refs))
    if ref.startswith("refs/") or not _surely_absent(short, refs, now):
        return RefState(state="unknown", why=_of_then(refs))
    return RefState(state="absent", why=_no_such(refs), nearest=_nearest(short, refs))


def absent_words(uses: str, state: RefState) -> tuple[str, str]:
    """What is to be said of an action at a ref that is absent, and the hint."""
    name, _, ref = uses.partition("@")
    hint = f"Write {name}@{state.nearest}, the nearest that it has." if state.nearest else "Look at its tags."
    if _SHORT_COMMIT.fullmatch(ref):
        hint = "Write all 40 digits."
    return f"GitHub cannot resolve {uses}: {state.why}", hint


def _of_then(refs: Refs) -> str:
    return f"the list of its tags and branches that is at hand is of {refs.date}"


def _no_such(refs: Refs) -> str:
    return f"it has no such tag or branch (as of {refs.date})"


def _surely_absent(ref: str, refs: Refs, now: float) -> bool:
    """Whether a ref that a list does not name is none that was made since."""
    if ref in _CUSTOMARY or any(is_slip(ref, name) and _numbers(ref) == _numbers(name) for name in refs.commits):
        return True
    alike = [_numbers(name) for name in refs.commits if _form(name) == _form(ref)]
    if alike and _numbers(ref):
        return _never_made(_numbers(ref), alike, refs, now)
    versions = [name for name in refs.commits if _VERSION.fullmatch(name)]
    if not (_VERSION.fullmatch(ref) and versions):
        return False
    newest = max(_numbers(name)[0] for name in versions)
    return _form(_other_spelling(ref)) in set(map(_form, versions)) or _numbers(ref)[0] <= newest


def _never_made(numbers: Sequence[int], alike: Sequence[Sequence[int]], refs: Refs, now: float) -> bool:
    """Whether nobody makes a version with these numbers, beside those of the same form that there are.

    Versions are made upwards: none below another one of its line is made later, and majors come one by one.
    """
    newest = max(each[0] for each in alike)
    if numbers[0] > newest + _AHEAD + max(0.0, now - refs.at) // _YEAR:
        return True
    line = [each[-1] for each in alike if each[:-1] == numbers[:-1]]
    return bool(line) and numbers[-1] < max(line)


def _nearest(ref: str, refs: Refs) -> str | None:
    """The ref that was probably meant: spelt alike, else the version that shares the most, else the newest."""
    names = list(refs.commits)
    slips = [name for name in names if _numbers(ref) == _numbers(name) and is_slip(ref, name)]
    if slips:
        return min(slips, key=lambda name: (abs(len(name) - len(ref)), name))
    if _other_spelling(ref) in refs.commits:
        return _other_spelling(ref)
    versions = [name for name in names if _VERSION.fullmatch(name)]
    wanted = _numbers(ref)
    near = [name for name in versions if wanted and _shared(_numbers(name), wanted)]
    alike = [name for name in near if _form(name) == _form(ref)]
    if alike or near:
        return max(alike or near, key=lambda name: (_shared(_numbers(name), wanted), _numbers(name)))
    branches = [name for name in ("main", "master") if name in refs.commits]
    if ref in {"main", "master"} and branches:
        return branches[0]
    majors = [name for name in versions if len(_numbers(name)) == 1 and name[0] == "v"] or versions
    majors = [name for name in names if re.fullmatch(r"release/v\d+", name)] or majors
    return max(majors, key=_numbers, default=None)


def _form(ref: str) -> str:
    return re.sub(r"\d+", "0", ref)


def _numbers(ref: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d{1,9}", ref))


def _shared(one: Iterable[int], other: Iterable[int]) -> int:
    """How many numbers two versions begin with alike."""
    count = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        count += 1
    return count


def _other_spelling(ref: str) -> str:
    """The same version with a `v`, or without."""
    return ref.removeprefix("v") if ref.startswith("v") else f"v{ref}"
