"""What a job is told of the daemon: what programs need to know, and nothing of the machine or of what else it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from simulator.engines.environment import HOST_NAME

_VERSION: Final = ("Version", "ApiVersion", "MinAPIVersion", "Os", "Arch", "GoVersion")
_INFO: Final = (
    "ServerVersion", "OSType", "Architecture", "NCPU", "MemTotal", "Driver", "CgroupDriver", "CgroupVersion",
    "DefaultRuntime", "MemoryLimit", "SwapLimit", "CpuCfsPeriod", "CpuCfsQuota", "CPUShares", "CPUSet", "PidsLimit",
    "IPv4Forwarding",
)  # fmt: skip


def version(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to `/version`, from the daemon's own."""
    own = _taken(facts, _VERSION)
    engine = {"Name": "Engine", "Version": own.get("Version", ""), "Details": {}}
    return {"Platform": {"Name": ""}, "Components": [engine], **own}


def info(facts: Mapping[str, Any], containers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The answer to `/info`, from the daemon's own and the job's containers."""
    states = Counter(str(container["State"]) for container in containers)
    paused, running = states["paused"], states["running"]
    return {
        **_taken(facts, _INFO),
        "ID": "",
        "Name": HOST_NAME,
        "OperatingSystem": "Linux",
        "Containers": states.total(),
        "ContainersRunning": running,
        "ContainersPaused": paused,
        "ContainersStopped": states.total() - running - paused,
        "Images": 0,
        "Plugins": {"Volume": ["local"], "Network": ["bridge"], "Log": []},
        "RegistryConfig": {"InsecureRegistryCIDRs": [], "IndexConfigs": {}, "Mirrors": []},
        "SecurityOptions": ["name=seccomp,profile=default"],
        "Swarm": {"LocalNodeState": "inactive"},
        "Warnings": None,
    }


def network(name: str, number: str) -> dict[str, Any]:
    """A network of the job, all of which are the one that it has."""
    return {"Name": name, "Id": number, "Driver": "bridge", "Scope": "local", "Containers": {}, "Options": {}}


def _taken(facts: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: facts[name] for name in names if name in facts}
