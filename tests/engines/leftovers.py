"""What a run has on this machine: containers, volumes and processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path


def containers(run_id: str) -> Sequence[str]:
    import docker

    client = docker.from_env()
    try:
        found = client.api.containers(all=True, filters={"label": f"pysim.run={run_id}"})
        return [str(container["Id"]) for container in found]
    finally:
        client.close()


def processes(word: str) -> Sequence[int]:
    """Processes of this machine, in any namespace, whose command line has a word."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if word.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def eventually(settled: Callable[[], bool]) -> None:
    """Wait for up to a minute."""
    until = time.monotonic() + 60
    while not settled():
        assert time.monotonic() < until
        time.sleep(0.05)


def volumes(run_id: str) -> Sequence[str]:
    import docker

    client = docker.from_env()
    try:
        return [str(volume.name) for volume in client.volumes.list(filters={"label": f"pysim.run={run_id}"})]
    finally:
        client.close()
