"""Versions and ranges in the npm notation that setup-python uses, for the part of it that Python versions need.

Source: the grammar of node-semver ranges. Knows no interpreter and no input.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

Triple = tuple[int, int, int]
VERSION = re.compile(r"[v=\s]*(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?")
PARTIAL = re.compile(r"(\d+|[xX*])(?:\.(\d+|[xX*])(?:\.(\d+|[xX*])(?:-([0-9A-Za-z.-]+))?(?:\+\S*)?)?)?")
SIMPLE = re.compile(rf"(?P<operator>~>?|\^|[<>]?=?)[v=\s]*(?P<partial>{PARTIAL.pattern})")
HYPHEN = re.compile(r"^\s*(\S+)\s+-\s+(\S+)\s*$")
LOWEST = "0"  # the prerelease that comes before all others


@dataclass(frozen=True, slots=True)
class Version:
    """A version; `prerelease` is "" for a release."""

    release: Triple
    prerelease: str = ""

    def __str__(self) -> str:
        text = ".".join(map(str, self.release))
        return f"{text}-{self.prerelease}" if self.prerelease else text

    @property
    def key(self) -> tuple[Triple, bool, list[tuple[bool, int, str]]]:
        """What versions are ordered by: a release comes after its prereleases, numbers before words."""
        words = [(not w.isdecimal(), int(w) if w.isdecimal() else 0, w) for w in self.prerelease.split(".")]
        return self.release, not self.prerelease, words


@dataclass(frozen=True, slots=True)
class Bound:
    """One side of a range: `at_least` and the version, or below it."""

    at_least: bool
    version: Version

    def holds(self, version: Version) -> bool:
        return (version.key >= self.version.key) is self.at_least


Range = list[list[Bound]]  # any of the lists, all bounds of one


def parse_version(text: str) -> Version | None:
    """A full version such as 3.12.1, 3.14.0-rc.1 or Python's own 3.14.0rc1; None for anything else."""
    found = VERSION.fullmatch(re.sub(r"^(\d+\.\d+\.\d+)(a|b|rc)(\d+)$", r"\1-\2.\3", text.strip()))
    if not found:
        return None
    return Version((int(found[1]), int(found[2]), int(found[3])), found[4] or "")


def parse_range(text: str) -> Range | None:
    """A range, or None when the text is none."""
    alternatives = [_alternative(part) for part in text.split("||")]
    known = [bounds for bounds in alternatives if bounds is not None]
    return known if len(known) == len(alternatives) else None


def best(wanted: Range, versions: Iterable[Version]) -> Version | None:
    """The highest version in a range."""
    fitting = [version for version in versions if any(_fits(version, bounds) for bounds in wanted)]
    return max(fitting, key=lambda version: version.key, default=None)


def from_python(spec: str, *, allow_prereleases: bool) -> tuple[str, bool]:
    """A python-version input in npm's notation, and whether it asks for the free-threaded build (3.13t)."""
    found = re.fullmatch(r"(\d+\.\d+(?:\.\d+)?)t(-dev)?", spec)
    spec, free = (found[1] + (found[2] or ""), True) if found else (spec, False)
    spec = re.sub(r"^(\d+)\.(\d+)-dev$", r"~\1.\2.0-0", spec)
    spec = re.sub(r"(\d+\.\d+\.\d+)((?:a|b|rc)\d*)", r"\1-\2", spec)
    if allow_prereleases:
        spec = re.sub(r"^(\d+)\.(\d+)$", r"~\1.\2.0-0", spec)
    return spec, free


def _fits(version: Version, bounds: list[Bound]) -> bool:
    """npm's rule: a prerelease fits only where the range itself names a prerelease of the same release."""
    if not all(bound.holds(version) for bound in bounds):
        return False
    named = {bound.version.release for bound in bounds if bound.version.prerelease}
    return not version.prerelease or version.release in named


def _alternative(text: str) -> list[Bound] | None:
    hyphen = HYPHEN.match(text)
    if hyphen:
        text = f">={hyphen[1]} <={hyphen[2]}"
    text = re.sub(r"([~^<>=])\s+", r"\1", text.strip())
    bounds: list[Bound] = []
    for word in text.split() or ["*"]:
        found = SIMPLE.fullmatch(word)
        if not found:
            return None
        bounds += _bounds(found["operator"], found["partial"])
    return bounds


def _bounds(operator: str, partial: str) -> list[Bound]:
    found = PARTIAL.fullmatch(partial)
    assert found
    numbers = [int(part) for part in _known(found.groups()[:3])]
    low = Version(_triple(numbers), found[4] or "")
    if not numbers:
        return [Bound(at_least=True, version=Version((0, 0, 0)))]
    if operator == "^":
        return [Bound(at_least=True, version=low), _below(numbers[:1])]
    if operator.startswith("~"):
        return [Bound(at_least=True, version=low), _below(numbers[:2])]
    whole = len(numbers) == 3
    after = _next_after(low) if whole else _below(numbers).version
    return {
        ">=": [Bound(at_least=True, version=low)],
        "<": [Bound(at_least=False, version=low if whole else Version(low.release, LOWEST))],
        ">": [Bound(at_least=True, version=after if whole else Version(after.release))],
        "<=": [Bound(at_least=False, version=after)],
    }.get(operator, [Bound(at_least=True, version=low), Bound(at_least=False, version=after)])


def _known(parts: tuple[str | None, ...]) -> list[str]:
    known: list[str] = []
    for part in parts:
        if part is None or part in "xX*":
            break
        known.append(part)
    return known


def _triple(numbers: list[int]) -> Triple:
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return major, minor, patch


def _below(numbers: list[int]) -> Bound:
    """Below the next version that differs in the last of the given numbers, its prereleases excluded too."""
    return Bound(at_least=False, version=Version(_triple([*numbers[:-1], numbers[-1] + 1]), LOWEST))


def _next_after(version: Version) -> Version:
    """The least version after a full one."""
    if version.prerelease:
        return Version(version.release, f"{version.prerelease}.0")
    major, minor, patch = version.release
    return Version((major, minor, patch + 1), LOWEST)
