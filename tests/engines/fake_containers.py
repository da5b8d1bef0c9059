"""Further containers of the fake engine's sandboxes: they run nothing, and police what they are asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from simulator.engines.base import (
    LAYOUT,
    Command,
    ContainerError,
    ContainerImage,
    ContainerSpec,
    ContainerState,
    Exit,
    Fetch,
    LineSink,
    Login,
)

ContainerAnswer = Callable[[ContainerSpec, Command, LineSink], Exit]


class FakeContainers:
    """See `Containers`. `made` are the containers, `built` and `pulled` what the images came from.

    `answer` says how a command ends;
    that of a container's own program has the variables of its spec. Images named in `missing` cannot
    be had.
    """

    network = "fake-network"

    def __init__(
        self, answer: ContainerAnswer, folders: Callable[[], set[PurePosixPath]], on_fetch: Callable[[Fetch], None]
    ) -> None:
        self.answer = answer
        self.made: list[FakeContainer] = []
        self.built: list[tuple[Path | PurePosixPath, str]] = []
        self.pulled: list[tuple[str, Login | None]] = []
        self.forwarded: dict[int, int] = {}
        self.missing: set[str] = set()
        self._images: set[str] = set()
        self._folders = folders
        self._on_fetch = on_fetch

    def image(self, name: str, *, login: Login | None = None, on_line: LineSink) -> ContainerImage:
        """See `Containers.image`."""
        assert name, "an image has a name"
        assert not name.startswith("docker://"), f"a name alone: {name}"
        if name in self.missing or name.startswith("missing:"):
            raise ContainerError(f"Docker pull failed for {name}: no such image")
        on_line(f"Pulling {name}")
        self.pulled.append((name, login))
        self._on_fetch(Fetch(host="registry.example", path=f"/v2/{name}", status=200))
        return self._have(name)

    def build(self, folder: Path | PurePosixPath, dockerfile: str, *, name: str, on_line: LineSink) -> ContainerImage:
        """See `Containers.build`."""
        assert not PurePosixPath(dockerfile).is_absolute(), f"a path in the folder: {dockerfile}"
        on_line(f"Step 1/1 : FROM {name}")
        self.built.append((folder, dockerfile))
        return self._have(f"built:{name}")

    def _have(self, name: str) -> ContainerImage:
        self._images.add(f"sha256:{name}")
        return ContainerImage(id=f"sha256:{name}", environment={"PATH": "/bin"})

    def create(self, spec: ContainerSpec) -> FakeContainer:
        """See `Containers.create`."""
        assert spec.image in self._images, f"an image that is there: {spec.image}"
        shared = (LAYOUT.work, LAYOUT.externals, LAYOUT.tool_cache)
        for place, folder in spec.folders.items():
            assert place.is_absolute(), f"a place in the container: {place}"
            assert any(folder.is_relative_to(each) for each in shared), f"a folder that is shared: {folder}"
            assert folder in self._folders(), f"a folder that is there: {folder}"
        container = FakeContainer(self, spec, f"c{len(self.made)}")
        self.made.append(container)
        return container

    def forward(self, port: int, target: int) -> None:
        """See `Containers.forward`."""
        assert port not in self.forwarded, f"one server for a port: {port}"
        self.forwarded[port] = target


class FakeContainer:
    """See `Container`."""

    notes: Sequence[str] = ()

    def __init__(self, group: FakeContainers, spec: ContainerSpec, name: str) -> None:
        pairs = [(text.rpartition(":")[0] or "32768", text.rpartition(":")[2]) for text in spec.ports]
        self.ports: Mapping[int, int] = {int(target): int(port) for port, target in pairs}
        self.spec = spec
        self.commands: list[Command] = []
        self.state_now = ContainerState(running=False, code=0)
        self.removed = False
        self._group = group
        self._name = name

    @property
    def id(self) -> str:
        return self._name

    def run(self, on_line: LineSink, *, timeout: float | None = None, stop: threading.Event | None = None) -> Exit:
        """See `Container.run`."""
        self.start()
        if stop is not None and stop.is_set():
            return Exit(code=130, reason="cancelled")
        assert timeout is None or timeout > 0, f"a limit is more than nothing: {timeout}"
        spec = self.spec
        argv = (*(spec.entrypoint or ()), *(spec.command or ())) or ("its-own-program",)
        command = Command(argv=argv, cwd=spec.cwd or PurePosixPath("/"), env=spec.env, timeout=timeout)
        done = self._group.answer(spec, command, on_line)
        self.state_now = ContainerState(running=False, code=done.code)
        return done

    def start(self) -> None:
        """See `Container.start`."""
        assert not self.removed, "a container that is there"
        assert not self.state_now.running, "a container is started once"
        self.state_now = ContainerState(running=True, code=0)

    def execute(self, command: Command, on_line: LineSink, stop: threading.Event | None = None) -> Exit:
        """See `Container.execute`."""
        assert self.state_now.running, "commands run in a container that runs"
        self.commands.append(command)
        if stop is not None and stop.is_set():
            return Exit(code=130, reason="cancelled")
        return self._group.answer(self.spec, command, on_line)

    def state(self) -> ContainerState:
        return self.state_now

    def logs(self) -> Sequence[str]:
        return ("what it printed",)

    def remove(self) -> None:
        """See `Container.remove`."""
        self.removed = True
        self.state_now = ContainerState(running=False, code=137)
