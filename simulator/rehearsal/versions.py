"""Whether the tag and the built files agree on the version."""

from __future__ import annotations

import re
from collections.abc import Sequence

from packaging.version import InvalidVersion, Version

from simulator.findings import Finding, Severity
from simulator.rehearsal.distributions import Distribution

_PREFIX = re.compile(r"^(?:.*[-_/@])?[vV]?(?=\d)")


def tag_version(tag: str) -> Version | None:
    """The version that a tag names: `v1.0.0-alpha` is 1.0.0a0, `pkg-v1.2` is 1.2; None when it names none."""
    for text in (tag.removeprefix("v"), _PREFIX.sub("", tag, count=1)):
        try:
            return Version(text)
        except InvalidVersion:
            continue
    return None


def check_versions(tag: str, distributions: Sequence[Distribution]) -> tuple[Finding, ...]:
    """A finding for each project whose files do not carry the tag's version."""
    expected = tag_version(tag)
    if expected is None:
        return ()
    findings: list[Finding] = []
    seen: set[tuple[str, str]] = set()
    for found in distributions:
        if (found.project, found.version) in seen or _same(found.version, expected):
            continue
        seen.add((found.project, found.version))
        findings.append(
            Finding(
                code="version-mismatch",
                severity=Severity.ERROR,
                message=f"The tag {tag} says version {expected}, but {found.project} was built as {found.version}",
                where=found.filename,
                would_show=f"The release would publish {found.project} {found.version} under the tag {tag}.",
                hint=f"Set the version of {found.project} to {expected} and commit it, or tag v{found.version}.",
            )
        )
    return tuple(findings)


def _same(version: str, expected: Version) -> bool:
    try:
        return Version(version) == expected
    except InvalidVersion:
        return False
