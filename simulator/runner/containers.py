"""The containers of a job beside its steps' own: that in which its steps run, and its services.

Source of the rules and of the words: actions/runner, ContainerOperationProvider and ContainerInfo.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from simulator.engines.base import (
    CONTAINER_PLACES,
    LAYOUT,
    Command,
    Container,
    ContainerError,
    ContainerImage,
    ContainerSpec,
    Exit,
    LineSink,
    Login,
)
from simulator.expressions.language import Value, render
from simulator.runner.container_paths import ACTION_HOME, WORKFLOW, translate
from simulator.runner.log import StepLog
from simulator.runner.state import JobState, render_all
from simulator.runner.step import StepError
from simulator.workflow.model import Container as Wanted
from simulator.workflow.model import Text

LONGEST_WAIT: Final = 32  # seconds before the last look at the health of a service; the first is after 2, then doubled
_DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # Docker's own


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """A service that was started."""

    name: str
    image: str
    container: Container


class JobContainer:
    """Where the steps of a job with `container:` run. Paths of the sandbox are translated on their way in."""

    def __init__(self, job: JobState, container: Container, image: ContainerImage) -> None:
        self.container = container
        self.as_root = image.user.partition(":")[0] in {"", "0", "root"}
        self._job = job
        self._environment = {"PATH": image.environment.get("PATH", _DEFAULT_PATH)}
        self._alpine: bool | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """What is below the variables of a step: the rest is the container's own."""
        return self._environment

    def run(self, command: Command, on_line: LineSink, stop: threading.Event | None = None) -> Exit:
        """Run a command as `Sandbox.run` does; its files are those of the sandbox."""
        sandbox = self._job.sandbox
        if self._lacks_node(command):
            raise StepError(
                "JavaScript actions in a container of Alpine Linux are not supported: pysim's Node is built for glibc. "
                "Use an image of another system."
            )
        if command.files:
            laid = Command(argv=("true",), cwd=LAYOUT.work, env=sandbox.environment, files=command.files)
            sandbox.run(laid, on_line)
        inside = Command(
            argv=tuple(translate(word, CONTAINER_PLACES) for word in command.argv),
            cwd=PurePosixPath(translate(str(command.cwd), CONTAINER_PLACES)),
            env=translate_all(command.env),
            timeout=command.timeout,
        )
        try:
            done = self.container.execute(inside, on_line, stop)
        except ContainerError as error:
            raise StepError(str(error)) from error
        return replace(done, files=dict(self._left(command)))

    def _lacks_node(self, command: Command) -> bool:
        """Whether a command is a JavaScript action's, and the image's C library is not that of Node."""
        if not PurePosixPath(command.argv[0]).is_relative_to(LAYOUT.externals):
            return False
        if self._alpine is None:
            look = Command(argv=("test", "-e", "/etc/alpine-release"), cwd=PurePosixPath("/"), env={})
            self._alpine = self.container.execute(look, lambda _: None).ok
        return self._alpine

    def _left(self, command: Command) -> Iterator[tuple[PurePosixPath, bytes]]:
        for path in command.collect:
            try:
                yield path, self._job.sandbox.read(path)
            except FileNotFoundError:
                continue


class BesideContainer:
    """Where pysim's own actions run in a job with `container:`: in the sandbox, with the paths of the container."""

    def __init__(self, job: JobState, *, as_root: bool) -> None:
        self._job = job
        self._as_root = as_root

    @property
    def environment(self) -> Mapping[str, str]:
        """That of the sandbox, but for the home folder."""
        return {**self._job.sandbox.environment, "HOME": str(ACTION_HOME)}

    def run(self, command: Command, on_line: LineSink, stop: threading.Event | None = None) -> Exit:
        """Run a command as `Sandbox.run` does, as the user of the container."""
        inside = replace(command, env=translate_all(command.env), as_root=self._as_root)
        return self._job.sandbox.run(inside, on_line, stop)


def translate_all(env: Mapping[str, str]) -> dict[str, str]:
    """The variables of a process for a job container; of PATH each folder is translated."""
    inside = {name: translate(value, CONTAINER_PLACES) for name, value in env.items()}
    if "PATH" in env:
        inside["PATH"] = ":".join(translate(folder, CONTAINER_PLACES) for folder in env["PATH"].split(":"))
    return inside


class JobContainers:
    """The job container and the services of a job."""

    def __init__(self, job: JobState) -> None:
        self._job = job
        self._services: list[Service] = []
        self._inside: JobContainer | None = None
        self._ports: dict[int, str] = dict.fromkeys(job.settings.twins.ports, "the job's way out of its network")

    @property
    def wanted(self) -> bool:
        """Whether the job has any."""
        return self._job.in_container or bool(self._job.job.services)

    def initialize(self, log: StepLog) -> None:
        """Start all of them and wait for the health of the services. Raises StepError, ExpressionError."""
        log.write(f"The containers of this job share one network: {self._job.sandbox.containers.network[:12]}")
        try:
            if self._job.in_container:
                assert self._job.job.container is not None
                self._start_job_container(self._job.job.container, log)
            for name, wanted in self._job.job.services.items():
                self._start_service(name, wanted, log)
            self._wait(log)
        except ContainerError as error:
            raise StepError(str(error)) from error
        self._tell()

    def stop(self, log: StepLog) -> None:
        """Show what the services printed, and remove all."""
        for service in self._services:
            log.write(f"Print service container logs: {service.name} ({service.image})", "group")
            for line in service.container.logs():
                log.write(line)
            log.write("", "endgroup")
        left = [service.container for service in self._services]
        for container in [*left, *([self._inside.container] if self._inside else [])]:
            log.write(f"Stop and remove container: {container.id[:12]}")
            container.remove()

    # ---- starting

    def _start_job_container(self, wanted: Wanted, log: StepLog) -> None:
        log.write("Starting job container", "group")
        image, spec = self._spec("job", wanted, log)
        spec = replace(
            spec,
            env={**spec.env, "HOME": str(ACTION_HOME)},
            folders=CONTAINER_PLACES,
            entrypoint=("tail",),
            command=("-f", "/dev/null"),
            cwd=PurePosixPath(translate(str(self._job.folder), CONTAINER_PLACES)),
        )
        argv = ("mkdir", "-p", str(CONTAINER_PLACES[ACTION_HOME]), str(WORKFLOW))
        sandbox = self._job.sandbox
        sandbox.run(Command(argv=argv, cwd=LAYOUT.home, env=sandbox.environment), log.write)
        container = self._start(spec, log)
        self._inside = JobContainer(self._job, container, image)
        self._job.enter_container(self._inside, BesideContainer(self._job, as_root=self._inside.as_root))
        log.write("", "endgroup")

    def _start_service(self, name: str, wanted: Wanted, log: StepLog) -> None:
        if not _text(self._job, wanted.image):
            log.write(f"The service {name} has an empty image: it is not started.")
            return
        log.write(f"Starting {name} service container", "group")
        image, spec = self._spec(name, wanted, log)
        entrypoint, command = _text(self._job, wanted.entrypoint), _text(self._job, wanted.command)
        spec = replace(
            spec,
            entrypoint=(entrypoint,) if entrypoint else None,
            command=tuple(shlex.split(command)) if command else None,
        )
        self._look_at_ports(name, image, log)
        container = self._start(spec, log)
        self._services.append(Service(name=name, image=_text(self._job, wanted.image), container=container))
        log.write("", "endgroup")

    def _spec(self, name: str, wanted: Wanted, log: StepLog) -> tuple[ContainerImage, ContainerSpec]:
        job = self._job
        reference = _text(job, wanted.image).removeprefix("docker://")
        image = job.sandbox.containers.image(reference, login=_login(job, wanted), on_line=log.write)
        spec = ContainerSpec(
            name=f"{name}_{reference}"[:50],
            image=image.id,
            env={**render_all(wanted.env, job.scope()), "GITHUB_ACTIONS": "true", "CI": "true"},
            volumes=tuple(_text(job, text) for text in wanted.volumes),
            ports=tuple(_text(job, text) for text in wanted.ports),
            options=_text(job, wanted.options),
        )
        return image, spec

    def _start(self, spec: ContainerSpec, log: StepLog) -> Container:
        container = self._job.sandbox.containers.create(spec)
        for note in container.notes:
            log.write(note)
        container.start()
        log.write(container.id)
        return container

    def _look_at_ports(self, name: str, image: ContainerImage, log: StepLog) -> None:
        """Say which ports of the image another one listens on already: there is one localhost for all."""
        for text in image.ports:
            port = int(text.partition("/")[0])
            other = self._ports.setdefault(port, f"the service {name}")
            if other != f"the service {name}":
                log.annotate(
                    "warning",
                    f"The service {name} is to listen on port {port}, as {other} does: in pysim the containers of a "
                    "job have one localhost, where the second of them cannot.",
                )

    # ---- waiting

    def _wait(self, log: StepLog) -> None:
        log.write("Waiting for all services to be ready", "group")
        bad = [service for service in self._services if not self._gets_ready(service, log)]
        log.write("", "endgroup")
        for service in bad:
            log.write(f"Service container {service.name} failed.", "group")
            for line in service.container.logs():
                log.write(line)
            log.write("", "endgroup")
            log.error(f"Failed to initialize container {service.image}")
        if bad:
            raise StepError("One or more containers failed to start.")

    def _gets_ready(self, service: Service, log: StepLog) -> bool:
        seconds = 2
        state = service.container.state()
        while state.health == "starting" and seconds <= LONGEST_WAIT:
            log.write(f"{service.name} service is starting, waiting {seconds} seconds before checking again.")
            if self._job.life.pause(seconds):
                raise StepError("The operation was canceled.")
            seconds *= 2
            state = service.container.state()
        if state.health in {"", "healthy"}:
            log.write(f"{service.name} service is {'healthy' if state.health else 'ready: nothing checks its health'}.")
            if not state.running:
                log.annotate("warning", f"The service {service.name} ended with exit code {state.code}.")
        return state.health in {"", "healthy"}

    def _tell(self) -> None:
        """Fill the job context."""
        network = self._job.sandbox.containers.network
        services: dict[str, Value] = {
            service.name: {
                "id": service.container.id,
                "network": network,
                "ports": {str(target): str(port) for target, port in service.container.ports.items()},
            }
            for service in self._services
        }
        container: dict[str, Value] = {"id": self._inside.container.id, "network": network} if self._inside else {}
        self._job.describe(container=container, services=services)


def _text(job: JobState, text: Text | None) -> str:
    return "" if text is None else render(text.template, job.scope())


def _login(job: JobState, wanted: Wanted) -> Login | None:
    given = wanted.credentials
    username, password = (_text(job, given.username), _text(job, given.password)) if given else ("", "")
    return Login(username=username, password=password) if username and password else None
