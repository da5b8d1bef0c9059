"""Checks `container:`, `services:` and `snapshot:` of a job, which pysim reads and does not carry out."""

from __future__ import annotations

from simulator.workflow import nodes
from simulator.workflow.reading import Reader, Shape

_KEYS = ("image", "options", "env", "ports", "volumes", "credentials")
_CONTAINER = Shape(_KEYS)
_SERVICE = Shape((*_KEYS, "entrypoint", "command"))
_CREDENTIALS = Shape(("username", "password"))
_SNAPSHOT = Shape(("image-name", "if", "version"), ("image-name",))
_JOB = "jobs.<job_id>"


def check_container(reader: Reader, node: nodes.Node | None) -> None:
    """Note what is wrong with `container:`."""
    _check(reader, node, f"{_JOB}.container", f"{_JOB}.container", _CONTAINER)


def check_services(reader: Reader, node: nodes.Node | None) -> None:
    """Note what is wrong with `services:`."""
    at = f"{_JOB}.services"
    for _, entry in reader.entries(node, at, "services"):
        if isinstance(entry.value, nodes.Scalar):
            reader.text(entry.value, at, filled=True)
        else:
            _check(reader, entry.value, at, f"{at}.<service_id>", _SERVICE)


def _check(reader: Reader, node: nodes.Node | None, at: str, inner: str, shape: Shape) -> None:
    if isinstance(node, nodes.Scalar):
        reader.text(node, at)
        return
    fields = reader.fields(node, shape, at)
    reader.text(fields.get("image"), at, filled=True)
    for key in ("options", "entrypoint", "command"):
        reader.text(fields.get(key), at)
    for key in ("ports", "volumes"):
        for item in reader.sequence(fields.get(key)):
            reader.text(item, at, filled=True)
    reader.variables(fields.get("env"), f"{inner}.env.<env_id>")
    credentials = reader.fields(fields.get("credentials"), _CREDENTIALS, f"{inner}.credentials", "credentials")
    for key in _CREDENTIALS.keys:
        reader.text(credentials.get(key), f"{inner}.credentials", filled=True)


def check_snapshot(reader: Reader, node: nodes.Node | None) -> None:
    """Note what is wrong with `snapshot:`."""
    if isinstance(node, nodes.Scalar):
        reader.literal(node)
        return
    fields = reader.fields(node, _SNAPSHOT)
    if node is not None:
        reader.literal(fields.get("image-name"))
        reader.literal(fields.get("version"))
        reader.condition(fields.get("if"), f"{_JOB}.snapshot.if", node.span)
