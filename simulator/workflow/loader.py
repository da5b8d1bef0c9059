"""From the text of a workflow file to the model, with all problems in one go. Knows no disk."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.diagnostics import Diagnostic
from simulator.positions import Span
from simulator.workflow import nodes
from simulator.workflow.containers import check_images
from simulator.workflow.jobs import read_jobs
from simulator.workflow.limits import GITHUB, Limits
from simulator.workflow.model import Step, Trigger, Workflow
from simulator.workflow.needs import check_needs
from simulator.workflow.permissions import read_permissions
from simulator.workflow.reading import Reader, Shape
from simulator.workflow.service_rules import check_service_rules
from simulator.workflow.settings import read_concurrency, read_defaults
from simulator.workflow.steps import COMPOSITE_STEPS, read_steps
from simulator.workflow.triggers import read_triggers
from simulator.workflow.yaml_source import read

WORKFLOW = Shape(
    ("on", "name", "description", "run-name", "defaults", "env", "permissions", "concurrency", "jobs"), ("jobs",)
)

_ON = re.compile(r"""^(?:on|"on"|'on')[ \t]*:[^\n]*(?:\n(?:[ \t\]}-][^\n]*|\#[^\n]*)?)*""", re.MULTILINE)
"""`on:` at the beginning of a line, and the lines below it that belong to its value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """A workflow, None when a diagnostic is an error, and the diagnostics in the order of their places.

    `size` is the file's in bytes as GitHub reckons it.
    """

    workflow: Workflow | None
    diagnostics: tuple[Diagnostic, ...]
    size: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedSteps:
    """The steps of a composite action as far as they could be read, and the diagnostics."""

    steps: tuple[Step, ...]
    diagnostics: tuple[Diagnostic, ...]


def load_workflow(text: str | bytes, path: str, limits: Limits = GITHUB) -> Loaded:
    """The workflow that `text` holds, as GitHub would run it; `path` is relative to the repository's root.

    Raises nothing.
    """
    return _load(text, path, limits, service_rules=True)


def parse_workflow(text: str | bytes, path: str, limits: Limits = GITHUB) -> Loaded:
    """Like `load_workflow`, with the rules of GitHub's parser alone: those that its conformance cases fix."""
    return _load(text, path, limits, service_rules=False)


def _load(text: str | bytes, path: str, limits: Limits, *, service_rules: bool) -> Loaded:
    document = read(text, path, limits)
    reader = Reader(diagnostics=list(document.diagnostics), events_are_checked=not service_rules)
    workflow = None
    size = nodes.size_of_text(path) + (nodes.size_of(document.root) if document.root else 0)
    if size > limits.size:
        reader.error(Span(file=path, line=1, column=1), "file-size", "Maximum object size exceeded")
    elif document.root is not None:
        workflow = _read_workflow(reader, document.root, path)
        if workflow is not None and service_rules:
            check_service_rules(reader, workflow)
    elif not document.diagnostics:
        span = Span(file=path, line=1, column=1)
        reader.error(span, "empty-file", "The file is empty: a workflow needs `on` and `jobs`")
    return Loaded(
        workflow=None if reader.has_errors else workflow, diagnostics=_in_order(reader.diagnostics), size=size
    )


def read_events(text: str, path: str) -> Mapping[str, Trigger] | None:
    """The events of `on` of a file of which no model can be made; None where they cannot be read either.

    Only the lines of `on` are read, so that what is wrong elsewhere does not matter.
    """
    block = _ON.search(text)
    if block is None:
        return None
    root = read(block[0], path, GITHUB).root
    reader = Reader()
    if not isinstance(root, nodes.Mapping):
        return None
    events = read_triggers(reader, root.entries[0].value)
    return None if reader.has_errors else events


def load_composite_steps(node: nodes.Node) -> LoadedSteps:
    """The steps of `runs.steps` of an action.yml, by the rules of composite actions (a `run` needs its `shell`)."""
    reader = Reader()
    steps = read_steps(reader, node, COMPOSITE_STEPS)
    for key in reader.unsupported:
        reader.error(key.span, "unsupported", f"pysim does not carry out `{key.value}` in a composite action yet")
    return LoadedSteps(steps=tuple(steps), diagnostics=_in_order(reader.diagnostics))


def _in_order(diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(dict.fromkeys(diagnostics), key=lambda item: (item.span.line, item.span.column)))


def _read_workflow(reader: Reader, root: nodes.Node, path: str) -> Workflow | None:
    if not isinstance(root, nodes.Mapping):
        kind = "a sequence" if isinstance(root, nodes.Sequence) else "a single value"
        reader.error(root.span, "unexpected-root", f"A workflow is a mapping with `on` and `jobs`, not {kind}")
        return None
    fields = reader.fields(root, WORKFLOW)
    if "on" not in fields:
        reader.error(root.span, "missing-on", "No event triggers defined in `on`", "Such as: on: push")
    name = reader.literal(fields.get("name"), filled=False)
    reader.literal(fields.get("description"), filled=False)
    jobs_node = fields.get("jobs")
    workflow = Workflow(
        path=path,
        name=name.value if name and name.value else None,
        triggers=read_triggers(reader, fields.get("on")),
        permissions=read_permissions(reader, fields.get("permissions")),
        env=reader.variables(fields.get("env"), "env"),
        defaults=read_defaults(reader, fields.get("defaults")),
        jobs=read_jobs(reader, jobs_node),
        span=root.span,
        run_name=reader.text(fields.get("run-name"), "run-name"),
        concurrency=read_concurrency(reader, fields.get("concurrency"), "concurrency"),
        unsupported=tuple(reader.unsupported),
    )
    if isinstance(jobs_node, nodes.Mapping) and len(workflow.jobs) == len(jobs_node.entries):
        check_needs(reader, workflow.jobs, jobs_node.span)
    if not reader.has_errors:
        check_images(reader, workflow.jobs.values())
    return workflow
