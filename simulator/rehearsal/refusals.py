"""What an index refuses, in findings: which finding predicted it, and where the words are that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from packaging.utils import NormalizedName

from simulator.findings import Finding, Severity
from simulator.indexes import TITLES, IndexName
from simulator.positions import Span
from simulator.rehearsal.explanations import explain_upload, with_locations
from simulator.rehearsal.projects import Project
from simulator.twins.base import Foreseen

PREDICTIONS: Final = (
    ("local versions", ("local-version", "version-mismatch")),
    ("Only one sdist", ("several-sdists",)),
    ("in filename should be", ("name-mismatch",)),
    ("Start filename for", ("name-mismatch",)),
    ("is invalid, should be", ("name-mismatch",)),
    ("description failed to render", ("readme-render",)),
    ("has syntax errors in markup", ("readme-render",)),
    ("Duplicate filename in local headers", ("repeated-member",)),
)
"""Words of a failure, and the codes of the findings about built files that predict it."""
_NAMED: Final = re.compile(r"'([^']{3,})'|direct dependency: (.+?)\.? See")


def is_predicted(text: str, findings: Sequence[Finding]) -> bool:
    """Whether a finding about the built files has predicted a failure of these words."""
    codes = {code for words, codes in PREDICTIONS if words in text for code in codes}
    return any(told.severity is Severity.ERROR and told.code in codes for told in findings)


def predicted_refusals(
    refusals: Sequence[Foreseen],
    index: IndexName,
    findings: Sequence[Finding],
    projects: Mapping[NormalizedName, Project],
) -> Iterator[Finding]:
    """An error for each refusal of files that nobody has uploaded yet, once for all files of one message."""
    messages: dict[str, list[Foreseen]] = {}
    for refusal in refusals:
        messages.setdefault(refusal.message, []).append(refusal)
    for message, same in messages.items():
        told = any(message in f"{each.message} {each.would_show}" for each in findings)
        if told or is_predicted(message, findings):
            continue
        known, names, status = explain_upload(message), ", ".join(each.filename for each in same), same[0].status
        yield Finding(
            code="upload-refused",
            severity=Severity.ERROR,
            message=f"{TITLES[index]} would refuse {names} with {status}: {message}"
            if status
            else f"twine would not upload {names}: {message}",
            where=span_of_words(message, projects) or same[0].filename,
            would_show=f"{status} {message}" if status else message,
            hint=with_locations(known.hint, {}),
            remedies=known.remedies,
        )


def span_of_words(message: str, projects: Mapping[NormalizedName, Project]) -> Span | None:
    """Where a pyproject.toml has what a refusal names."""
    for project in projects.values():
        for quoted, direct in _NAMED.findall(message):
            text = quoted or direct.partition(" @")[2].strip()
            if text and (place := project.span_of_text(text)):
                return place
    return None
