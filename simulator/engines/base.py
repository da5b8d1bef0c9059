"""The seam of the engines: what a sandbox is given and what it can do.

Every word of a `SandboxSpec` and of a `Command` is final text: no expression, no file left to read. One contract suite
(`tests/engines/test_contract.py`) holds for every engine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Final, Literal, Protocol, Self

EngineName = Literal["docker", "local"]
ProgressSink = Callable[[str], None]
LineSink = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Where things lie inside every sandbox: GitHub's own paths on a hosted Linux runner."""

    home: PurePosixPath = PurePosixPath("/home/runner")
    work: PurePosixPath = PurePosixPath("/home/runner/work")
    temp: PurePosixPath = PurePosixPath("/home/runner/work/_temp")
    actions: PurePosixPath = PurePosixPath("/home/runner/work/_actions")
    tool_cache: PurePosixPath = PurePosixPath("/opt/hostedtoolcache")
    externals: PurePosixPath = PurePosixPath("/home/runner/externals")
    ca_bundle: PurePosixPath = PurePosixPath("/etc/ssl/certs/ca-certificates.crt")
    python: PurePosixPath = PurePosixPath("/opt/pysim/bin/python")  # has twine, id and sigstore; for built-in actions


LAYOUT = Layout()
MOST_READ: Final = 16 << 20  # bytes of a file of a sandbox
# Where the containers of a job find the folders of its sandbox: GitHub's own paths (actions/runner, ContainerInfo).
CONTAINER_PLACES: Mapping[PurePosixPath, PurePosixPath] = {
    PurePosixPath("/__w"): LAYOUT.work,
    PurePosixPath("/__e"): LAYOUT.externals,
    PurePosixPath("/__t"): LAYOUT.tool_cache,
    PurePosixPath("/github/home"): LAYOUT.temp / "_github_home",
    PurePosixPath("/github/workflow"): LAYOUT.temp / "_github_workflow",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetch:
    """What the Docker daemon asked a registry for, on behalf of a sandbox; `status` is of HTTP."""

    host: str
    path: str
    status: int


def _ignore(_: Fetch) -> None:
    return


@dataclass(frozen=True, kw_only=True, slots=True)
class SandboxSpec:
    """What one sandbox is made of.

    `gateway` is the Unix socket in pysim that the sandbox's forwarder connects to, once for each connection that a
    process in the sandbox opens to any host on one of `ports`; it is the only way out. `ca_bundle` (PEM) replaces the
    sandbox's certificate store. `mounts` are host folders shown read-only at the given path. `environment` is added
    to the process environment that the sandbox gives to commands. `images` names the image of this machine that stands
    for one of another name; with `offline` none is pulled. With `for_container` the places of `CONTAINER_PLACES` are
    there too, for a job whose steps run in a further container; filling its tool cache takes seconds, and is done with
    `keeps_tools`. `on_fetch` is told of all that the daemon fetches for it, past the gateway, from any thread.
    """

    run_id: str
    job_id: str
    gateway: Path
    ca_bundle: bytes
    ports: Sequence[int] = (80, 443)
    mounts: Mapping[PurePosixPath, Path] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    offline: bool = False
    for_container: bool = False
    keeps_tools: bool = True
    on_fetch: Callable[[Fetch], None] = _ignore


@dataclass(frozen=True, kw_only=True, slots=True)
class NewFile:
    """A file to write, with its permissions."""

    content: bytes
    mode: int = 0o644


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A program to run: argv, working folder, its whole environment, and a limit in seconds.

    `files` are written before it starts, as `Sandbox.write` does; those of `collect` are read when it has ended. Both
    in the one request that runs it.
    """

    argv: tuple[str, ...]
    cwd: PurePosixPath
    env: Mapping[str, str]
    timeout: float | None = None
    as_root: bool = False
    files: Mapping[PurePosixPath, NewFile] = field(default_factory=dict)
    collect: Sequence[PurePosixPath] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Exit:
    """How a command ended; 127 is the code of a program that was not found, 128+N of one ended by signal N.

    `error` says why the program could not be started, or one of its files not be written. `files` are those of
    `Command.collect` that are there, as `Sandbox.read` gives them.
    """

    code: int
    reason: Literal["exited", "timed-out", "cancelled"] = "exited"
    error: str | None = None
    files: Mapping[PurePosixPath, bytes] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the command ended by itself with 0."""
        return self.code == 0 and self.reason == "exited"


class ContainerError(Exception):
    """A container or an image that cannot be had: Docker said no, or pysim does not allow it. The text is for a log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """What an image registry is logged in to with."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerImage:
    """An image that is there: its id, and what it says of itself.

    `ports` are like `5432/tcp`, `triggers` are its instructions behind ONBUILD.
    """

    id: str
    environment: Mapping[str, str]
    ports: Sequence[str] = ()
    user: str = ""
    triggers: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerSpec:
    """A container beside a sandbox.

    `image` is the id of a `ContainerImage`; `entrypoint` and `command` None are the image's own. `folders` are those
    of the sandbox below `LAYOUT.work` (`LAYOUT.externals` and `LAYOUT.tool_cache` too) by their place in the container,
    and must be there. `volumes`, `ports` and `options` are those of a workflow file, the last as the docker command
    takes them. Variables that clients find certificates with are added where neither `env` nor the image has them.
    """

    name: str
    image: str
    env: Mapping[str, str]
    folders: Mapping[PurePosixPath, PurePosixPath] = field(default_factory=dict)
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    cwd: PurePosixPath | None = None
    volumes: Sequence[str] = ()
    ports: Sequence[str] = ()
    options: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerState:
    """How a container is: `health` is empty where nothing checks it."""

    running: bool
    code: int
    health: Literal["", "starting", "healthy", "unhealthy"] = ""


class Container(Protocol):
    """A container that was made and is removed with its sandbox at the latest. After `remove` nothing else works."""

    @property
    def id(self) -> str: ...

    @property
    def notes(self) -> Sequence[str]:
        """What was asked for and is left out, in sentences."""
        ...

    @property
    def ports(self) -> Mapping[int, int]:
        """Of the ports that were asked for, the one of the sandbox's localhost by that of the container."""
        ...

    def run(self, on_line: LineSink, *, timeout: float | None = None, stop: threading.Event | None = None) -> Exit:
        """Start it and hand over its output until it ends; lines, limits, `stop` and `cancel` as in `Sandbox.run`.

        Raises ContainerError when it cannot be started.
        """
        ...

    def start(self) -> None:
        """Start it, and let it run. Raises ContainerError."""
        ...

    def execute(self, command: Command, on_line: LineSink, stop: threading.Event | None = None) -> Exit:
        """Run a command in it, as `Sandbox.run` does, as the container's own user; the image needs a `sh`."""
        ...

    def state(self) -> ContainerState: ...

    def logs(self) -> Sequence[str]:
        """All lines that it printed."""
        ...

    def remove(self) -> None:
        """End and remove it with its unnamed volumes. Safe to call twice."""
        ...


class Containers(Protocol):
    """The further containers of one sandbox: each has the sandbox's network, which is no more than its loopback.

    Methods raise ContainerError for what the author of a workflow can get wrong, EngineError for a broken engine.
    """

    @property
    def network(self) -> str:
        """The id of what the containers share."""
        ...

    def image(self, name: str, *, login: Login | None = None, on_line: LineSink) -> ContainerImage:
        """An image by its name, pulled unless it is there or the sandbox is offline."""
        ...

    def build(self, folder: Path | PurePosixPath, dockerfile: str, *, name: str, on_line: LineSink) -> ContainerImage:
        """Build a folder of the host (a Path) or of the sandbox; `dockerfile` is a path in it.

        `name` says what it is for. What is built has the sandbox's network, and sees nothing of it after that.
        """
        ...

    def create(self, spec: ContainerSpec) -> Container:
        """Make a container without starting it."""
        ...

    def forward(self, port: int, target: int) -> None:
        """Let what connects to a port on the sandbox's localhost reach another one there."""
        ...


class Sandbox(Protocol):
    """What one job runs in. A context manager: entering starts it, leaving removes it, also when entering failed.

    Methods may be called from several threads. After the sandbox died (its process was killed, its container was
    removed) every method raises `EngineError`.
    """

    @property
    def environment(self) -> Mapping[str, str]:
        """The process environment of a command that adds nothing: PATH, HOME, LANG, certificates, the spec's own."""
        ...

    @property
    def containers(self) -> Containers:
        """Its further containers. Raises EngineError on an engine that has none."""
        ...

    def run(self, command: Command, on_line: LineSink, stop: threading.Event | None = None) -> Exit:
        """Run a command in a process group of its own, standard input closed, and hand over its output.

        `on_line` gets each line of standard output and error in the order written, without its line feed, decoded as
        UTF-8 with replacement, a last line without line feed too. A child that keeps the output open after the command
        ended is waited for 5 seconds. On timeout and on `cancel` the group gets SIGINT, after 7.5 s SIGTERM, after
        2.5 s more SIGKILL. A command that begins when `stop` is set ends as one that is cancelled: who sets it and then
        calls `cancel` misses no command.
        """
        ...

    def read(self, path: PurePosixPath) -> bytes:
        """The content of a file, up to MOST_READ + 1 bytes. Raises FileNotFoundError."""
        ...

    def write(self, path: PurePosixPath, content: bytes, *, mode: int = 0o644) -> None:
        """Write a file as the sandbox's user, making its folders."""
        ...

    def copy_in(self, source: Path, target: PurePosixPath) -> None:
        """Copy a folder of the host into the sandbox, as the sandbox's user, modes kept."""
        ...

    def which(self, program: str, path: str) -> str | None:
        """The absolute path of a program, looked up in the given PATH inside the sandbox."""
        ...

    def cancel(self, stop: threading.Event | None = None) -> None:
        """End the commands that are running, in the three steps of `run`; later commands may still run.

        Those in further containers too, and the containers that are waited for. With `stop`, those it was given to.
        """
        ...

    def end_orphans(self, variable: str) -> Sequence[tuple[int, str]]:
        """End at once each process with `NAME=value` in its environment; the number and the name of each."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Engine(Protocol):
    """Opens sandboxes."""

    @property
    def name(self) -> EngineName: ...

    @property
    def no_containers(self) -> str | None:
        """Why its sandboxes can have no further containers, as the end of a sentence; None where they can."""
        ...

    def lacks(self, programs: Collection[str], *, fetch: bool) -> Collection[str]:
        """Those of some programs that its sandboxes surely have not; what can be fetched is, where `fetch`."""
        ...

    def no_node(self, progress: ProgressSink) -> str | None:
        """Why its sandboxes lack the Node that GitHub runs JavaScript actions on, as a clause; None where they have it.

        It is fetched where it can be.
        """
        ...

    @property
    def image(self) -> str:
        """What a sandbox is made from, in words for the report; final after `prepare`."""
        ...

    def check(self) -> str:
        """Say in a few words what answered (engine and version). Raises EngineUnavailableError with a hint."""
        ...

    def prepare(self, progress: ProgressSink) -> None:
        """Make what sandboxes need and keep it (an image, once per content hash). Raises EngineError."""
        ...

    def open(self, spec: SandboxSpec) -> Sandbox:
        """A sandbox that is not started yet."""
        ...

    def clean(self, run_id: str | None = None) -> Sequence[str]:
        """Remove what runs left behind (one run's, or all runs' that no longer live), and name what was removed."""
        ...

    def remove_images(self) -> Sequence[str]:
        """Remove the images that `prepare` made and kept, and name them; none where an engine keeps none."""
        ...
