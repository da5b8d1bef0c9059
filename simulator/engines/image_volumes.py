"""A folder of the sandboxes' image as a volume, filled once, for containers that have images of their own."""

from __future__ import annotations

import threading
import time
from pathlib import PurePosixPath
from typing import Final

import docker
from docker.errors import APIError, NotFound
from docker.types import Mount

from simulator.engines.daemon import remove
from simulator.engines.images import LABEL, Image
from simulator.errors import EngineError
from simulator.remedies import Act, remedy

_LOCK: Final = threading.Lock()
_FILLED_WITHIN: Final = 120.0  # seconds for another pysim that fills the same volume


def filled_volume(client: docker.DockerClient, image: Image, folder: PurePosixPath) -> str:
    """The name of a volume with what the image has in a folder; a second, empty one says that it is complete."""
    name = f"pysim-{folder.name}-{image.tag.rpartition(':')[2]}"
    deadline = time.monotonic() + _FILLED_WITHIN
    with _LOCK:
        while not _is_there(client, f"{name}-complete"):
            if time.monotonic() > deadline:
                raise EngineError(
                    f"The volume {name} is not complete",
                    hint="Remove the images that pysim made, and run it again.",
                    remedies=(remedy(Act.CLEAN_IMAGES),),
                )
            try:
                _remove(client, name)
                _fill(client, image, name, folder)
            except APIError:  # another pysim is at it
                time.sleep(0.5)
    return name


def _is_there(client: docker.DockerClient, name: str) -> bool:
    try:
        client.volumes.get(name)
    except NotFound:
        return False
    return True


def _remove(client: docker.DockerClient, name: str) -> None:
    if _is_there(client, name):
        client.volumes.get(name).remove()


def _fill(client: docker.DockerClient, image: Image, name: str, folder: PurePosixPath) -> None:
    marks = {LABEL: f"{folder} of {image.tag}"}
    client.volumes.create(name, labels=marks)
    # Docker copies what the image has there into a volume that is empty, when it makes a container.
    mounts = [Mount(target=str(folder), source=name, type="volume")]
    made = client.api.create_container(
        image=image.tag, command=["true"], host_config=client.api.create_host_config(mounts=mounts)
    )
    remove(client, str(made["Id"]))
    client.volumes.create(f"{name}-complete", labels=marks)
