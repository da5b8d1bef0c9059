"""The further containers of a Docker sandbox (see `base.Containers`): sealed as it is, and gone with it.

They share the sandbox's network namespace, where there is a loopback and the forwarder, and folders of its volume. What
a workflow asks for reaches the daemon through `policy` alone.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any, Final

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from requests.exceptions import RequestException

from simulator import process
from simulator.engines import builds, run_cleanup
from simulator.engines.base import (
    LAYOUT,
    Command,
    Container,
    ContainerError,
    ContainerImage,
    ContainerSpec,
    Fetch,
    LineSink,
    Login,
    SandboxSpec,
)
from simulator.engines.channel import AgentChannel
from simulator.engines.container_process import ContainerProcess
from simulator.engines.daemon import FURTHER, daemon_errors, labels, remove_labelled
from simulator.engines.docker_container import DockerContainer
from simulator.engines.environment import certificate_variables, forward_argv
from simulator.engines.options import add_port, read_options
from simulator.engines.policy import BUNDLE, DOCKER_SOCKET, ContainerSettings, admit, forwards
from simulator.engines.references import Reference, UnknownRegistryError, check_registry, read_reference
from simulator.engines.volumes import Volumes
from simulator.paths import temporary_folder

_KIND: Final = "containers"
_IMAGE: Final = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|$))[\w.:-]+(/[\w.:-]+)*(@[\w:+.-]+)?", re.ASCII)
_FIRST_PORT: Final = 32767  # the one before those that Docker gives where any will do


class DockerContainers:
    """See `Containers`. `settings` are what they have in common."""

    def __init__(self, client: docker.DockerClient, spec: SandboxSpec, sandbox: str, channel: AgentChannel) -> None:
        self.socket: str | None = None  # of the job's Docker API
        self.made: dict[str, DockerContainer] = {}  # by id
        self._builds_images = False  # whether the job made images by it
        self._client = client
        self.spec = spec
        self._sandbox = sandbox
        self._channel = channel
        self._exit = contextlib.ExitStack()
        self._lock = threading.RLock()  # of what is open
        self.start_lock = threading.RLock()  # held where nothing may begin to run, or run again
        self._settings: ContainerSettings | None = None
        self._processes: dict[ContainerProcess, threading.Event | None] = {}  # and what stops each
        self._next_port = _FIRST_PORT

    @property
    def network(self) -> str:
        return self._sandbox

    # ---- images

    def image(self, name: str, *, login: Login | None = None, on_line: LineSink) -> ContainerImage:
        """See `Containers.image`."""
        wanted = self.spec.images.get(name, name)
        if wanted != name:
            on_line(f"{wanted} stands for {name}, as configured")
        found = self.find(wanted)
        if found is not None:
            on_line(f"{wanted} is on this machine: it is not pulled again")
            return found
        if self.spec.offline:
            raise ContainerError(
                f"The image {wanted} is not on this machine, and the rehearsal is offline, so nothing is pulled"
            )
        self._pull(wanted, self.pulled(wanted), login, on_line)
        found = self.find(wanted)
        if found is None:
            raise ContainerError(f"The image {wanted} was pulled and is gone")
        return found

    def find(self, name: str) -> ContainerImage | None:
        """An image that is there. Raises ContainerError."""
        if not _IMAGE.fullmatch(name):  # the SDK would make another path of some
            raise ContainerError(f"{name!r} is no name of an image")
        with daemon_errors(f"Docker cannot say what the image {name} is"):
            try:
                facts = self._client.images.get(name).attrs
            except ImageNotFound:
                return None
            except APIError as error:
                raise ContainerError(f"{name!r} is no image: {error.explanation}") from error
        config = facts.get("Config") or {}
        pairs = (entry.partition("=") for entry in config.get("Env") or ())
        return ContainerImage(
            id=facts["Id"],
            environment={key: value for key, _, value in pairs},
            ports=tuple(config.get("ExposedPorts") or ()),
            user=config.get("User") or "",
            triggers=tuple(config.get("OnBuild") or ()),
            labels=config.get("Labels") or {},
        )

    def pulled(self, name: str) -> Reference:
        """What a registry is asked for. Raises ContainerError for an image that none is to be asked for."""
        if is_own_name(name):
            raise ContainerError(f"{name} is a name of pysim's own images, which no registry has")
        reference = read_reference(name)
        facts = self._client.info()
        try:
            check_registry(reference, by_proxy=bool(facts.get("HttpsProxy") or facts.get("HttpProxy")))
        except UnknownRegistryError:
            self.fetched(reference, HTTPStatus.BAD_GATEWAY.value)
            raise
        return reference

    def fetched(self, reference: Reference, status: int) -> None:
        """Tell what the daemon asked a registry for, and the status of its answer."""
        path = f"/v2/{reference.path}/manifests/{reference.tag}"
        unreached = status == HTTPStatus.INTERNAL_SERVER_ERROR  # the daemon's own answer, for a registry it cannot ask
        told = HTTPStatus.BAD_GATEWAY.value if unreached else status
        self.spec.on_fetch(Fetch(host=reference.host, path=path, status=told))

    def _pull(self, name: str, reference: Reference, login: Login | None, on_line: LineSink) -> None:
        auth = {"username": login.username, "password": login.password} if login else None
        on_line(f"Pulling {name}")
        status = HTTPStatus.BAD_GATEWAY.value
        try:
            answers = self._client.api.pull(
                reference.repository, reference.tag, stream=True, decode=True, auth_config=auth
            )
            for message in answers:
                if "error" in message:
                    raise ContainerError(f"Docker pull failed for {name}: {message['error']}")
                if "progress" not in message and message.get("status"):
                    on_line(message["status"])
            status = HTTPStatus.OK.value
        except (APIError, RequestException) as error:
            said = error.explanation if isinstance(error, APIError) else error
            raise ContainerError(f"Docker pull failed for {name}: {said}") from error
        finally:
            self.fetched(reference, status)

    def build(self, folder: Path | PurePosixPath, dockerfile: str, *, name: str, on_line: LineSink) -> ContainerImage:
        """See `Containers.build`."""
        with daemon_errors(f"Docker cannot build {name}"), builds.Context() as context:
            if isinstance(folder, Path):
                context.add_folder(folder)
            else:
                builds.add_from_sandbox(context, self._client, self._sandbox, folder)
            made = builds.build(self._client, context, self.build_settings(name, dockerfile, on_line), on_line)
        found = self.find(made)
        if found is None:
            raise ContainerError(f"The image for {name} is gone right after it was built")
        return found

    def build_settings(
        self,
        name: str,
        dockerfile: str,
        on_line: LineSink,
        *,
        arguments: Mapping[str, str] | None = None,
        login: Callable[[str], Login | None] = lambda _: None,
        labels: Mapping[str, str] | None = None,
    ) -> builds.BuildSettings:
        """How something is built here: from images that are looked up before, so that the daemon fetches none."""
        return builds.BuildSettings(
            name=name,
            dockerfile=dockerfile,
            network=self._sandbox,
            certificates=self.spec.ca_bundle,
            variables=self._variables(),
            image=lambda image: self.image(image, login=login(image), on_line=on_line),
            labels=builds.action_labels(name) if labels is None else labels,
            arguments=arguments or {},
        )

    def _variables(self) -> Mapping[str, str]:
        return {**certificate_variables(BUNDLE), **self.spec.environment}

    # ---- containers

    def settings(self) -> ContainerSettings:
        """What the containers have in common; from now on a program of its own waits for the end of pysim."""
        with self._lock:
            if self._settings is None:
                self._settings = self._make_settings()
            return self._settings

    def builds_images(self) -> None:
        """The job makes images of its own now, which go with it."""
        self.settings()
        self._builds_images = True

    def _make_settings(self) -> ContainerSettings:
        folder = self._exit.enter_context(temporary_folder(_KIND))
        child = run_cleanup.start(self.spec.run_id, folder)
        self._exit.callback(process.stop, child)
        bundle = folder / "ca.pem"
        bundle.write_bytes(self.spec.ca_bundle)
        bundle.chmod(0o644)
        return ContainerSettings(
            network=self._sandbox,
            labels={**labels(self.spec), FURTHER: "1"},
            socket=self.socket,
            ca_bundle=str(bundle),
            variables=self._variables(),
            host_path=Volumes(self._client, self._sandbox).host_path,
            volume_prefix=f"pysim-{secrets.token_hex(4)}-",
        )

    def create(self, spec: ContainerSpec) -> Container:
        """See `Containers.create`."""
        image = self.find(spec.image)
        assert image is not None, f"an image that is there: {spec.image}"
        name = f"{re.sub(r'[^A-Za-z0-9_.-]', '', spec.name) or 'c'}_{secrets.token_hex(3)}"
        request = _request(spec)
        with daemon_errors(f"Docker cannot make the container {spec.name}"):
            container = self.make(request, image, name=name if name[0].isalnum() else f"c{name}")
        self.publish(container, request)
        return container

    def publish(self, container: DockerContainer, request: Mapping[str, Any]) -> None:
        """Lead ports of localhost to those that the request publishes."""
        container.ports = dict(self._port(host, target) for host, target in forwards(request))

    def _port(self, host: int, target: int) -> tuple[int, int]:
        """Lead a port of localhost to that of a container; without one, any that is free."""
        with self._lock:
            if not host:
                self._next_port += 1
                host = self._next_port
        if host != target:
            self.forward(host, target)
        return target, host

    def make(
        self, request: Mapping[str, Any], image: ContainerImage, *, name: str | None, makes_folders: bool = False
    ) -> DockerContainer:
        """Make a container from a request of Docker's API; with `makes_folders` also folders that it shares.

        Raises ContainerError.
        """
        admitted = admit(request, image.environment, self.settings())
        if makes_folders and admitted.shared:
            argv = ("mkdir", "-p", *map(str, admitted.shared))
            command = Command(argv=argv, cwd=PurePosixPath("/"), env={"PATH": "/usr/bin:/bin"}, as_root=True)
            self._channel.run(command, lambda _: None)
        volumes = Volumes(self._client, self._sandbox)
        for path in admitted.shared:
            volumes.check(path)  # the check that counts is that of the start
        try:
            api: Any = self._client.api
            made = api.create_container_from_config(admitted.body, name)
        except APIError as error:
            raise ContainerError(f"Docker does not make the container: {error.explanation}") from error
        container = DockerContainer(self, self._client, str(made["Id"]), admitted.shared, admitted.notes)
        self.made[container.id] = container
        return container

    def forward(self, port: int, target: int) -> None:
        """See `Containers.forward`."""
        self._channel.serve(forward_argv(LAYOUT.python, port, target))

    @contextlib.contextmanager
    def paused(self, shared: Iterable[PurePosixPath]) -> Iterator[None]:
        """A time in which no process of the job can put a link into the path of a folder that it shares.

        The daemon looks the folders up when it starts a container, and when it copies to or from one. Raises
        ContainerError for one that is a link.
        """
        wanted = list(dict.fromkeys(shared))
        with self.start_lock, contextlib.ExitStack() as stack:
            if wanted:
                for container in self._running():
                    self._client.api.pause(container)
                    stack.callback(self._unpause, container)
                volumes = Volumes(self._client, self._sandbox)
                for path in wanted:
                    volumes.check(path)
            yield

    def _running(self) -> Sequence[str]:
        marks = [f"{name}={value}" for name, value in labels(self.spec).items()]
        return [found["Id"] for found in self._client.api.containers(filters={"label": marks, "status": "running"})]

    def _unpause(self, container: str) -> None:
        with contextlib.suppress(NotFound):
            self._client.api.unpause(container)

    @contextlib.contextmanager
    def cancellable(self, process: ContainerProcess, stop: threading.Event | None) -> Iterator[None]:
        """A process that `cancel` ends."""
        with self._lock:
            self._processes[process] = stop
        try:
            yield
        finally:
            with self._lock:
                self._processes.pop(process, None)

    def cancel(self, stop: threading.Event | None = None) -> None:
        """End what runs in the containers and is waited for; with `stop`, what that was given to."""
        with self._lock:
            under_way = [each for each, given in self._processes.items() if stop is None or given is stop]
        for each in under_way:
            each.cancel()

    def close(self) -> None:
        """Remove all of them."""
        with self._exit:
            if self._settings is not None:
                with contextlib.suppress(DockerException, RequestException):
                    remove_labelled(self._client, run=self.spec.run_id, job=self.spec.job_id, keep=self._sandbox)
            if self._builds_images:
                with contextlib.suppress(DockerException, RequestException):
                    builds.remove_built(self._client, self.spec.run_id)


def _request(spec: ContainerSpec) -> Mapping[str, Any]:
    """The request of Docker's API that a spec makes. Raises ContainerError."""
    body = read_options(spec.options)
    for text in spec.ports:
        try:
            add_port(body, text)
        except ValueError as error:
            raise ContainerError(f"The port {text} of a container cannot be read") from error
    host = body["HostConfig"]
    given = dict(entry.partition("=")[::2] for entry in body.get("Env", ()))
    body["Env"] = [f"{name}={value}" for name, value in {**given, **spec.env}.items()]
    body["Image"] = spec.image
    body["Healthcheck"] = body.get("Healthcheck")
    if spec.entrypoint is not None:
        body["Entrypoint"] = list(spec.entrypoint)
    if spec.command is not None:
        body["Cmd"] = list(spec.command)
    if spec.cwd is not None:
        body["WorkingDir"] = str(spec.cwd)
    host["Binds"] = [*host.get("Binds", ()), *spec.volumes]
    if spec.folders:  # GitHub shows its Docker to actions and to job containers
        host["Binds"].append(f"{DOCKER_SOCKET}:{DOCKER_SOCKET}")
    host["Mounts"] = [
        *host.get("Mounts", ()),
        *({"Type": "bind", "Source": str(source), "Target": str(place)} for place, source in spec.folders.items()),
    ]
    return body


def is_own_name(image: str) -> bool:
    """Whether an image would be taken for one that pysim made."""
    return re.search(r"(^|/)pysim/", image) is not None
