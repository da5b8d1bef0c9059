"""Reads the steps of a job and of a composite action."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from simulator.positions import Located, Span
from simulator.workflow import nodes
from simulator.workflow.identifiers import problem_of_id
from simulator.workflow.model import Step, StepControl
from simulator.workflow.reading import Fields, Reader, Shape

_REPOSITORY_ACTION = re.compile(r"[^/\\@]+[/\\]+[^/\\@]+(?:[/\\][^@]*)?@[^@]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRules:
    """What the steps of one kind of file may hold; `at` is where they stand in the table of context availability."""

    at: str
    shapes: Mapping[str, Shape]
    shell_at: str | None


_CONTROL = ("name", "id", "continue-on-error")
JOB_STEPS = StepRules(
    at="jobs.<job_id>.steps",
    shapes={
        "run": Shape(
            (
                "name",
                "id",
                "if",
                "timeout-minutes",
                "run",
                "continue-on-error",
                "env",
                "working-directory",
                "shell",
                "background",
            ),
            ("run",),
        ),
        "uses": Shape(
            ("name", "id", "if", "continue-on-error", "timeout-minutes", "uses", "with", "env", "background"), ("uses",)
        ),
        "wait": Shape((*_CONTROL, "wait"), ("wait",)),
        "wait-all": Shape((*_CONTROL, "wait-all"), ("wait-all",)),
        "cancel": Shape((*_CONTROL, "cancel"), ("cancel",)),
        "parallel": Shape(("parallel",), ("parallel",)),
    },
    shell_at=None,
)
COMPOSITE_STEPS = StepRules(
    at="runs.steps",
    shapes={
        "run": Shape(
            ("name", "id", "if", "run", "env", "continue-on-error", "working-directory", "shell"), ("run", "shell")
        ),
        "uses": Shape(("name", "id", "if", "uses", "continue-on-error", "with", "env"), ("uses",)),
    },
    shell_at="runs.steps.shell",
)


def read_steps(reader: Reader, node: nodes.Node | None, rules: StepRules) -> Sequence[Step]:
    """The steps of a `steps:` list; one that cannot be told apart is left out, its problem noted."""
    steps: list[Step] = []
    ids: set[str] = set()
    for number, item in enumerate(reader.sequence(node)):
        step = _read_step(reader, item, rules, ids)
        if step is not None:
            steps.append(replace(step, number=number))
    return tuple(_numbered(steps))


def _numbered(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps with numbers for those of their groups, which no other step of the list has."""
    following = itertools.count(len(steps))
    for step in steps:
        yield replace(step, parallel=tuple(replace(inner, number=next(following)) for inner in step.parallel))


def _read_step(reader: Reader, node: nodes.Node, rules: StepRules, ids: set[str]) -> Step | None:
    kind, fields = reader.alternative(node, rules.shapes, "A step needs `run` or `uses`.")
    step = _common(reader, fields, rules, ids, node.span)
    if kind == "run":
        return replace(
            step,
            run=reader.text(fields.get("run"), f"{rules.at}.run"),
            shell=reader.text(fields.get("shell"), rules.shell_at, filled=rules.shell_at is None),
            working_directory=reader.text(fields.get("working-directory"), f"{rules.at}.working-directory"),
        )
    if kind == "uses":
        with_ = reader.variables(fields.get("with"), f"{rules.at}.with", "with")
        return replace(step, uses=_read_uses(reader, fields.get("uses")), with_=with_)
    return _control(reader, step, kind, fields, rules, ids) if kind else None


def _common(reader: Reader, fields: Fields, rules: StepRules, ids: set[str], span: Span) -> Step:
    return Step(
        number=0,
        span=span,
        id=_read_id(reader, fields.get("id"), ids),
        name=reader.text(fields.get("name"), f"{rules.at}.name"),
        condition=reader.condition(fields.get("if"), f"{rules.at}.if", span),
        env=reader.variables(fields.get("env"), f"{rules.at}.env"),
        continue_on_error=reader.boolean(fields.get("continue-on-error"), f"{rules.at}.continue-on-error"),
        timeout_minutes=reader.number(fields.get("timeout-minutes"), f"{rules.at}.timeout-minutes"),
        background=reader.flag(fields.get("background")),
    )


def _control(reader: Reader, step: Step, kind: str, fields: Fields, rules: StepRules, ids: set[str]) -> Step:
    step = replace(step, control=cast("StepControl", kind))
    if kind == "parallel":
        items = (_read_step(reader, item, rules, ids) for item in reader.sequence(fields.get("parallel")))
        return replace(step, parallel=tuple(item for item in items if item is not None))
    if kind != "wait-all":
        return replace(step, targets=reader.literals(fields.get(kind)))
    scalar = reader.scalar(fields.get("wait-all"))
    if scalar is not None and scalar.value is not None:
        reader.boolean(scalar)
    return step


def _read_id(reader: Reader, node: nodes.Node | None, ids: set[str]) -> str | None:
    name = reader.literal(node)
    if name is None:
        return None
    problem = problem_of_id(name.value)
    if problem is None and name.value.lower() in ids:
        problem = f"The identifier '{name.value}' may not be used more than once within the same scope."
    if problem is not None:
        reader.error(name.span, "step-id", problem)
    ids.add(name.value.lower())
    return name.value


def _read_uses(reader: Reader, node: nodes.Node | None) -> Located[str] | None:
    uses = reader.literal(node)
    if uses is None or uses.value.startswith(("docker://", "./", ".\\", "$/")):
        return uses
    if not _REPOSITORY_ACTION.fullmatch(uses.value):
        hint = "An action of this repository begins with ./, an image with docker://."
        message = f"Expected format {{org}}/{{repo}}[/path]@ref. Actual '{uses.value}'"
        reader.error(uses.span, "uses", message, hint)
    return uses
