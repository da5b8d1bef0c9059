"""Reads `container:`, `services:` and `snapshot:` of a job, which pysim does not carry out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from simulator.positions import Span
from simulator.workflow import nodes
from simulator.workflow.model import Container, Credentials, Entries, Job, Snapshot, Text
from simulator.workflow.reading import Reader, Shape

_KEYS = ("image", "options", "env", "ports", "volumes", "credentials")
CONTAINER = Shape(_KEYS)
SERVICE = Shape((*_KEYS, "entrypoint", "command"))
CREDENTIALS = Shape(("username", "password"))
SNAPSHOT = Shape(("image-name", "if", "version"), ("image-name",))
_JOB = "jobs.<job_id>"
_VERSION = re.compile(r"[0-9]+\.\*")


def read_container(reader: Reader, node: nodes.Node | None) -> Container | None:
    """`container:`, an image or a mapping."""
    at = f"{_JOB}.container"
    return None if node is None else _read(reader, node, (at, at), CONTAINER)


def read_services(reader: Reader, node: nodes.Node | None) -> Entries[Container]:
    """`services:` by the name of each."""
    at = f"{_JOB}.services"
    return reader.read_entries(
        node, at, "services", lambda _, value: _read(reader, value, (at, f"{at}.<service_id>"), SERVICE)
    )


def _read(reader: Reader, node: nodes.Node, where: tuple[str, str], shape: Shape) -> Container:
    at, inner = where
    if isinstance(node, nodes.Scalar):
        image = reader.text(node, at, filled=shape is SERVICE)
        _check_image(reader, image, node.span)
        return Container(image=image, span=node.span)
    fields = reader.fields(node, shape, at)
    image = reader.text(fields.get("image"), at, filled=True)
    _check_image(reader, image, node.span)
    return Container(
        image=image,
        span=node.span,
        env=reader.variables(fields.get("env"), f"{inner}.env.<env_id>"),
        ports=_list(reader, fields.get("ports"), at),
        volumes=_list(reader, fields.get("volumes"), at),
        options=reader.text(fields.get("options"), at),
        entrypoint=reader.text(fields.get("entrypoint"), at),
        command=reader.text(fields.get("command"), at),
        credentials=_credentials(reader, fields.get("credentials"), f"{inner}.credentials"),
    )


def _check_image(reader: Reader, image: Text | None, span: Span) -> None:
    if image is not None and image.source == "docker://":
        reader.error(span, "container-image", "Container image cannot be empty")


def check_images(reader: Reader, jobs: Iterable[Job]) -> None:
    """Note the containers without an image; where something in one is computed GitHub asks for it later."""
    for job in jobs:
        for container in (*((job.container,) if job.container else ()), *job.services.values()):
            if container.image is None and not _is_computed(container):
                hint = "Name the image that the container is made from, such as `image: python:3.13`."
                reader.error(container.span, "container-image", "Container image cannot be empty", hint)


def _is_computed(container: Container) -> bool:
    mine = [container.options, container.entrypoint, container.command, *container.ports, *container.volumes]
    if container.credentials is not None:
        mine += [container.credentials.username, container.credentials.password]
    env = container.env
    texts = [text for text in (*mine, *env.values()) if text is not None]
    return bool(env.whole or env.computed) or not all(text.template.is_literal for text in texts)


def _list(reader: Reader, node: nodes.Node | None, at: str) -> Sequence[Text]:
    texts = (reader.text(item, at, filled=True) for item in reader.sequence(node))
    return tuple(text for text in texts if text is not None)


def _credentials(reader: Reader, node: nodes.Node | None, at: str) -> Credentials | None:
    fields = reader.fields(node, CREDENTIALS, at, "credentials")
    username, password = (reader.text(fields.get(key), at, filled=True) for key in CREDENTIALS.keys)
    return None if node is None else Credentials(username=username, password=password)


def read_snapshot(reader: Reader, node: nodes.Node | None) -> Snapshot | None:
    """`snapshot:`, the name of an image or a mapping."""
    if node is None:
        return None
    if isinstance(node, nodes.Scalar):
        name = reader.literal(node)
        return Snapshot(image_name=name, span=node.span) if name else None
    fields = reader.fields(node, SNAPSHOT)
    name = reader.literal(fields.get("image-name"))
    version = reader.literal(fields.get("version"))
    if version is not None and not _VERSION.fullmatch(version.value):
        message = f"Expected format '{{major-version}}.*' Actual '{version.value}'"
        reader.error(node.span, "snapshot-version", message)
    condition = reader.condition(fields.get("if"), f"{_JOB}.snapshot.if", node.span)
    if name is None:
        return None
    return Snapshot(image_name=name, span=node.span, version=version, condition=condition if "if" in fields else None)
