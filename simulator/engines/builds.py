"""Builds the image of a Docker action with the daemon's classic builder, with no other network than the sandbox's."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import posixpath
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, Self

import docker
from docker.errors import APIError, NotFound
from docker.utils.build import exclude_paths

from simulator.engines import dockerfiles
from simulator.engines.base import ContainerError, ContainerImage, LineSink, Login
from simulator.engines.daemon import is_abandoned
from simulator.engines.images import LABEL
from simulator.engines.policy import BUNDLE
from simulator.paths import Owner

CERTIFICATES: Final = ".pysim-ca.pem"
DOCKERFILE: Final = ".pysim.Dockerfile"
JOB_LABEL: Final = "pysim.built-in-run"  # of the images that a job itself builds
_REPOSITORY: Final = "pysim/action"
_HUB: Final = "https://index.docker.io/v1/"  # what Docker knows the registry of plain names by
_IN_MEMORY: Final = 1 << 24
_NOT_PLAIN: Final = re.compile(r"[^\w./@:,+ -]", re.ASCII)  # in a label, which a Dockerfile has in quotes


def tag_of(name: str) -> str:
    """What the image for something is called: the same each time, so that Docker's cache serves the next build."""
    return f"{_REPOSITORY}:{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def context_of_folder(folder: Path) -> dict[str, Path]:
    """The files of a build by their path in it, but for those that .dockerignore leaves out."""
    ignored = folder / ".dockerignore"
    is_there = ignored.is_file() and not ignored.is_symlink()
    patterns = ignored.read_text(encoding="utf-8", errors="replace").splitlines() if is_there else []
    patterns = [line.strip() for line in patterns if line.strip() and not line.startswith("#")]
    return {path: folder / path for path in exclude_paths(str(folder), patterns)}


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildSettings:
    """What an image is built with besides its context.

    `name` says what it is for; `image` has an image ready that it is built on. `labels` are those of each layer,
    `variables` are there for RUN alone, and `arguments` are the build's own.
    """

    name: str
    dockerfile: str
    network: str
    certificates: bytes
    variables: Mapping[str, str]
    image: Callable[[str], ContainerImage]
    labels: Mapping[str, str]
    arguments: Mapping[str, str] = field(default_factory=dict)


class Context:
    """The archive of what a build is given."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        self._archive = tarfile.open(mode="w", fileobj=self._file)  # noqa: SIM115
        self._dockerfiles: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add_folder(self, folder: Path) -> None:
        """Take a folder of this machine."""
        for name, path in sorted(context_of_folder(folder).items()):
            self._archive.add(path, arcname=name, recursive=False)
            if path.is_file() and not path.is_symlink():
                self._note(name, path.read_bytes)

    def add_archive(self, data: IO[bytes]) -> None:
        """Take a tar archive whose names begin with `./`."""
        with tarfile.open(mode="r|", fileobj=data) as given:
            for entry in given:
                entry.name = posixpath.normpath(entry.name)
                content = given.extractfile(entry) if entry.isfile() else None
                if content is not None and "dockerfile" in entry.name.lower():
                    held = content.read()
                    self._note(entry.name, lambda held=held: held)
                    content = io.BytesIO(held)
                self._archive.addfile(entry, content)

    def _note(self, name: str, read: Any) -> None:
        if "dockerfile" in name.lower():
            self._dockerfiles[name] = read().decode(errors="replace")

    def dockerfile(self, path: str) -> str:
        """The text of a Dockerfile in it. Raises ContainerError."""
        name = posixpath.normpath(path)
        for known in (name, name.replace("Dockerfile", "dockerfile")):
            if known in self._dockerfiles:
                return self._dockerfiles[known]
        raise ContainerError(f"'{path}' is no Dockerfile of the action")

    def ready(self, settings: BuildSettings) -> IO[bytes]:
        """The archive, with the Dockerfile to build and the certificates. Raises ContainerError."""
        text = dockerfiles.rewrite(
            self.dockerfile(settings.dockerfile),
            settings.dockerfile,
            image=settings.image,
            arguments=settings.arguments,
            first=_first_instructions(settings),
        )
        for name, content in ((DOCKERFILE, text.encode()), (CERTIFICATES, settings.certificates)):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            self._archive.addfile(entry, io.BytesIO(content))
        self._archive.close()
        self._file.seek(0)
        return self._file


def _first_instructions(settings: BuildSettings) -> Sequence[str]:
    """What every stage begins with. A build that fails leaves no layer without the labels."""
    marks = [f'{name}="{_NOT_PLAIN.sub("_", value)}"' for name, value in settings.labels.items()]
    arguments = [f'ARG {name}="{value}"' for name, value in settings.variables.items()]
    return [f"LABEL {' '.join(marks)}", f"COPY {CERTIFICATES} {BUNDLE}", *arguments]


def build(client: docker.DockerClient, context: Context, settings: BuildSettings, on_line: LineSink) -> str:
    """Build, and give the image's id. Raises ContainerError with the builder's own words.

    Its RUN steps are under the daemon's own seccomp profile, not under that of `seccomp`: Docker takes `securityopt` of
    a build on Windows alone (moby, api/server/router/build). Those of old versions leave AF_VSOCK open.
    """
    tag = tag_of(settings.name)
    try:
        output = client.api.build(
            fileobj=context.ready(settings),
            custom_context=True,
            dockerfile=DOCKERFILE,
            tag=tag,
            labels=dict(settings.labels),
            network_mode=f"container:{settings.network}",
            use_config_proxy=False,
            rm=True,
            forcerm=True,
            decode=True,
        )
        _follow(output, on_line)
        return str(client.images.get(tag).id)
    except (APIError, NotFound) as error:
        raise ContainerError(f"Docker build failed: {error.explanation}") from error


def _follow(output: Iterable[Mapping[str, Any]], on_line: LineSink) -> None:
    for message in output:
        for line in str(message.get("stream") or "").splitlines():
            if line.strip():
                on_line(line)
        if "error" in message:
            raise ContainerError(f"Docker build failed: {message['error']}")


def add_from_sandbox(context: Context, client: docker.DockerClient, container: str, folder: PurePosixPath) -> None:
    """Take a folder of a container. Raises ContainerError."""
    try:
        chunks, _ = client.api.get_archive(container, f"{folder}/.")
    except NotFound as error:
        raise ContainerError(f"There is no folder {folder}") from error
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as data:
        for chunk in chunks:
            data.write(chunk)
        data.seek(0)
        context.add_archive(data)


def logins(header: str) -> Callable[[str], Login]:
    """Who a build pulls images as, from its `X-Registry-Config`: nobody else's login counts. Raises ValueError."""
    given: Mapping[str, Mapping[str, str]] = json.loads(base64.urlsafe_b64decode(header) or b"{}")

    def login(image: str) -> Login:
        first, slash, _ = image.partition("/")
        named = slash and ("." in first or ":" in first or first == "localhost")
        found = given.get(first if named else _HUB, {})
        return Login(username=found.get("username", ""), password=found.get("password", ""))

    return login


def job_labels(run_id: str) -> Mapping[str, str]:
    """What an image is marked with that a job makes; it goes with the run."""
    return {JOB_LABEL: run_id, LABEL: "built by a job", "pysim.owner": str(Owner.current())}


def action_labels(name: str) -> Mapping[str, str]:
    """What an image is marked with that is kept for later runs: the same each time, as Docker's cache needs it."""
    return {LABEL: f"for {name}"}


def name_copy(client: docker.DockerClient, image: str, name: str, run_id: str) -> None:
    """Give a name to a copy of an image that a run removes at its end; the image has no ONBUILD."""
    text = io.BytesIO(f"FROM {image.removeprefix('sha256:')}\n".encode())
    _follow(
        client.api.build(
            fileobj=text, tag=name, labels=dict(job_labels(run_id)), use_config_proxy=False, rm=True, decode=True
        ),
        lambda _: None,
    )


def remove_built(client: docker.DockerClient, run_id: str | None) -> Sequence[str]:
    """Remove the images that the jobs of a run made, or of all runs that no longer live, and name them."""
    removed: list[str] = []
    for image in client.images.list(filters={"label": JOB_LABEL if run_id is None else f"{JOB_LABEL}={run_id}"}):
        if run_id is None and ("pysim.owner" not in image.labels or not is_abandoned(image.labels, None)):
            continue
        for tag in image.tags or [str(image.id)]:
            with contextlib.suppress(APIError):  # one that went with another
                client.images.remove(tag, force=True)
                removed.append(f"image {tag}")
    return removed


def spooled_file() -> IO[bytes]:
    """A new file, in memory while it is small."""
    return tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)


def held(content: bytes) -> IO[bytes]:
    """A file in memory."""
    return io.BytesIO(content)
