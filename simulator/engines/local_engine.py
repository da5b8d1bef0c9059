"""The local engine: sandboxes in namespaces of this machine, for machines with no Docker daemon.

Needs no privilege and no other program than pysim's own interpreter. Knows no workflow and no twin.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import platform
import shutil
import signal
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import IO

from simulator import process
from simulator.engines import local_root, system_python
from simulator.engines.agent_sandbox import AgentSandbox
from simulator.engines.base import LAYOUT, Command, EngineName, ProgressSink, SandboxSpec
from simulator.engines.channel import AgentChannel
from simulator.engines.environment import (
    GROUP_ID,
    HOST_NAME,
    INSIDE,
    USER_ID,
    agent_argv,
    image_os,
    parse_os_release,
    process_environment,
)
from simulator.engines.gh_downloads import find_gh, find_or_fetch_gh
from simulator.engines.local_root import HostTools, own_toolchain
from simulator.engines.node_downloads import find_or_fetch_node
from simulator.engines.nodes import NEWEST
from simulator.engines.python_downloads import find_or_fetch
from simulator.engines.recipes import MINOR
from simulator.errors import EngineError, EngineUnavailableError
from simulator.paths import abandoned_folders, remove_folder, temporary_folder, temporary_folders
from simulator.remedies import Act, remedy

_KIND = "local"  # of the folders of sandboxes on this machine
_CONFIG = "sandbox.json"
_STARTS_WITHIN = 30.0
_ENDS_WITHIN = 5.0
# Settings of the kernel that keep users from making namespaces: file, the value that does, what to do about it.
_KERNEL_SETTINGS = (
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "Ubuntu's AppArmor stops it: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    ("/proc/sys/kernel/unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
    ("/proc/sys/user/max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=10000"),
)


_NEED_ROOT = frozenset({"docker", "podman", "sudo"})
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class LocalEngine:
    """Opens sandboxes in a user, mount, network, PID, IPC and UTS namespace of their own."""

    def __init__(self) -> None:
        self._answer: str | None = None

    @property
    def name(self) -> EngineName:
        return "local"

    @property
    def no_containers(self) -> str:
        return "the local engine has no Docker daemon to make containers with"

    def lacks(self, programs: Collection[str], *, fetch: bool) -> Collection[str]:
        """See `Engine.lacks`: what is not of this machine's own folders, or would need root or a daemon."""
        absent = [name for name in programs if name in _NEED_ROOT or shutil.which(name, path=_SYSTEM_PATH) is None]
        if "gh" in absent and (find_or_fetch_gh() if fetch else find_gh()) is not None:
            absent.remove("gh")
        return tuple(absent)

    def no_node(self, progress: ProgressSink) -> str | None:
        """See `Engine.no_node`."""
        return None if find_or_fetch_node(progress) else f"this machine has no Node {NEWEST}, and no index gave one"

    @property
    def image(self) -> str:
        facts = parse_os_release(_os_release())
        return f"{facts.get('PRETTY_NAME', 'Linux')} (this machine)"

    def check(self) -> str:
        """See `Engine.check`: opens a sandbox, once."""
        if self._answer is None:
            if sys.platform != "linux":
                raise EngineUnavailableError(
                    "The local engine needs Linux",
                    hint="Start Docker, and use the Docker engine.",
                    remedies=(remedy(Act.USE_ENGINE, "docker"),),
                )
            try:
                with _trial_spec() as spec, LocalSandbox(spec, HostTools(toolchain=own_toolchain())) as sandbox:
                    command = Command(argv=("true",), cwd=LAYOUT.home, env=sandbox.environment)
                    works = sandbox.run(command, lambda _: None).ok
            except EngineError as error:
                raise EngineUnavailableError(f"No namespaces here: {error}", hint=_hint()) from error
            if not works:
                raise EngineUnavailableError("Programs do not run in a namespace here", hint=_hint())
            self._answer = f"namespaces of Linux {platform.release()}"
        return self._answer

    def prepare(self, progress: ProgressSink) -> None:
        """See `Engine.prepare`: looks for the machine's CPythons and Nodes, and has the CPython of GitHub's runner."""
        find_or_fetch(MINOR, progress)
        tools = HostTools.find()
        progress(f"CPython on this machine: {', '.join(python.version for python in tools.pythons) or 'none'}")

    def open(self, spec: SandboxSpec) -> LocalSandbox:
        """See `Engine.open`."""
        return LocalSandbox(spec, HostTools.find())

    def clean(self, run_id: str | None = None) -> Sequence[str]:
        """See `Engine.clean`: launchers that did not end, and folders."""
        if run_id is None:
            return [_remove(folder) for folder in abandoned_folders(_KIND)]
        return [_remove(folder) for folder in temporary_folders(_KIND) if _run_of(folder) == run_id]

    def remove_images(self) -> Sequence[str]:
        """See `Engine.remove_images`."""
        return ()


class LocalSandbox(AgentSandbox):
    """One job's namespaces. Its one user is also what stands in for root."""

    def __init__(self, spec: SandboxSpec, tools: HostTools) -> None:
        programs = (system_python.PLACE / "bin",) if tools.system is not None else ()
        super().__init__(spec, process_environment(spec, image_os=image_os(_os_release()), programs=programs))
        self._tools = tools

    def _start(self, stack: contextlib.ExitStack) -> AgentChannel:
        # The launcher removes it too, if it outlives this process.
        folder = stack.enter_context(temporary_folder(_KIND))
        stderr = stack.enter_context((folder / "stderr").open("w+b"))
        argv = (sys.executable, "-I", "-S", "-X", "utf8", INSIDE / "namespace.py", self._prepare_root(folder))
        launcher = process.start(argv, env={"LANG": "C.UTF-8"}, clean_env=True, stderr=stderr)
        stack.callback(process.stop, launcher, patience=_ENDS_WITHIN)
        channel = AgentChannel(_Pipes(launcher, stderr), label=self.label)
        stack.callback(channel.close)
        channel.open(timeout=_STARTS_WITHIN)
        return channel

    def _prepare_root(self, folder: Path) -> Path:
        """Fill the root folder and write what the launcher is to do."""
        path = folder / "root"
        path.mkdir()
        root = local_root.fill(path, self._spec, self._tools)
        config = {
            "run": self._spec.run_id,
            "root": str(path),
            "folder": str(folder),
            "hostname": HOST_NAME,
            "user": USER_ID,
            "group": GROUP_ID,
            "binds": [(source, inside) for inside, source in root.binds.items()],
            "argv": agent_argv(LAYOUT.python, self._spec, drops_to_user=False),
            "env": {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        }
        file = folder / _CONFIG
        file.write_text(json.dumps(config), encoding="utf-8")
        return file


class _Pipes:
    """The transport to an agent that is a child process."""

    def __init__(self, child: process.Child, stderr: IO[bytes]) -> None:
        self._child = child
        self._stderr = stderr

    def send(self, data: bytes) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(data)
        self._child.stdin.flush()

    def receive(self) -> bytes:
        assert isinstance(self._child.stdout, io.BufferedReader)
        return self._child.stdout.read1()

    def close(self) -> None:
        assert self._child.stdin is not None
        with contextlib.suppress(OSError):
            self._child.stdin.close()

    def error_output(self) -> str:
        if self._stderr.closed:
            return ""
        self._stderr.seek(0)
        return self._stderr.read().decode(errors="replace")


@contextlib.contextmanager
def _trial_spec() -> Iterator[SandboxSpec]:
    """For a sandbox that asks for nothing: its gateway is a file, since a socket's path may be too long here."""
    with temporary_folder("check") as folder:
        gateway = folder / "gateway"
        gateway.touch()
        yield SandboxSpec(run_id="check", job_id="check", gateway=gateway, ca_bundle=b"")


def _os_release() -> str:
    with contextlib.suppress(OSError):
        return Path("/etc/os-release").read_text(encoding="utf-8")
    return ""


def _hint() -> str:
    for file, value, hint in _KERNEL_SETTINGS:
        with contextlib.suppress(OSError):
            if Path(file).read_text(encoding="ascii").strip() == value:
                return f"{hint}; or start Docker."
    return "In a container, namespaces need more rights (docker run --privileged). Or start Docker."


def _run_of(folder: Path) -> str | None:
    with contextlib.suppress(OSError, ValueError):
        return str(json.loads((folder / _CONFIG).read_text(encoding="utf-8"))["run"])
    return None


def _remove(folder: Path) -> str:
    config = os.fsencode(folder / _CONFIG)
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if config in (entry / "cmdline").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)
    remove_folder(folder)
    return f"folder {folder}"
