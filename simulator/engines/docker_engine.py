"""The Docker engine: a container without a network for each sandbox. Knows no workflow and no twin."""

from __future__ import annotations

import contextlib
import io
import shutil
import socket
import tarfile
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

import docker
from docker.types import LogConfig, Mount

from simulator.engines import builds, images
from simulator.engines.agent_sandbox import AgentSandbox
from simulator.engines.base import CONTAINER_PLACES, LAYOUT, Command, Containers, EngineName, ProgressSink, SandboxSpec
from simulator.engines.channel import AgentChannel
from simulator.engines.containers import DockerContainers
from simulator.engines.daemon import (
    SANDBOX,
    connected,
    connection_of,
    daemon_errors,
    frames,
    labels,
    remove,
    remove_labelled,
)
from simulator.engines.docker_api import DockerApi
from simulator.engines.environment import (
    FORWARDER_ADDRESS,
    GATEWAY,
    GROUP_ID,
    HOST_NAME,
    INSIDE,
    PROGRAMS,
    USER_ID,
    agent_argv,
    process_environment,
)
from simulator.engines.image_volumes import filled_volume
from simulator.engines.policy import DOCKER_SOCKET
from simulator.engines.seccomp import SECURITY_OPTION
from simulator.engines.volumes import CONTAINER_WORK
from simulator.errors import EngineError

_STARTS_WITHIN: Final = 60.0
_DOCKER: Final = PurePosixPath("/usr/bin/docker")
# What the agent (root) needs to start commands as the runner and to end them, and what `sudo` in a job may expect.
_CAPABILITIES: Final = (
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID",
    "SETPCAP", "SETUID", "SYS_CHROOT",
)  # fmt: skip


class DockerEngine:
    """Opens sandboxes in containers of the local daemon."""

    def __init__(self) -> None:
        self._image: images.Image | None = None

    @property
    def name(self) -> EngineName:
        return "docker"

    @property
    def no_containers(self) -> None:
        return None

    def lacks(self, programs: Collection[str], *, fetch: bool) -> Collection[str]:  # noqa: ARG002 - as the protocol has it
        """See `Engine.lacks`: what its image has is not looked into."""
        return ()

    def no_node(self, progress: ProgressSink) -> None:
        """See `Engine.no_node`: it is in the image."""

    @property
    def image(self) -> str:
        return f"{self._image.tag} ({self._image.description})" if self._image else "not chosen yet"

    def check(self) -> str:
        """See `Engine.check`."""
        with connected() as client:
            return f"Docker {client.version()['Version']}"

    def prepare(self, progress: ProgressSink) -> None:
        """See `Engine.prepare`: finds or makes the image."""
        with connected() as client, daemon_errors("Docker cannot make the image"):
            self._image = images.find_or_make(client, progress)

    def open(self, spec: SandboxSpec) -> DockerSandbox:
        """See `Engine.open`. Prepares first where that was not done."""
        if self._image is None:
            self.prepare(lambda _: None)
        assert self._image is not None
        return DockerSandbox(spec, self._image)

    def clean(self, run_id: str | None = None) -> Sequence[str]:
        """See `Engine.clean`: containers, volumes, networks, and images that jobs made."""
        with connected() as client, daemon_errors("Docker cannot remove what is left"):
            return [*remove_labelled(client, run=run_id), *builds.remove_built(client, run_id)]

    def remove_images(self) -> Sequence[str]:
        """See `Engine.remove_images`. Raises EngineError when one is in use."""
        self._image = None
        with connected() as client, daemon_errors("Docker cannot remove an image"):
            return images.remove_all(client)


class DockerSandbox(AgentSandbox):
    """One job's container."""

    def __init__(self, spec: SandboxSpec, image: images.Image) -> None:
        ours = process_environment(spec, image_os=image.environment.get("ImageOS", "linux"))
        super().__init__(spec, {**image.environment, "DOCKER_BUILDKIT": "0", **ours})
        self._image = image
        self._containers: DockerContainers | None = None

    @property
    def containers(self) -> Containers:
        """See `Sandbox.containers`."""
        if self._containers is None:
            raise EngineError(f"{self.label} was not started", hint="Enter it first.")
        return self._containers

    def cancel(self, stop: threading.Event | None = None) -> None:
        """See `Sandbox.cancel`."""
        super().cancel(stop)
        if self._containers is not None:
            self._containers.cancel(stop)

    def _start(self, stack: contextlib.ExitStack) -> AgentChannel:
        client = stack.enter_context(connected())
        with daemon_errors(f"{self.label} cannot be started"):
            listener = self._listen(stack)
            container = self._create(client)
            stack.callback(remove, client, container)
            client.api.put_archive(container, "/", self._programs())
            channel = AgentChannel(stack.enter_context(_attached(client, container)), label=self.label)
            stack.callback(channel.close)
            client.api.start(container)
        channel.open(timeout=_STARTS_WITHIN)
        self._containers = DockerContainers(client, self._spec, container, channel)
        self._containers.socket = str(self._api_socket)
        stack.callback(self._containers.close)
        api = DockerApi(stack.enter_context(connected()), self._containers)
        threading.Thread(target=api.serve, args=(listener,), name="docker api", daemon=True).start()
        stack.callback(listener.shutdown, socket.SHUT_RDWR)
        if self._spec.for_container:
            self._give_work_to_user(channel)
        return channel

    @property
    def _api_socket(self) -> Path:
        """Where the Docker API of the job is served."""
        return self._spec.gateway.with_suffix(".docker")

    def _listen(self, stack: contextlib.ExitStack) -> socket.socket:
        listener = stack.enter_context(DockerApi.listen(self._api_socket))
        stack.callback(self._api_socket.unlink, missing_ok=True)
        return listener

    def _create(self, client: docker.DockerClient) -> str:
        spec = self._spec
        shown = [(spec.gateway, GATEWAY), (self._api_socket, DOCKER_SOCKET), *_docker_program()]
        shown += [(source, inside) for inside, source in spec.mounts.items()]
        marks = labels(spec)
        made = client.api.create_container(
            image=self._image.tag,
            command=agent_argv(LAYOUT.python, spec, drops_to_user=True),
            entrypoint=[],
            hostname=HOST_NAME,
            user="0:0",
            working_dir="/",
            stdin_open=True,
            use_config_proxy=False,  # the proxies of ~/.docker/config.json, passwords included
            labels={**marks, SANDBOX: "1"},
            host_config=client.api.create_host_config(
                auto_remove=True,
                network_mode="none",
                dns=[FORWARDER_ADDRESS],
                cap_drop=["ALL"],
                cap_add=list(_CAPABILITIES),
                log_config=LogConfig(type="none"),
                mounts=[
                    *(
                        Mount(target=str(inside), source=str(source.resolve()), type="bind", read_only=True)
                        for source, inside in shown
                    ),
                    *self._volumes(client, marks),
                ],
                # SELinux would keep the gateway's socket from the container.
                security_opt=["label=disable", SECURITY_OPTION],
            ),
        )
        return str(made["Id"])

    def _volumes(self, client: docker.DockerClient, marks: dict[str, str]) -> Sequence[Mount]:
        """The folders that further containers may share: volumes without a name, which go with the container."""
        if not self._spec.for_container:
            return (Mount(target=str(LAYOUT.work), source=None, type="volume", labels=marks),)
        tools, nodes = str(LAYOUT.tool_cache), filled_volume(client, self._image, LAYOUT.externals)
        return (
            Mount(target=str(CONTAINER_WORK), source=None, type="volume", labels=marks),
            Mount(target=tools, source=None, type="volume", labels=marks, no_copy=not self._spec.keeps_tools),
            Mount(target=str(LAYOUT.externals), source=nodes, type="volume", read_only=True),
        )

    def _give_work_to_user(self, channel: AgentChannel) -> None:
        """Give the folder of a job in a container, whose volume is new, to the user."""
        folders = (str(CONTAINER_WORK), str(LAYOUT.temp), str(LAYOUT.actions), str(LAYOUT.tool_cache))
        owner = f"--owner={USER_ID}", f"--group={GROUP_ID}"
        argv = ("install", "-d", *owner, *folders)
        channel.run(Command(argv=argv, cwd=PurePosixPath("/"), env=self.environment, as_root=True), lambda _: None)

    def _programs(self) -> bytes:
        """The archive of what a container gets before it starts."""
        files = {PROGRAMS / name: (INSIDE / name).read_bytes() for name in ("agent.py", "forwarder.py")}
        files[LAYOUT.ca_bundle] = self._spec.ca_bundle
        buffer = io.BytesIO()
        with tarfile.open(mode="w", fileobj=buffer) as archive:
            for path, content in files.items():
                entry = tarfile.TarInfo(str(path).lstrip("/"))
                entry.size, entry.mode = len(content), 0o644
                archive.addfile(entry, io.BytesIO(content))
            for path, target in self._links().items():
                entry = tarfile.TarInfo(str(path).lstrip("/"))
                entry.type, entry.linkname = tarfile.SYMTYPE, str(target)
                archive.addfile(entry)
        return buffer.getvalue()

    def _links(self) -> dict[PurePosixPath, PurePosixPath]:
        """The places that a job in a container knows its folders by; its work folder really is there."""
        if not self._spec.for_container:
            return {}
        places = {place: folder for place, folder in CONTAINER_PLACES.items() if folder != LAYOUT.work}
        return {LAYOUT.work: CONTAINER_WORK, **places}


def _docker_program() -> list[tuple[Path, PurePosixPath]]:
    """The docker command of this machine, which GitHub's runners have too; the image has none of its own."""
    found = Path(shutil.which("docker") or "/nonexistent").resolve()
    return [(found, _DOCKER)] if found.name == "docker" and found.is_file() else []


class _Stream:
    """The transport to an agent in a container: the attach protocol's frames."""

    def __init__(self, connection: socket.socket, incoming: IO[bytes]) -> None:
        self._connection = connection
        self._incoming = incoming
        self._words = b""

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def receive(self) -> bytes:
        for out, error in frames(self._incoming):
            if out:
                return out
            self._words = (self._words + (error or b""))[-4096:]
        return b""

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def error_output(self) -> str:
        return self._words.decode(errors="replace")


@contextlib.contextmanager
def _attached(client: docker.DockerClient, container: str) -> Iterator[_Stream]:
    """A container's standard streams; their end ends the container's input."""
    stream: Any = client.api.attach_socket(container, {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
    with connection_of(stream) as (connection, incoming):
        yield _Stream(connection, incoming)
