"""Checks of the core metadata, as the form has it: `packaging`'s own, then what the index adds.

All problems are found, and the one that the index names first is told. A new rule is a function and a line in RULES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from packaging.metadata import InvalidMetadata, Metadata
from packaging.requirements import InvalidRequirement, Requirement
from trove_classifiers import classifiers, deprecated_classifiers

from simulator.twins.pypi.checks.form import SPECIFICATION
from simulator.twins.pypi.checks.submission import Submission, parsed_version
from simulator.twins.pypi.refusals import RefusedError

_FIRST: Final = ("metadata-version", "name", "version")
_SUMMARY_LIMIT: Final = 512
_LOCAL: Final = "version-specifiers/#local-version-identifiers"
Problem = tuple[str, str]
"""The field, and the sentence about it with its reference."""


def core_metadata(submission: Submission) -> None:
    """Refuse the first problem: that of the version of the metadata, of the name, of the version, then by field."""
    found = [problem for rule in RULES for problem in rule(submission)]
    if found:
        rank = {name: place for place, name in enumerate(_FIRST)}
        _, text = min(found, key=lambda problem: (rank.get(problem[0], len(rank)), problem[0]))
        raise RefusedError(400, text)


def _by_packaging(submission: Submission) -> Iterator[Problem]:
    try:
        Metadata.from_raw(submission.metadata)
    except ExceptionGroup as group:
        for error in group.exceptions:
            if isinstance(error, InvalidMetadata):
                yield error.field, _sentence(str(error))


def _single_values(submission: Submission) -> Iterator[Problem]:
    fields = submission.offer.fields
    for name in ("version", "summary", "requires_python", "description", "license", "author", "author_email"):
        if len(fields.get(name, ())) > 1:
            field = name.replace("_", "-")
            yield field, _sentence(f"{field!r} has invalid data")


def _summary_length(submission: Submission) -> Iterator[Problem]:
    if len(submission.offer.first("summary")) > _SUMMARY_LIMIT:
        yield "summary", _sentence(f"'summary' field must be {_SUMMARY_LIMIT} characters or less")


def _no_local_version(submission: Submission) -> Iterator[Problem]:
    text = submission.offer.first("version")
    if (version := parsed_version(text)) and version.local:
        see = f"See https://packaging.python.org/en/latest/specifications/{_LOCAL} for more information."
        yield "version", f"The use of local versions in {text!r} is not allowed. {see}"


def _known_classifiers(submission: Submission) -> Iterator[Problem]:
    for name in submission.offer.fields.get("classifiers", ()):
        if name in deprecated_classifiers:
            instead = deprecated_classifiers[name]
            tail = f"deprecated, use one of {instead} instead" if instead else "deprecated"
            yield "classifier", _sentence(f"The classifier {name!r} has been {tail}")
        elif name not in classifiers:
            yield "classifier", _sentence(f"{name!r} is not a valid classifier")


def _no_direct_dependency(submission: Submission) -> Iterator[Problem]:
    for text in submission.offer.fields.get("requires_dist", ()):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.url:
            yield "requires-dist", _sentence(f"Can't have direct dependency: {text}")


def _sentence(text: str) -> str:
    return f"{text}{'' if text.endswith('.') else '.'} {SPECIFICATION}"


RULES: Final[Sequence[Callable[[Submission], Iterator[Problem]]]] = (
    _by_packaging,
    _single_values,
    _summary_length,
    _no_local_version,
    _known_classifiers,
    _no_direct_dependency,
)
