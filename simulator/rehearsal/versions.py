"""Whether the tag and the built files agree on the version."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.rehearsal.distributions import Distribution

_SEPARATOR = re.compile(r"[-_/@]")


def tag_version(tag: str) -> Version | None:
    """The version that a tag names: `v1.0.0-alpha` is 1.0.0a0, `pkg-v1.2` is 1.2; None when it names none."""
    return next((version for _, version in _readings(tag)), None)


def _readings(tag: str) -> Iterator[tuple[str, Version]]:
    """Every way to read a tag as a prefix (with a letter in it) and a version, the shortest prefix first."""
    starts = [0, *(match.end() for match in _SEPARATOR.finditer(tag))]
    for start in starts:
        prefix, text = tag[:start].rstrip("-_/@"), tag[start:]
        if start and not re.search(r"[A-Za-z]", prefix):
            continue
        try:
            yield prefix, Version(re.sub(r"^[vV](?=\d)", "", text))
        except InvalidVersion:
            continue


def check_versions(
    tag: str, distributions: Sequence[Distribution], places: Mapping[str, Span] | None = None
) -> tuple[Finding, ...]:
    """A finding for each project whose files do not carry the tag's version.

    `places` says where the projects (normalised names) set their version. When the tag's prefix is the name of one of
    several projects, as in `pkg-v1.2`, the tag speaks of that one alone.
    """
    prefix, expected = next(_readings(tag), ("", None))
    if expected is None:
        return ()
    named = {found.project for found in distributions} & {canonicalize_name(prefix)}
    findings: dict[str, Finding] = {}
    for found in distributions:
        if found.project in findings or (named and found.project not in named) or _same(found.version, expected):
            continue
        where = (places or {}).get(found.project, found.filename)
        written = found.project in (places or {}) or not _is_derived(found.version)
        findings[found.project] = _mismatch(tag, expected, found, where, written=written)
    return tuple(findings.values())


def _mismatch(tag: str, expected: Version, found: Distribution, where: Span | str, *, written: bool) -> Finding:
    return Finding(
        code="version-mismatch",
        severity=Severity.ERROR,
        message=f"The tag {tag} says version {expected}, but {found.project} was built as {found.version}",
        where=where,
        would_show=f"{found.project} {found.version} on the index, under the tag {tag}.",
        hint=_hint(tag, expected, found, written=written),
    )


def _hint(tag: str, expected: Version, found: Distribution, *, written: bool) -> str:
    if not written:
        return (
            "The build derives its version from git and did not see the tag: give actions/checkout `fetch-depth: 0`, "
            "and check that the tag has the form that the build looks for."
        )
    other = found.version.join(tag.rsplit(str(expected), 1)) if str(expected) in tag else f"v{found.version}"
    instead = "" if _is_development(found.version) else f", or tag {other}"
    return f"Set the version of {found.project} to {expected} and commit it{instead}."


def _is_derived(version: str) -> bool:
    """Whether a version looks as if it came from git: 0.1.dev3+g1a2b3c4. People write 1.0.dev or 1.0.dev0."""
    parsed = _parsed(version)
    return parsed is not None and (parsed.local is not None or bool(parsed.dev))


def _is_development(version: str) -> bool:
    parsed = _parsed(version)
    return parsed is not None and parsed.is_devrelease


def _same(version: str, expected: Version) -> bool:
    return _parsed(version) == expected


def _parsed(version: str) -> Version | None:
    try:
        return Version(version)
    except InvalidVersion:
        return None
