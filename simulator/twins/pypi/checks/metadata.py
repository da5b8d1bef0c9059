"""Checks of the core metadata, as the form has it: `packaging`'s own, then what the index adds.

All problems of a stage are found, and the one that the index names first is told. A new rule is a function and a line
in RULES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from trove_classifiers import classifiers, deprecated_classifiers

from simulator.bounded.work import BOUNDS, Judged, judge
from simulator.twins.pypi.checks.addresses import email_problem, is_web_address
from simulator.twins.pypi.checks.form import SPECIFICATION
from simulator.twins.pypi.checks.submission import Submission, metadata_of, parsed_version
from simulator.twins.pypi.offers import LISTS, SINGLE, Offer
from simulator.twins.pypi.refusals import RequestRefusedError

METADATA_VERSIONS: Final = ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5")
_FIRST: Final = ("metadata-version", "name", "version")
_LONG: Final = 100_000  # characters
_LONGEST: Final[Mapping[str, int]] = {
    **dict.fromkeys(("description", "license", "summary"), 1 << 26),
    "description_content_type": 1_000,
}
_REQUIREMENTS: Final = ("requires_dist", "provides_dist", "obsoletes_dist")
_SUMMARY_LIMIT: Final = 512
_LABEL_LIMIT: Final = 32
_LOCAL: Final = "version-specifiers/#local-version-identifiers"
Problem = tuple[str, str]
"""The field, and the sentence about it with its reference."""


def core_metadata(submission: Submission) -> None:
    """Refuse the first problem: that of the version of the metadata, of the name, of the version, then by field.

    Each stage is asked only when those before it find nothing. At numbers of thousands of digits and at depths of
    thousands of brackets the index fails; here they are refused.
    """
    rank = {name: place for place, name in enumerate(_FIRST)}
    try:
        for rules in STAGES:
            if found := [problem for rule in rules for problem in rule(submission)]:
                _, text = min(found, key=lambda problem: (rank.get(problem[0], len(rank)), problem[0]))
                raise RequestRefusedError(400, text)
    except (ValueError, RecursionError):
        raise RequestRefusedError(400, _sentence("The metadata cannot be read")) from None


def _readable(submission: Submission) -> Iterator[Problem]:
    """Fields of one value have one, and no two project URLs have one label.

    None is so long that reading it takes minutes, either; the index has no such bound.
    """
    given = submission.offer.given
    for name in (*SINGLE, "keywords"):
        if len(given(name)) > 1:
            yield name, _sentence(f"{name!r} has invalid data")
    for name in (*SINGLE, *LISTS):
        most = _LONGEST.get(name, _LONG)
        if any(len(value) > most for value in given(name)):
            yield name, _sentence(f"{name!r} has invalid data")
    labels = [url.partition(",")[0].strip() for url in given("project_urls")]
    if len(labels) != len(set(labels)):
        yield "project_urls", _sentence("'project_urls' has invalid data")


def prepare(offer: Offer) -> Judged | None:
    """Let `packaging` judge the metadata, which is then known to the checks; None beyond the bounds."""
    raw = {name: value for name, value in metadata_of(offer).items() if name != "description"}
    requirements = [text for field in _REQUIREMENTS for text in offer.given(field)]
    return judge(raw, requirements)


def _judged(submission: Submission) -> Judged:
    judged = prepare(submission.offer)
    if judged is None:
        text = f"The metadata cannot be parsed within the bounds of pysim: {BOUNDS}. The index's answer is not known"
        raise RequestRefusedError(400, _sentence(text))
    return judged


def _by_packaging(submission: Submission) -> Iterator[Problem]:
    for field, message in _judged(submission).problems:
        yield field, _sentence(message)


def _metadata_version(submission: Submission) -> Iterator[Problem]:
    """`packaging` may know a newer one than the index does."""
    version = submission.offer.first("metadata_version")
    if version not in METADATA_VERSIONS:
        yield "metadata-version", _sentence(f"{version!r} is not a valid metadata version")


def _no_local_version(submission: Submission) -> Iterator[Problem]:
    text = submission.offer.first("version")
    if (version := parsed_version(text)) and version.local:
        see = f"See https://packaging.python.org/en/latest/specifications/{_LOCAL} for more information."
        yield "version", f"The use of local versions in '{version}' is not allowed. {see}"


def _summary_length(submission: Submission) -> Iterator[Problem]:
    if len(submission.offer.first("summary")) > _SUMMARY_LIMIT:
        yield "summary", _sentence(f"'summary' field must be {_SUMMARY_LIMIT} characters or less")


def _emails(submission: Submission) -> Iterator[Problem]:
    for field in ("author_email", "maintainer_email"):
        if wrong := email_problem(submission.offer.first(field)):
            address, problem = wrong
            yield field.replace("_", "-"), _sentence(f"{address!r} is not a valid email address: {problem}")


def _known_classifiers(submission: Submission) -> Iterator[Problem]:
    named = sorted(set(submission.offer.given("classifiers")))
    for name in named:
        if name not in classifiers and name not in deprecated_classifiers:
            yield "classifier", _sentence(f"{name!r} is not a valid classifier")
    for name in named:
        if name in deprecated_classifiers:
            instead = deprecated_classifiers[name]
            tail = f"deprecated, use one of {instead} instead" if instead else "deprecated"
            yield "classifier", _sentence(f"The classifier {name!r} has been {tail}")


def _urls(submission: Submission) -> Iterator[Problem]:
    for field in ("home_page", "download_url"):
        if (url := submission.offer.first(field)) and not is_web_address(url):
            yield field.replace("_", "-"), _sentence(f"{url!r} is not a valid url")


def _project_urls(submission: Submission) -> Iterator[Problem]:
    for text in submission.offer.given("project_urls"):
        label, _, url = (part.strip() for part in text.partition(","))
        if problem := _project_url_problem(label, url):
            yield "project-url", _sentence(problem)


def _project_url_problem(label: str, url: str) -> str | None:
    if not label:
        return "Must have a label"
    if len(label) > _LABEL_LIMIT:
        return f"{label!r} must be {_LABEL_LIMIT} characters or less"
    if not url:
        return "Must have a URL"
    return None if is_web_address(url) else f"{url!r} is not a valid url"


def _no_direct_dependency(submission: Submission) -> Iterator[Problem]:
    for text in submission.offer.given("requires_dist"):
        requirement = _judged(submission).requirements[text]
        if requirement.url:
            yield "requires-dist", _sentence(f"Can't have direct dependency: {requirement.text}")


def _other_dependencies(submission: Submission) -> Iterator[Problem]:
    """Those that `packaging` does not read."""
    for field in ("provides_dist", "obsoletes_dist"):
        for text in submission.offer.given(field):
            requirement = _judged(submission).requirements[text]
            if requirement.error is not None:
                yield field.replace("_", "-"), _sentence(f"{text!r} is invalid: {requirement.error}")
            elif requirement.url:
                yield field.replace("_", "-"), _sentence(f"Can't have direct dependency: {text!r}")


def _dynamic_fields(submission: Submission) -> Iterator[Problem]:
    """The one field that `packaging` lets a build decide about, and the index does not."""
    if "dynamic" in map(str.lower, submission.offer.given("dynamic")):
        yield "dynamic", _sentence("Dynamic field 'dynamic' is not a valid dynamic field")


def _one_license_field(submission: Submission) -> Iterator[Problem]:
    if submission.offer.first("license") and submission.offer.first("license_expression"):
        text = "License is deprecated when License-Expression is present. Only License-Expression should be present."
        yield "license", _sentence(text)


def _sentence(text: str) -> str:
    return f"{text}{'' if text.endswith('.') else '.'} {SPECIFICATION}"


Rule = Callable[[Submission], Iterator[Problem]]
RULES: Final[Sequence[Rule]] = (
    _metadata_version,
    _no_local_version,
    _summary_length,
    _emails,
    _known_classifiers,
    _urls,
    _project_urls,
    _no_direct_dependency,
    _other_dependencies,
    _dynamic_fields,
    _one_license_field,
)
"""The index's own."""
STAGES: Final[Sequence[Sequence[Rule]]] = ((_readable,), (_by_packaging,), RULES)
