"""The `options:` and `volumes:` of a container in a workflow, as a request of Docker's API.

GitHub hands `options:` to `docker create` as it is (actions/runner, DockerCommandManager); the flags are docker's.
Knows what the words mean, not what is allowed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from simulator.engines.base import ContainerError

_UNITS: Final = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_SHORT: Final = {
    "-e": "--env", "-h": "--hostname", "-i": "--interactive", "-l": "--label", "-m": "--memory", "-p": "--publish",
    "-t": "--tty", "-u": "--user", "-v": "--volume", "-w": "--workdir", "-c": "--cpu-shares", "-P": "--publish-all",
    "--net": "--network", "--net-alias": "--network-alias",
}  # fmt: skip
_SWITCHES: Final = {
    "--init", "--interactive", "--no-healthcheck", "--oom-kill-disable", "--privileged", "--publish-all",
    "--read-only", "--rm", "--tty", "--quiet",
}  # fmt: skip
# Said on the command line and without effect here: there is one network, and images are there already.
_IGNORED: Final = {"--network-alias", "--pull", "--platform", "--expose", "--quiet", "--hostname", "--domainname"}

Body = dict[str, Any]


def read_options(text: str) -> Body:
    """The request that the options make. Raises ContainerError for what docker does not take, or pysim not know."""
    body: Body = {"HostConfig": {}}
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ContainerError(f"The options of a container cannot be read: {error}: {text}") from error
    for flag, value in _flags(words):
        setter = _SETTERS.get(flag)
        if setter is not None:
            try:
                setter(body, value)
            except (ValueError, KeyError) as error:
                raise ContainerError(f"The option {flag} {value} of a container cannot be read") from error
        elif flag not in _IGNORED:
            raise ContainerError(f"pysim does not know the option {flag} of a container")
    return body


def _flags(words: list[str]) -> Iterator[tuple[str, str]]:
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            raise ContainerError(f"{word!r} among the options of a container is no option")
        flag, equals, value = word.partition("=")
        if re.match(r"-[a-zA-Z].", flag):  # -eNAME, -p80:80
            flag, equals, value = word[:2], "=", word[2:].removeprefix("=")
        flag = _SHORT.get(flag, flag)
        if flag in _SWITCHES:
            yield flag, value or "true"
        elif equals:
            yield flag, value
        else:
            following = next(rest, None)
            if following is None:
                raise ContainerError(f"The option {flag} of a container needs a value")
            yield flag, following


def _field(name: str, convert: Callable[[str], Any] = str) -> Callable[[Body, str], None]:
    def set_field(body: Body, value: str) -> None:
        body[name] = convert(value)

    return set_field


def _host(name: str, convert: Callable[[str], Any] = str) -> Callable[[Body, str], None]:
    def set_host(body: Body, value: str) -> None:
        body["HostConfig"][name] = convert(value)

    return set_host


def _more(name: str, convert: Callable[[str], Any] = str) -> Callable[[Body, str], None]:
    def append(body: Body, value: str) -> None:
        body["HostConfig"].setdefault(name, []).append(convert(value))

    return append


def _health(name: str, convert: Callable[[str], Any]) -> Callable[[Body, str], None]:
    def set_health(body: Body, value: str) -> None:
        body.setdefault("Healthcheck", {})[name] = convert(value)

    return set_health


def _add_env(body: Body, value: str) -> None:
    if "=" in value:  # docker takes a bare name from its own environment, where there is nothing of the caller
        body.setdefault("Env", []).append(value)


def _add_label(body: Body, value: str) -> None:
    name, _, text = value.partition("=")
    body.setdefault("Labels", {})[name] = text


def add_port(body: Body, value: str) -> None:
    """A port that is published. Raises ValueError."""
    for host, target in read_port(value):
        bindings = body["HostConfig"].setdefault("PortBindings", {})
        bindings.setdefault(target, []).append({"HostPort": host})


def _add_tmpfs(body: Body, value: str) -> None:
    target, _, text = value.partition(":")
    body["HostConfig"].setdefault("Tmpfs", {})[target] = text


def _add_mount(body: Body, value: str) -> None:
    given = dict(part.partition("=")[::2] for part in value.split(","))
    if more := given.keys() - {"type", "source", "src", "target", "destination", "dst", "readonly", "ro"}:
        raise ContainerError(
            f"pysim does not know {', '.join(sorted(more))} of a mount: no driver is used but Docker's own"
        )
    mount: Body = {
        "Type": given.get("type", "volume"),
        "Source": given.get("source") or given.get("src", ""),
        "Target": given.get("target") or given.get("destination") or given.get("dst", ""),
        "ReadOnly": any(name in given and given[name] in {"", "true", "1"} for name in ("readonly", "ro")),
    }
    body["HostConfig"].setdefault("Mounts", []).append(mount)


def _add_ulimit(body: Body, value: str) -> None:
    name, _, limits = value.partition("=")
    soft, _, hard = limits.partition(":")
    limit = {"Name": name, "Soft": int(soft), "Hard": int(hard or soft)}
    body["HostConfig"].setdefault("Ulimits", []).append(limit)


def _truth(value: str) -> bool:
    return value.lower() in {"true", "1"}


def _bytes(value: str) -> int:
    match = re.fullmatch(r"(\d+)([bkmg]?)b?", value.lower())
    if match is None:
        raise ValueError(value)
    return int(match[1]) * _UNITS[match[2]]


def _nanoseconds(value: str) -> int:
    """A duration as Go writes it: 1m30s."""
    if value == "0":
        return 0
    if not re.fullmatch(r"(\d+(\.\d+)?(ns|us|ms|s|m|h))+", value):
        raise ValueError(value)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)", value)
    return int(sum(float(number) * _SECONDS[unit] for number, unit in parts) * 1e9)


_SETTERS: Final[Mapping[str, Callable[[Body, str], None]]] = {
    "--cap-add": _more("CapAdd"),
    "--cap-drop": _more("CapDrop"),
    "--cgroup-parent": _host("CgroupParent"),
    "--cgroupns": _host("CgroupnsMode"),
    "--cpu-shares": _host("CpuShares", int),
    "--cpus": _host("NanoCpus", lambda value: int(float(value) * 1e9)),
    "--cpuset-cpus": _host("CpusetCpus"),
    "--device": _more("Devices"),
    "--gpus": _more("DeviceRequests"),
    "--dns": _more("Dns"),
    "--dns-search": _more("DnsSearch"),
    "--add-host": _more("ExtraHosts"),
    "--entrypoint": _field("Entrypoint", lambda value: [value] if value else []),
    "--env": _add_env,
    "--group-add": _more("GroupAdd"),
    "--health-cmd": _health("Test", lambda value: ["CMD-SHELL", value]),
    "--health-interval": _health("Interval", _nanoseconds),
    "--health-retries": _health("Retries", int),
    "--health-start-period": _health("StartPeriod", _nanoseconds),
    "--health-start-interval": _health("StartInterval", _nanoseconds),
    "--health-timeout": _health("Timeout", _nanoseconds),
    "--init": _host("Init", _truth),
    "--interactive": _field("OpenStdin", _truth),
    "--ipc": _host("IpcMode"),
    "--label": _add_label,
    "--link": _more("Links"),
    "--memory": _host("Memory", _bytes),
    "--memory-reservation": _host("MemoryReservation", _bytes),
    "--memory-swap": _host("MemorySwap", lambda value: -1 if value == "-1" else _bytes(value)),
    "--mount": _add_mount,
    "--name": lambda _body, _value: None,
    "--network": _host("NetworkMode"),
    "--no-healthcheck": lambda body, _: body.update(Healthcheck={"Test": ["NONE"]}),
    "--oom-kill-disable": _host("OomKillDisable", _truth),
    "--pid": _host("PidMode"),
    "--pids-limit": _host("PidsLimit", int),
    "--privileged": _host("Privileged", _truth),
    "--publish": add_port,
    "--publish-all": _host("PublishAllPorts", _truth),
    "--read-only": _host("ReadonlyRootfs", _truth),
    "--restart": _host("RestartPolicy", lambda value: {"Name": value.partition(":")[0]}),
    "--rm": lambda _body, _value: None,
    "--runtime": _host("Runtime"),
    "--security-opt": _more("SecurityOpt"),
    "--shm-size": _host("ShmSize", _bytes),
    "--stop-signal": _field("StopSignal"),
    "--stop-timeout": _field("StopTimeout", int),
    "--sysctl": _more("Sysctls"),
    "--tmpfs": _add_tmpfs,
    "--tty": _field("Tty", _truth),
    "--ulimit": _add_ulimit,
    "--user": _field("User"),
    "--userns": _host("UsernsMode"),
    "--uts": _host("UTSMode"),
    "--volume": _more("Binds"),
    "--volumes-from": _more("VolumesFrom"),
    "--workdir": _field("WorkingDir"),
}


def read_port(text: str) -> Iterator[tuple[str, str]]:
    """The ports of a `ports:` entry: that of the host, empty for any, and that of the container with its protocol.

    `5432`, `5433:5432`, `127.0.0.1:5433:5432/tcp`, and ranges of the same length. Raises ValueError.
    """
    plain, _, kind = text.strip().partition("/")
    *_, host, target = ["", "", *plain.split(":")]
    targets, hosts = _range(target), _range(host) if host else []
    if hosts and len(hosts) != len(targets):
        raise ValueError(text)
    for position, number in enumerate(targets):
        yield str(hosts[position]) if hosts else "", f"{number}/{kind or 'tcp'}"


def _range(text: str) -> list[int]:
    first, _, last = text.partition("-")
    numbers = list(range(int(first), int(last or first) + 1))
    if not numbers or not all(0 < number < 1 << 16 for number in numbers):
        raise ValueError(text)
    return numbers
