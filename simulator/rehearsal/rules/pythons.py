"""The rule of Python versions that YAML reads as numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from simulator.diagnostics import Severity
from simulator.expressions.language import ExpressionError, Value, from_json, to_text
from simulator.expressions.syntax import Call, Literal, walk
from simulator.planning.tools import action_name
from simulator.positions import Span
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.release import variables
from simulator.workflow.model import Matrix, Step, Text, Workflow

_CUT: Final = {3.1: "3.10", 3.2: "3.20"}
"""No Python of these numbers is there to be had: what is meant, whose last 0 is lost."""
_VERSION = re.compile(r"python[-_]?version", re.IGNORECASE)
_INPUT = "python-version"


@rule(
    "python-version-number",
    Severity.ERROR,
    summary="A Python version is written as a number and loses its last 0.",
    why="`python-version: 3.10` without quotes is the number 3.1, a Python that is not there: the job fails.",
)
def python_version_number(subject: Subject) -> Iterator[Problem]:
    workflow = subject.workflow
    for span, value, mark in dict.fromkeys((*_of_triggers(workflow), *_of_jobs(workflow))):
        meant = _CUT[value]
        yield Problem(
            span=span,
            message=f"The Python version {meant} without quotes is the number {value}, and there is no Python {value}",
            hint=f"Quote it: {mark}{meant}{mark}.",
        )


Number = tuple[Span, float, str]  # the place, the number, and the mark that quotes it there


def _of_triggers(workflow: Workflow) -> Iterator[Number]:
    for trigger in workflow.triggers.values():
        for name, declared in trigger.inputs.items():
            if _VERSION.fullmatch(name) and str(declared.default) in map(str, _CUT):
                yield declared.span, float(str(declared.default)), "'"


def _of_jobs(workflow: Workflow) -> Iterator[Number]:
    for job in workflow.jobs.values():
        read = {reference for step in job.all_steps for reference in _read(step)}
        names = {reference[1].lower() for reference in read if reference[0] == "matrix" and len(reference) > 1}
        matrix = job.strategy.matrix if job.strategy is not None else None
        if matrix is not None:
            yield from _of_matrix(matrix, names)
        yield from _of_texts(job.with_, _VERSION)
        for step in job.all_steps:
            if step.uses is not None:
                yield from _of_texts(step.with_, _VERSION)
            for reference in _read(step):
                if reference[0] == "env" and len(reference) > 1:
                    yield from _of_texts(variables(workflow, job, step), re.compile(re.escape(reference[1])))


def _read(step: Step) -> Iterator[tuple[str, ...]]:
    """What the Python version that a step asks for is read from."""
    if step.uses is not None and action_name(step.uses.value).startswith((".", "docker:")):
        return
    for name, text in step.with_.items():
        if _VERSION.fullmatch(name):
            for expression in text.template.expressions:
                yield from expression.references()


def _of_texts(texts: Mapping[str, Text], names: re.Pattern[str]) -> Iterator[Number]:
    for name, text in texts.items():
        if names.fullmatch(name) and isinstance(text.value, float) and text.value in _CUT:
            yield text.span, text.value, "'"


def _of_matrix(matrix: Matrix, names: set[str]) -> Iterator[Number]:
    """Of the vectors and keys that are read for a Python version, or are named as one."""

    def counts(name: str) -> bool:
        return name.lower() in names or _VERSION.fullmatch(name) is not None

    for name, number in matrix.numbers:
        if counts(name) and number.value in _CUT:
            yield number.span, number.value, "'"
    for name, value in matrix.vectors.items():
        if isinstance(value, Text) and counts(name):
            yield from ((value.span, number, '"') for number in _numbers_in_json(value))
    for value in (matrix.expression, matrix.include):
        if isinstance(value, Text):
            yield from ((value.span, number, '"') for number in _numbers_in_json(value, counts))


def _numbers_in_json(text: Text, counts: Callable[[str], bool] | None = None) -> Iterator[float]:
    """The numbers of a text of JSON that `fromJSON` is given, below the keys that count; all of them without keys."""
    for expression in text.template.expressions:
        for node in walk(expression.root):
            if isinstance(node, Call) and node.name == "fromjson" and isinstance(node.arguments[0], Literal):
                yield from _below(_json(to_text(node.arguments[0].value)), counts, counted=counts is None)


def _json(text: str) -> Value:
    try:
        return from_json(text)
    except ExpressionError:
        return None


def _below(value: Value, counts: Callable[[str], bool] | None, *, counted: bool) -> Iterator[float]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _below(item, counts, counted=counted or (counts is not None and counts(name)))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from _below(item, counts, counted=counted)
    elif counted and isinstance(value, float) and value in _CUT:
        yield value
