"""Reads the settings that a workflow and a job share: `defaults` and `concurrency`."""

from __future__ import annotations

from typing import Literal

from simulator.workflow import nodes
from simulator.workflow.model import Concurrency, RunDefaults
from simulator.workflow.reading import Reader, Shape

DEFAULTS = Shape(("run",))
RUN = Shape(("shell", "working-directory"))
CONCURRENCY = Shape(("group", "cancel-in-progress", "queue"), ("group",))
_QUEUES: tuple[Literal["single", "max"], ...] = ("single", "max")
_LONGEST_GROUP = 400


def read_defaults(reader: Reader, node: nodes.Node | None, at: str | None = None) -> RunDefaults:
    """`defaults:`; only those of a job take expressions."""
    defaults = reader.fields(node, DEFAULTS)
    run = reader.fields(defaults.get("run"), RUN, at, "defaults.run")
    return RunDefaults(
        shell=reader.text(run.get("shell"), at, filled=True),
        working_directory=reader.text(run.get("working-directory"), at, filled=True),
    )


def read_concurrency(reader: Reader, node: nodes.Node | None, at: str, *, filled: bool = False) -> Concurrency | None:
    """`concurrency:`, a group or a mapping."""
    if node is None:
        return None
    queue: Literal["single", "max"] = "single"
    cancel = None
    if isinstance(node, nodes.Mapping):
        fields = reader.fields(node, CONCURRENCY, at)
        group = reader.text(fields.get("group"), at, filled=True)
        cancel = reader.boolean(fields.get("cancel-in-progress"), at)
        queue = reader.choice(fields.get("queue"), _QUEUES) or "single"
    else:
        group = reader.text(node, at, filled=filled)
    if group is None:
        return None
    if len(group.source) > _LONGEST_GROUP and group.template.is_literal:
        message = f"Concurrency group name must be less than {_LONGEST_GROUP} characters"
        reader.error(group.span, "concurrency", message)
    return Concurrency(group=group, cancel_in_progress=cancel, queue=queue, span=node.span)
