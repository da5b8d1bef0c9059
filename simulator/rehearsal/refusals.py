"""What an index refuses, in findings: how to mend it, and where in the repository the words are that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from packaging.utils import NormalizedName

from simulator.findings import Finding, Severity
from simulator.indexes import TITLES, IndexName
from simulator.positions import Span
from simulator.rehearsal.projects import Project
from simulator.twins.base import Foreseen

FORETOLD: Final = (
    ("local versions", ("local-version", "version-mismatch")),
    ("Only one sdist", ("several-sdists",)),
    ("in filename should be", ("name-mismatch",)),
    ("Start filename for", ("name-mismatch",)),
    ("is invalid, should be", ("name-mismatch",)),
    ("description failed to render", ("readme-render",)),
    ("has syntax errors in markup", ("readme-render",)),
)
"""Words of a failure, and the codes of the findings about built files that told of it before it happened."""
HINTS: Final = (
    ("already exists", "Raise the version: an index never takes other bytes under a file name it has seen."),
    ("previously used by a file", "Raise the version: the name of a deleted file is never free again."),
    ("older than 14 days", "Make a new release, such as a post release: old ones take no more files."),
    (
        "Invalid or non-existent authentication",
        (
            "Hand the step a token of the index, which begins with pypi-. For the rehearsal leave its secret out of "
            ".secrets: pysim then gives the job a token of the local index."
        ),
    ),
    ("local versions", "Publish a version without the part after the +: build from the tag itself."),
    ("temporarily disabled", "Wait until the index takes uploads again, then re-run the failed job."),
    ("token is expired", "Re-run the failed job for a new token, and let fewer or smaller files go with one token."),
    (
        "Certificate's Build Config URI",
        (
            "PyPI takes no attestations from a workflow that another one calls: move the publishing job into the "
            "workflow that the tag starts, or give its step `attestations: false`."
        ),
    ),
    ("direct dependency", "Name a release in dependencies: an index takes no requirement with an address."),
    ("has been deprecated", "Take the classifier that the message names."),
    ("not a valid classifier", "Take a classifier from the index's list, or leave it out."),
    ("unsupported platform tag", "Build in a manylinux image, or let auditwheel repair the wheel (cibuildwheel does)."),
    ("too similar", "Choose another name for the project: people would take one for the other."),
    ("Standard Library", "Choose another name for the project: the standard library has it."),
    ("not a valid metadata version", "Take a newer twine, or an older build backend."),
    ("metadata version", "Take a newer build backend, which writes that field with its version."),
    ("License-File", "Let the build put the licence files into the distribution, or name those that there are."),
)
_ANYTHING: Final = "Mend what the index names, in the package's metadata or in the workflow, and rehearse again."
_NAMED: Final = re.compile(r"'([^']{3,})'|direct dependency: (.+?)\.? See")


def hint_for(message: str) -> str:
    """What mends a refusal."""
    return next((hint for words, hint in HINTS if words in message), _ANYTHING)


def is_foretold(text: str, findings: Sequence[Finding]) -> bool:
    """Whether a finding about the built files has told of a failure of these words."""
    codes = {code for words, codes in FORETOLD if words in text for code in codes}
    return any(told.severity is Severity.ERROR and told.code in codes for told in findings)


def foretell(
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
        if told or is_foretold(message, findings):
            continue
        names, status = ", ".join(each.filename for each in same), same[0].status
        yield Finding(
            code="upload-refused",
            severity=Severity.ERROR,
            message=f"{TITLES[index]} would refuse {names} with {status}: {message}"
            if status
            else f"twine would not upload {names}: {message}",
            where=place_of_words(message, projects) or same[0].filename,
            would_show=f"{status} {message}" if status else message,
            hint=hint_for(message),
        )


def place_of_words(message: str, projects: Mapping[NormalizedName, Project]) -> Span | None:
    """Where a pyproject.toml has what a refusal names."""
    for project in projects.values():
        for quoted, direct in _NAMED.findall(message):
            text = quoted or direct.partition(" @")[2].strip()
            if text and (place := project.place_of(text)):
                return place
    return None
