"""What sandboxes cost, beside the bare limit on the same machine in the same run. `make bench` prints the ratios.

Each row is the median of several tries, the two sides taking turns, so that a busy machine slows both.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from simulator import process
from simulator.engines.base import LAYOUT, Command, Engine, Sandbox, SandboxSpec
from simulator.engines.registry import ENGINES
from simulator.errors import EngineUnavailableError

TRIES = 15
Work = Callable[[], object]


def measure(ours: Work, bare: Work, tries: int = TRIES) -> tuple[float, float]:
    """The median seconds of both, tried in turns."""
    sides: tuple[list[float], list[float]] = ([], [])
    for _ in range(tries):
        for work, taken in zip((ours, bare), sides, strict=True):
            began = time.perf_counter()
            work()
            taken.append(time.perf_counter() - began)
    return statistics.median(sides[0]), statistics.median(sides[1])


def command(sandbox: Sandbox) -> Work:
    """A no-op in an open sandbox."""
    noop = Command(argv=("true",), cwd=LAYOUT.work, env=sandbox.environment)
    return lambda: sandbox.run(noop, lambda _: None)


def opened(engine: Engine, spec: SandboxSpec) -> Work:
    """A sandbox that is opened for one no-op."""

    def work() -> None:
        with engine.open(spec) as sandbox:
            command(sandbox)()

    return work


def rows(engine: Engine, spec: SandboxSpec) -> list[tuple[str, float, str, float]]:
    """Name, our seconds, what it is compared with, its seconds."""
    bare: Work = lambda: process.run(["true"])  # noqa: E731
    start, each, what = bare, bare, "a bare process"
    with ExitStack() as stack:
        if engine.name == "docker":
            import docker

            client = docker.from_env()
            stack.callback(client.close)
            image = engine.image.partition(" ")[0]
            kept = client.containers.run(image, ["-c", "sleep 1000"], entrypoint="sh", detach=True, network_mode="none")
            stack.callback(lambda: kept.remove(force=True))
            start = lambda: client.containers.run(image, ["-c", "true"], entrypoint="sh", remove=True)  # noqa: E731
            each = lambda: kept.exec_run(["true"])  # noqa: E731
            what = "docker"
        sandbox = stack.enter_context(engine.open(spec))
        step, step_bare = measure(command(sandbox), each)
        whole, whole_bare = measure(opened(engine, spec), start, tries=5)
    names = ("run", "exec") if what == "docker" else ("", "")
    return [
        (f"{engine.name}: open a sandbox, one command", whole, f"{what} {names[0]}".strip(), whole_bare),
        (f"{engine.name}: one more command", step, f"{what} {names[1]}".strip(), step_bare),
    ]


def main() -> int:
    """Measure every engine that answers."""
    table = Table("what", "seconds", "beside", "seconds", "ratio")
    with tempfile.TemporaryDirectory() as folder:
        gateway = Path(folder, "gateway")
        import socket

        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(gateway))
            spec = SandboxSpec(run_id="bench", job_id="bench", gateway=gateway, ca_bundle=b"")
            for make in ENGINES.values():
                engine = make()
                try:
                    engine.check()
                except EngineUnavailableError:
                    continue
                engine.prepare(lambda _: None)
                for name, ours, beside, bare in rows(engine, spec):
                    table.add_row(name, f"{ours:.4f}", beside, f"{bare:.4f}", f"{ours / bare:.2f}")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
