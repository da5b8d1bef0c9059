"""Where the folders of a sandbox lie on the daemon's machine, and that nothing leads out of them."""

from __future__ import annotations

import base64
import json
from pathlib import PurePosixPath
from typing import Final

import docker

from simulator.engines.base import LAYOUT, ContainerError

CONTAINER_WORK: Final = PurePosixPath("/__w")  # the place of the work folder for a job that runs in a container
_LINK: Final = 1 << 27  # ModeSymlink of Go's io/fs, which the daemon answers with


class Volumes:
    """Where folders of a sandbox lie on the daemon's machine: the volumes of its container."""

    def __init__(self, client: docker.DockerClient, container: str) -> None:
        mounts = client.api.inspect_container(container)["Mounts"]
        self._sources = {PurePosixPath(m["Destination"]): m["Source"] for m in mounts if m["Type"] == "volume"}
        self._client = client
        self._container = container

    def root_of(self, path: PurePosixPath) -> PurePosixPath:
        """The place of the volume that a path is in. Raises ContainerError."""
        path = self._mounted_at(path)
        for root in self._sources:
            if path.is_relative_to(root):
                return root
        raise ContainerError(f"The folder {path} is not shared with containers")

    def host_path(self, path: PurePosixPath) -> str:
        """The path on the daemon's machine."""
        root, path = self.root_of(path), self._mounted_at(path)
        return str(PurePosixPath(self._sources[root], path.relative_to(root)))

    def check(self, path: PurePosixPath) -> None:
        """See that a folder is there and no part of its path is a link, which the daemon would follow on its machine.

        Holds only while no process of the job can change it. Raises ContainerError.
        """
        root, path = self.root_of(path), self._mounted_at(path)
        for step in [path, *path.parents][::-1]:
            if step != root and step.is_relative_to(root) and self._mode(step) & _LINK:
                raise ContainerError(f"{step} is a symbolic link, and pysim shares no folder through one")

    def _mounted_at(self, path: PurePosixPath) -> PurePosixPath:
        """Where a path is: the work folder of a job in a container has another place."""
        if CONTAINER_WORK in self._sources and path.is_relative_to(LAYOUT.work):
            return CONTAINER_WORK / path.relative_to(LAYOUT.work)
        return path

    def _mode(self, path: PurePosixPath) -> int:
        api = self._client.api
        url = f"{api.base_url}/v{api.api_version}/containers/{self._container}/archive"
        answer = api.head(url, params={"path": str(path)})
        fact = answer.headers.get("X-Docker-Container-Path-Stat")
        if fact is None:
            raise ContainerError(f"There is no {path} to share with a container")
        return int(json.loads(base64.b64decode(fact))["mode"])
