"""Rules of Pythons: what the metadata promises, against itself and against what the workflows test."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from simulator.expressions.language import ExpressionError, Scope
from simulator.findings import Severity
from simulator.planning.matrix import MatrixError, expand
from simulator.planning.tools import SETUP_PYTHON, action_name
from simulator.rehearsal.built.model import Problem, Pythons, Subject, TestedPython
from simulator.rehearsal.built.sources import key_span
from simulator.rehearsal.distributions import Distribution
from simulator.rehearsal.rule import rule
from simulator.workflow.model import Job, Step, Workflow

_CLASSIFIER: Final = re.compile(r"Programming Language :: Python :: (\d+\.\d+)")
_VERSION: Final = re.compile(r"(\d+\.\d+)(?:\.\d+)?t?(?:-dev)?")
"""A version of CPython with a minor one in it; `3.15-dev` is its newest build (README of actions/setup-python)."""
_OTHER: Final = re.compile(r"pypy|graalpy", re.IGNORECASE)
_TOOLS: Final = re.compile(r"\b(?:tox|nox|hatch|cibuildwheel)\b")
_VARIABLE: Final = re.compile(r"\$\{\{\s*matrix\.([\w-]+)\s*\}\}")
_SETUP: Final = frozenset({SETUP_PYTHON, "astral-sh/setup-uv"})


@rule(
    "python-classifiers",
    Severity.WARNING,
    summary="A classifier names a Python that `requires-python` excludes.",
    why="One of them is wrong, and pip goes by `requires-python`.",
)
def python_classifiers(subject: Subject) -> Iterator[Problem]:
    for found, wanted in _required(subject):
        outside = [version for version in _classified(found) if not _takes(wanted, version)]
        if outside:
            text = f"Programming Language :: Python :: {outside[0]}"
            yield Problem(
                message=f"{found.project} has the classifier of Python {', '.join(outside)}, and requires {wanted}",
                where=key_span(subject, found.project, "classifiers", f'{text}"', f"{text}'", text) or found.filename,
                hint="Remove the classifier, or lower requires-python: pip goes by requires-python alone.",
            )


@rule(
    "python-excluded",
    Severity.WARNING,
    summary="The matrix of a workflow has a Python that `requires-python` excludes.",
    why="The package cannot be installed there.",
)
def python_tested(subject: Subject) -> Iterator[Problem]:
    for found, wanted in _required(subject):
        tested = subject.pythons.tested if _is_tested(subject, found) else ()
        outside = [python for python in tested if python.matrix and not _takes(wanted, python.version)]
        if outside:
            versions = sorted({python.version for python in outside}, key=_key)
            yield Problem(
                message=f"{found.project} requires Python {wanted}, and the workflow sets up {', '.join(versions)}: "
                "nobody can install it there",
                where=outside[0].span,
                hint="Take the Python out of the workflow, or lower requires-python.",
            )


def _is_tested(subject: Subject, found: Distribution) -> bool:
    """Whether the workflows are about a project: of several in a repository, each may have its own."""
    return len(subject.projects) < 2 and all(name == found.project for name in subject.projects)


@rule(
    "python-untested",
    Severity.NOTICE,
    summary="A classifier names a Python that no workflow sets up, though they name others.",
    why="It is a promise that nobody has checked.",
)
def python_untested(subject: Subject) -> Iterator[Problem]:
    tested = {python.version for python in subject.pythons.tested}
    if not subject.pythons.complete or len(tested) < 2:
        return
    for found, wanted in _required(subject):
        untested = [version for version in _classified(found) if version not in tested and _takes(wanted, version)]
        if untested and _is_tested(subject, found):
            text = f"Programming Language :: Python :: {untested[0]}"
            yield Problem(
                message=f"{found.project} has the classifier of Python {', '.join(untested)}, and no workflow sets "
                "that up",
                where=key_span(subject, found.project, "classifiers", f'{text}"', f"{text}'", text) or found.filename,
                hint=f"Test with it, as with {', '.join(sorted(tested, key=_key))}, or remove the classifier.",
            )


@rule(
    "no-requires-python",
    Severity.WARNING,
    summary="A project does not say which Pythons it needs.",
    why="pip installs new releases on Pythons that they do not run on.",
)
def no_requires_python(subject: Subject) -> Iterator[Problem]:
    for project, files in subject.by_project():
        if not any(file.metadata.get("requires_python") for file in files):
            yield Problem(
                message=f"{project} does not say which Python it needs, so pip installs it on any",
                where=key_span(subject, project, "name") or files[0].filename,
                hint='Set requires-python in pyproject.toml, such as ">=3.10".',
            )


def tested_pythons(workflows: Iterable[Workflow]) -> Pythons:
    """The Pythons that the workflows set up by name, in the order of the files."""
    found: list[TestedPython] = []
    complete = True
    for workflow in workflows:
        for job in workflow.jobs.values():
            of_steps = [_versions(job, step) for step in job.all_steps]
            complete = complete and job.uses is None and all(each.complete for each in of_steps)
            found += [version for each in of_steps for version in each.tested]
    return Pythons(tested=tuple(found), complete=complete)


def _versions(job: Job, step: Step) -> Pythons:
    """Those that a step sets up; not complete when one is not written plainly."""
    if step.uses is None:
        return Pythons(tested=(), complete=step.run is None or not _TOOLS.search(step.run.source))
    text = step.with_.get("python-version") if action_name(step.uses.value) in _SETUP else None
    if text is None:
        hidden = "python-version-file" in step.with_ or "cibuildwheel" in step.uses.value
        return Pythons(tested=(), complete=not hidden)
    names = [text.source] if text.template.is_literal else _of_matrix(job, text.source)
    words = [word for name in names or () for word in re.split(r"[\s|]+", name.strip()) if word]
    words = [word for word in words if not _OTHER.match(word)]
    plain = [match[1] for word in words if (match := _VERSION.fullmatch(word))]
    matrix = not text.template.is_literal
    tested = [TestedPython(version=version, span=text.span, matrix=matrix) for version in dict.fromkeys(plain)]
    return Pythons(tested=tuple(tested), complete=names is not None and len(plain) == len(words))


def _of_matrix(job: Job, source: str) -> Sequence[str] | None:
    variable = _VARIABLE.fullmatch(source.strip())
    matrix = job.strategy.matrix if job.strategy else None
    if variable is None or matrix is None:
        return None
    try:
        rows = expand(matrix, Scope(contexts={}))
    except (MatrixError, ExpressionError):
        return None
    return [str(row.values[variable[1]]) for row in rows if variable[1] in row.values]


def _required(subject: Subject) -> Iterator[tuple[Distribution, SpecifierSet]]:
    """A file of each project, and the Pythons that it requires."""
    for _, files in subject.by_project():
        found = next((file for file in files if file.metadata.get("requires_python")), None)
        if found is not None:
            try:
                yield found, SpecifierSet(str(found.metadata.get("requires_python")))
            except InvalidSpecifier:
                continue  # the index says it


def _classified(found: Distribution) -> Sequence[str]:
    matches = (_CLASSIFIER.fullmatch(each) for each in found.metadata.get("classifiers", ()))
    return sorted({match[1] for match in matches if match}, key=_key)


def _takes(wanted: SpecifierSet, version: str) -> bool:
    """Whether any release of a minor version is taken: >=3.9.2 takes 3.9."""
    return any(f"{version}.{patch}" in wanted for patch in range(31))


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
