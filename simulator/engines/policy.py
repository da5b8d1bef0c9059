"""What a further container of a job may be: from a request of Docker's API to the one that the daemon is sent.

The request that comes out is made anew of what is known to be harmless, so what is not named here never reaches the
daemon. Names of fields are those of the Docker Engine API ("Create a container"). Knows no daemon.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from simulator.engines.base import LAYOUT, ContainerError
from simulator.engines.seccomp import SECURITY_OPTION

DOCKER_SOCKET: Final = PurePosixPath("/var/run/docker.sock")
BUNDLE: Final = PurePosixPath("/run/pysim/ca.pem")  # pysim's certificates in a further container
# Fields of the container that say nothing about the machine.
_CONTAINER_FIELDS: Final = (
    "User", "AttachStdin", "AttachStdout", "AttachStderr", "Tty", "OpenStdin", "StdinOnce", "Cmd", "Entrypoint",
    "WorkingDir", "Healthcheck", "StopSignal", "StopTimeout", "Shell",
)  # fmt: skip
# Fields of its host that limit it, or that concern what is inside it alone.
_HOST_FIELDS: Final = (
    "Memory", "MemorySwap", "MemoryReservation", "NanoCpus", "CpuShares", "CpuPeriod", "CpuQuota", "CpusetCpus",
    "CpusetMems", "ShmSize", "Ulimits", "Tmpfs", "Init", "ReadonlyRootfs", "GroupAdd", "AutoRemove", "CapDrop",
    "PidsLimit", "OomKillDisable", "ConsoleSize", "MemorySwappiness",
)  # fmt: skip
# Capabilities that a container has anyway, and those that show it no more than its own processes.
_CAPABILITIES: Final = frozenset(
    {
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW",
        "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "SYS_PTRACE", "SYS_NICE", "IPC_LOCK",
    }
)  # fmt: skip
# Fields that reach beyond the container, with the reason; any other field that is set is refused without one.
_REFUSED_FIELDS: Final = {
    "Privileged": "a privileged container is root on this machine",
    "IpcMode": "memory is shared with no other container",
    "CgroupnsMode": "it stays where its run put it",
    "PidMode": "the processes of other containers are not shown to it",
    "UTSMode": "it has host names of its own",
    "UsernsMode": "it has no other users than the daemon gives it",
    "CgroupParent": "it stays where its run put it",
    "Devices": "no device of this machine is shown to it",
    "DeviceRequests": "no device of this machine is shown to it",
    "DeviceCgroupRules": "no device of this machine is shown to it",
    "Sysctls": "its kernel is that of this machine",
    "Runtime": "it is run as the daemon runs all",
    "VolumesFrom": "folders are shared one by one, with -v",
    "VolumeDriver": "volumes are local",
    "Dns": "every name leads to pysim's gateway",
    "DnsOptions": "every name leads to pysim's gateway",
    "DnsSearch": "every name leads to pysim's gateway",
    "PublishAllPorts": "its ports are those of the job's localhost already",
}
_HARMLESS_VALUES: Final = {
    "CgroupnsMode": {"private"},
    "IpcMode": {"private", "none", "shareable"},
    "Isolation": {"default"},
    "Runtime": {"runc"},
    "NetworkMode": {"default", "bridge", "none"},
}
_HARMLESS_SECURITY_OPTIONS: Final = re.compile(r"no-new-privileges([:=]true)?|label[:=].*")
_SHARED_FOLDERS: Final = (LAYOUT.work, LAYOUT.externals, LAYOUT.tool_cache)
_VOLUME_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerSettings:
    """What the containers of one sandbox have in common.

    `network` is the sandbox's container, `ca_bundle` a file of this machine with certificates, `variables` are added
    where neither the request nor the image has them. `socket` is the job's Docker API on this machine. `host_path`
    gives the path on this machine of one in the sandbox, and the names of its volumes begin with `volume_prefix`.
    """

    network: str
    labels: Mapping[str, str]
    ca_bundle: str
    variables: Mapping[str, str]
    host_path: Callable[[PurePosixPath], str]
    volume_prefix: str
    socket: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AdmittedRequest:
    """A request that the daemon may be sent.

    `shared` are the folders of the sandbox that it binds: whoever starts the container makes sure that no link leads
    out of them. `notes` say what was left out.
    """

    body: Mapping[str, Any]
    shared: Sequence[PurePosixPath]
    notes: Sequence[str]


@dataclass(kw_only=True, slots=True)
class _Mounts:
    """The mounts of a container, as they are found."""

    settings: ContainerSettings
    mounts: list[Mapping[str, Any]] = field(default_factory=list)
    shared: list[PurePosixPath] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, source: str, target: str, *, read_only: bool) -> None:
        """A volume, named or not, or a path."""
        if not target.startswith("/"):
            raise ContainerError(f"the place of a mount is an absolute path, and {target!r} is none")
        if source.startswith(("/", ".", "~")):
            self._bind(PurePosixPath(source), target, read_only=read_only)
        elif source and not _VOLUME_NAME.fullmatch(source):
            raise ContainerError(f"{source!r} is no name of a volume")
        else:
            options = {"Labels": dict(self.settings.labels)}
            name = f"{self.settings.volume_prefix}{source}" if source else ""
            mount = {"Type": "volume", "Source": name, "Target": target, "ReadOnly": read_only}
            self.mounts.append({**mount, "VolumeOptions": options})

    def _bind(self, source: PurePosixPath, target: str, *, read_only: bool) -> None:
        settings = self.settings
        if source in {DOCKER_SOCKET, PurePosixPath("/run/docker.sock")}:
            if settings.socket is None:
                self.notes.append("There is no Docker API in this container.")
                return
            self._append(settings.socket, target, read_only=False)
        elif source == PurePosixPath("/"):
            self.notes.append(f"Of the folder / only {LAYOUT.work} is shown in the container.")
            self._share(LAYOUT.work, f"{target.rstrip('/')}{LAYOUT.work}", read_only=read_only)
        elif ".." in source.parts or not any(source.is_relative_to(folder) for folder in _SHARED_FOLDERS):
            raise ContainerError(
                f"the folder {source} is not shared with containers: what lies under {LAYOUT.work} is, and volumes are"
            )
        else:
            self._share(source, target, read_only=read_only)

    def _share(self, source: PurePosixPath, target: str, *, read_only: bool) -> None:
        self.shared.append(source)
        fixed = source.is_relative_to(LAYOUT.externals)  # other jobs have it too
        self._append(self.settings.host_path(source), target, read_only=read_only or fixed)

    def _append(self, source: str, target: str, *, read_only: bool) -> None:
        self.mounts.append({"Type": "bind", "Source": source, "Target": target, "ReadOnly": read_only})


def admit(request: Mapping[str, Any], image: Mapping[str, str], settings: ContainerSettings) -> AdmittedRequest:
    """The request for a container of an image with these variables. Raises ContainerError with every reason."""
    host = request.get("HostConfig") or {}
    problems = [*_refused(host)]
    mounts = _Mounts(settings=settings)
    for source, target, read_only in _asked_mounts(request, host, problems):
        try:
            mounts.add(source, target, read_only=read_only)
        except ContainerError as problem:
            problems.append(str(problem))
    if problems:
        raise ContainerError("pysim does not make this container: " + "; ".join(problems))
    mounts.mounts.append({"Type": "bind", "Source": settings.ca_bundle, "Target": str(BUNDLE), "ReadOnly": True})
    env = _environment(request.get("Env") or (), image, settings)
    body = {
        **{name: request[name] for name in _CONTAINER_FIELDS if request.get(name) is not None},
        "Image": request.get("Image"),
        "Env": env,
        "Labels": {**(request.get("Labels") or {}), **settings.labels},
        "HostConfig": {
            **{name: host[name] for name in _HOST_FIELDS if host.get(name) is not None},
            "CapAdd": [_capability(name) for name in host.get("CapAdd") or ()],
            "NetworkMode": f"container:{settings.network}",
            "Mounts": mounts.mounts,
            "SecurityOpt": ["label=disable", SECURITY_OPTION, *(host.get("SecurityOpt") or ())],
        },
    }
    return AdmittedRequest(body=body, shared=tuple(mounts.shared), notes=(*_left_out(host), *mounts.notes))


def _environment(given: Sequence[str], image: Mapping[str, str], settings: ContainerSettings) -> list[str]:
    named = {entry.partition("=")[0] for entry in given}
    more = (f"{name}={value}" for name, value in settings.variables.items() if name not in named and name not in image)
    return [*more, *given]


def _refused(host: Mapping[str, Any]) -> Iterator[str]:
    """Why the container is not made as the request wants it, in parts of a sentence."""
    known = {*_HOST_FIELDS, "Binds", "Mounts", "CapAdd", "PortBindings", "SecurityOpt", "RestartPolicy", "LogConfig"}
    known |= {"ExtraHosts", "Links", "ContainerIDFile", "OomScoreAdj", "MaskedPaths", "ReadonlyPaths", "Annotations"}
    for name, value in host.items():
        if name in known or not value or (isinstance(value, str) and value in _HARMLESS_VALUES.get(name, ())):
            continue
        if name == "NetworkMode":
            yield (
                "the network of this machine is closed to jobs"
                if value == "host"
                else (f"NetworkMode {value!r} is not allowed, because all containers of a job share its own network")
            )
        elif name == "BlkioWeight" or name.startswith("Blkio"):
            continue
        else:
            yield f"{name} {value!r} is not allowed, because {_REFUSED_FIELDS.get(name, 'pysim does not know it')}"
    for name in host.get("CapAdd") or ():
        if _capability(name) not in _CAPABILITIES:
            yield f"the capability {_capability(name)} is not given, because it reaches beyond the container"
    for word in host.get("SecurityOpt") or ():
        if not _HARMLESS_SECURITY_OPTIONS.fullmatch(word):
            yield f"the security option {word} is not allowed, because it reaches beyond the container"
    for name in ("MaskedPaths", "ReadonlyPaths"):
        if host.get(name) is not None:
            yield f"{name} stays as Docker has it"


def _capability(name: str) -> str:
    return name.upper().removeprefix("CAP_")


def _asked_mounts(
    request: Mapping[str, Any], host: Mapping[str, Any], problems: list[str]
) -> Iterator[tuple[str, str, bool]]:
    """Source, place and whether it is read-only, of each mount; an empty source is a volume without a name."""
    for bind in host.get("Binds") or ():
        source, _, rest = bind.partition(":")
        target, _, mode = rest.partition(":")
        yield (source, target, "ro" in mode.split(",")) if rest else ("", source, False)
    for target in request.get("Volumes") or ():
        yield "", target, False
    for mount in host.get("Mounts") or ():
        kind, source = mount.get("Type"), str(mount.get("Source") or "")
        if (mount.get("VolumeOptions") or {}).get("DriverConfig"):
            problems.append("volumes have no driver but Docker's own")
        elif kind in {"bind", "volume"} and (kind == "bind") == source.startswith("/"):
            yield source, str(mount.get("Target")), bool(mount.get("ReadOnly"))
        else:
            problems.append(f"a mount of the type {kind} is not allowed")


def _left_out(host: Mapping[str, Any]) -> Iterator[str]:
    """What is asked for and cannot be, though nothing is wrong with it."""
    if (host.get("RestartPolicy") or {}).get("Name") not in {None, "", "no"}:
        yield "The container is not restarted when it ends."
    if host.get("ExtraHosts") or host.get("Links"):
        yield "Names of other hosts are not added: every name leads to the job's own localhost."
    if (host.get("LogConfig") or {}).get("Type") not in {None, "", "json-file", "local"}:
        yield "Its output is kept as Docker keeps it by default."


def forwards(request: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """The ports of localhost that are to lead to others, as `PortBindings` asks for them; 0 is for any free one."""
    bindings: Mapping[str, Sequence[Mapping[str, Any]]] = (request.get("HostConfig") or {}).get("PortBindings") or {}
    for target, places in bindings.items():
        number, _, kind = target.partition("/")
        if kind in {"", "tcp"}:
            for place in places or [{}]:
                yield int(str(place.get("HostPort") or 0)), int(number)
