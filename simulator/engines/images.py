"""The images of sandboxes in the Docker daemon: found by content hash, else made once.

The recipe from ubuntu:24.04 is tried first; where no registry answers, the bootstrap makes another image with a name of
its own. Knows no sandbox.
"""

from __future__ import annotations

import json
import shutil
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import DockerException, ImageNotFound
from requests.exceptions import RequestException

from simulator.engines import bootstrap, host, recipes
from simulator.engines.base import ProgressSink
from simulator.engines.pythons import find_pythons
from simulator.errors import EngineError
from simulator.paths import temporary_folder

_UBUNTU = "pysim/ubuntu-24.04"
_BASE = "ubuntu:24.04"
LABEL = "pysim.image"
_REGISTRY_ANSWERS_WITHIN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """An image that sandboxes can be made from; `description` says what it really is."""

    tag: str
    description: str
    environment: Mapping[str, str]


def find_or_make(client: docker.DockerClient, progress: ProgressSink) -> Image:
    """The image for this machine. Raises EngineError."""
    ubuntu = f"{_UBUNTU}:{recipes.digest('ubuntu')}"
    if (image := _find(client, ubuntu)) is not None:
        return image
    plan: bootstrap.Bootstrap | EngineError
    try:
        plan = bootstrap.plan()
    except EngineError as error:
        plan = error
    else:
        if (image := _find(client, f"{plan.repository}:{plan.digest}")) is not None:
            return image
    try:
        _have_base(client, progress)
        return _make_ubuntu(client, ubuntu, progress)
    except EngineError as error:
        progress(str(error))
    if isinstance(plan, EngineError):
        raise plan
    return _make_bootstrap(client, plan, progress)


def remove_all(client: docker.DockerClient) -> Sequence[str]:
    """Remove every image that was made here, and name them."""
    tags = [tag for image in client.images.list(filters={"label": LABEL}) for tag in image.tags or [image.short_id]]
    for tag in tags:
        client.images.remove(tag, force=True)
    volumes = client.volumes.list(filters={"label": LABEL})
    for volume in volumes:
        volume.remove()
    return [*(f"image {tag}" for tag in tags), *(f"volume {volume.name}" for volume in volumes)]


def _find(client: docker.DockerClient, tag: str) -> Image | None:
    try:
        facts = client.images.get(tag).attrs["Config"]
    except ImageNotFound:
        return None
    environment = dict(entry.split("=", 1) for entry in facts.get("Env") or ())
    return Image(tag=tag, description=facts["Labels"][LABEL], environment=environment)


def _found(client: docker.DockerClient, tag: str) -> Image:
    image = _find(client, tag)
    if image is None:
        raise EngineError(f"The image {tag} is gone right after it was made", hint="Run it again.")
    return image


def _have_base(client: docker.DockerClient, progress: ProgressSink) -> None:
    """Make sure that the base image is there, asking the registry for no longer than a few seconds first."""
    if any(_BASE in image.tags for image in client.images.list(name=_BASE)):
        return
    progress(f"asking the image registry for {_BASE}")
    usual, client.api.timeout = client.api.timeout, _REGISTRY_ANSWERS_WITHIN
    try:
        client.images.get_registry_data(_BASE)
    except (DockerException, RequestException) as error:
        raise EngineError(f"No image registry answers for {_BASE}", hint=str(error)) from error
    finally:
        client.api.timeout = usual
    progress(f"pulling {_BASE}")
    try:
        client.images.pull(_BASE)
    except (DockerException, RequestException) as error:
        raise EngineError(f"{_BASE} cannot be pulled", hint=str(error)) from error


def _make_ubuntu(client: docker.DockerClient, tag: str, progress: ProgressSink) -> Image:
    """Build images/ubuntu-24.04 with the host's network, which the package archives are reached by."""
    with temporary_folder("image") as folder:
        context = folder / "context"
        shutil.copytree(recipes.recipe_folder(), context)
        shutil.copy(recipes.python_program(), context)
        (context / "wheels").mkdir()
        recipes.download_wheels(context / "wheels", find_pythons(recipes.MINOR).newest(recipes.MINOR), progress)
        try:
            output = client.api.build(
                path=str(context),
                dockerfile="ubuntu-24.04/Dockerfile",
                tag=tag,
                labels={LABEL: "Ubuntu 24.04, from images/ubuntu-24.04"},
                buildargs=dict(host.host_settings().proxies),
                network_mode="host",
                rm=True,
                forcerm=True,
                decode=True,
            )
            _follow(output, progress)
        except (DockerException, RequestException) as error:
            raise EngineError(
                f"{tag} cannot be built: {error}", hint="`docker info` says whether the daemon is well."
            ) from error
    return _found(client, tag)


def _follow(output: Iterable[Mapping[str, Any]], progress: ProgressSink) -> None:
    """Show the steps of a build. Raises EngineError with its last lines."""
    last: deque[str] = deque(maxlen=15)
    for message in output:
        text = str(message.get("stream") or message.get("error") or "").strip()
        if text:
            last.append(text)
        if text.startswith("Step "):
            progress(text)
        if "error" in message:
            raise EngineError("The image cannot be built: " + "\n".join(last), hint="Its last lines say why.")


def _make_bootstrap(client: docker.DockerClient, plan: bootstrap.Bootstrap, progress: ProgressSink) -> Image:
    progress(f"making {plan.repository} instead, once")
    with temporary_folder("image") as folder:
        archive = plan.build(folder, progress)
        progress(f"importing {archive.stat().st_size >> 20} MB into Docker")
        changes = [
            f"LABEL {LABEL}={json.dumps(plan.description)}",
            f"ENV ImageOS={plan.image_os}",
        ]
        try:
            client.api.import_image_from_file(str(archive), plan.repository, plan.digest, changes)
        except (DockerException, RequestException) as error:
            raise EngineError(f"Docker cannot import the image: {error}", hint="Check its disk space.") from error
    return _found(client, f"{plan.repository}:{plan.digest}")
