"""The root folder of a local sandbox: what of this machine is shown in it, and what is made for it.

Pure of the kernel: `inside/namespace.py` mounts what is listed here. Only what is named here is visible inside.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Self

from simulator.engines import system_python
from simulator.engines.base import LAYOUT, SandboxSpec
from simulator.engines.environment import (
    GATEWAY,
    GROUP_ID,
    HOST_NAME,
    HOSTS,
    INSIDE,
    PIPX_BIN,
    PROGRAMS,
    RESOLV_CONF,
    TOOLS,
    USER,
    USER_ID,
)
from simulator.engines.gh_downloads import find_gh
from simulator.engines.nodes import MAJORS, FoundNode, find_nodes, serving
from simulator.engines.python_downloads import find_uv
from simulator.engines.pythons import FoundPython, find_pythons
from simulator.errors import EngineError
from simulator.remedies import Act, remedy

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
# Settings of the system that hold no secret. Not apt, pip, npm, git or docker: theirs may hold credentials.
SETTINGS = (
    "alternatives", "bash.bashrc", "crypto-policies", "debian_version", "fedora-release", "fonts", "inputrc",
    "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "lsb-release", "magic", "mime.types", "os-release",
    "perl", "pki/tls/openssl.cnf", "protocols", "redhat-release", "rpc", "services", "ssl/openssl.cnf",
    "system-release", "terminfo", "timezone",
)  # fmt: skip
# Where other distributions' clients look for certificates.
BUNDLE_LINKS = (
    "etc/ssl/cert.pem",
    "etc/pki/tls/cert.pem",
    "etc/pki/tls/certs/ca-bundle.crt",
    "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
)
FOLDERS = ("proc", "dev", "run", "tmp", "mnt", "srv", "var/tmp", "var/log", "var/cache", "var/lib", "opt/pipx")
FILES = {
    "etc/hosts": HOSTS,
    "etc/hostname": f"{HOST_NAME}\n",
    "etc/resolv.conf": RESOLV_CONF,
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    "etc/passwd": f"{USER}:x:{USER_ID}:{GROUP_ID}::{LAYOUT.home}:/bin/bash\nnobody:x:65534:65534::/:/bin/false\n",
    "etc/group": f"{USER}:x:{GROUP_ID}:\nnogroup:x:65534:\n",
    "etc/shells": "/bin/sh\n/bin/bash\n",
    # As on Ubuntu, a login shell keeps its PATH; the machine's own file may set another one.
    "etc/profile": '[ -z "${BASH-}" ] || [ ! -r /etc/bash.bashrc ] || . /etc/bash.bashrc\n',
    # actions/runner-images, images/ubuntu/scripts/build/install-python.sh
    "etc/pip.conf": "[global]\nbreak-system-packages = true\n",
}
LINKS = {"etc/mtab": "/proc/self/mounts", "var/run": "/run", "var/lock": "/run/lock"}
# The parts of an interpreter's folder that it runs with. Never all of it: it may be ~/.local or a project's own folder.
INSTALLATION = ("bin", "lib", "lib64", "include", "pyvenv.cfg")
LSB_RELEASE = '#!/bin/sh\n. /etc/os-release\necho "$NAME"\necho "$VERSION_ID"\n'  # `-i -r -s`, the only way it is asked
NO_SUDO = "sudo: the local engine has no root, and the Docker engine has"
# pipx makes environments with the Python of a hosted runner, not with the one that pysim runs on, and takes a uv that
# it can import for one that its user chose (its documentation, "Backends").
PIPX_DEFAULT = f"""\
import os, sys
sys.modules["uv"] = None
python = "{system_python.PLACE}/bin/python3"
if os.path.exists(python):
    os.environ.setdefault("PIPX_DEFAULT_PYTHON", python)
"""
TOOL_PACKAGES = ("twine", "id", "packaging", "requests", "pipx", "build")
LIBRARIES = ("pypi_attestations", "sigstore")  # of built-in actions


@dataclass(frozen=True, kw_only=True, slots=True)
class Toolchain:
    """pysim's own interpreter, as the sandbox needs it: where it is installed, links to repeat, folders of packages."""

    executable: Path  # of the installation, not of a virtual environment
    folders: Sequence[Path]
    links: Sequence[tuple[Path, Path]]
    packages: Sequence[Path]


@dataclass(frozen=True, kw_only=True, slots=True)
class HostTools:
    """What of this machine's tools a sandbox gets."""

    toolchain: Toolchain
    pythons: Sequence[FoundPython] = ()
    nodes: Sequence[FoundNode] = ()
    uv: Path | None = None
    gh: Path | None = None
    system: Path | None = None  # the folder of the Python that a job finds before it sets one up

    @classmethod
    def find(cls) -> Self:
        """Find them all: slow the first time, remembered after that."""
        pythons = find_pythons().found
        chosen = system_python.choose(pythons)
        return cls(
            toolchain=own_toolchain(),
            pythons=pythons,
            nodes=find_nodes(),
            uv=find_uv(),
            gh=find_gh() if shutil.which("gh", path="/usr/bin:/bin") is None else None,
            system=system_python.folder_of(chosen) if chosen else None,
        )


@dataclass(slots=True)
class Root:
    """A root folder while it is filled; `binds` are host path and path inside, parents first."""

    path: Path
    binds: dict[str, str] = field(default_factory=dict)  # by path inside

    def file(self, inside: str | PurePosixPath, content: str | bytes, *, mode: int = 0o644) -> None:
        path = self._path_of(inside)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)

    def link(self, inside: str | PurePosixPath, target: str | Path | PurePosixPath) -> None:
        path = self._path_of(inside)
        if not path.is_symlink():
            path.symlink_to(target)

    def folder(self, inside: str | PurePosixPath) -> None:
        (self.path / str(inside).lstrip("/")).mkdir(parents=True, exist_ok=True)

    def show(self, source: Path, inside: str | PurePosixPath) -> None:
        """Show a file, folder or socket of this machine, read-only, unless it can be seen there already."""
        if self._shown(source, str(inside)):
            return
        if source.is_dir():
            self.folder(inside)
        else:
            self._path_of(inside).touch()
        self.binds[str(inside)] = str(source)

    def show_as_is(self, path: Path) -> None:
        """Show a file or folder at its own path; a link stays a link."""
        if path.is_symlink():
            self.link(str(path), path.readlink())
        elif path.exists():
            self.show(path, str(path))

    def installation(self, prefix: Path) -> None:
        """Show what makes an interpreter run at its own path, and no other folder that lies beside."""
        for part in INSTALLATION:
            self.show_as_is(prefix / part)

    def _shown(self, source: Path, inside: str) -> bool:
        for folder in (inside, *map(str, PurePosixPath(inside).parents)):
            if folder in self.binds:
                if (Path(self.binds[folder]) / PurePosixPath(inside).relative_to(folder)).resolve() == source.resolve():
                    return True
                raise EngineError(
                    f"{source} cannot be shown at {inside}: {folder} of this machine is there already",
                    hint="Move it out of the system's own folders.",
                )
        return False

    def _path_of(self, inside: str | PurePosixPath) -> Path:
        path = self.path / str(inside).lstrip("/")
        if not path.parent.resolve().is_relative_to(self.path):
            raise EngineError(
                f"{inside} lies behind a link out of the sandbox",
                hint="Use the Docker engine.",
                remedies=(remedy(Act.USE_ENGINE, "docker"),),
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def fill(path: Path, spec: SandboxSpec, tools: HostTools) -> Root:
    """Fill an empty folder with all that is not a mount, and list what has to be mounted. Raises EngineError."""
    root = Root(path=path)
    for name in SYSTEM:
        root.show_as_is(Path(name))
    for name in SETTINGS:
        root.show_as_is(Path("/etc", name))
    for name in (*FOLDERS, *(str(folder) for folder in _layout_folders())):
        root.folder(name)
    for name, content in FILES.items():
        root.file(name, content)
    for name, target in LINKS.items():
        root.link(name, target)
    (path / "tmp").chmod(0o1777)
    root.file(LAYOUT.ca_bundle, spec.ca_bundle)
    for name in BUNDLE_LINKS:
        root.link(name, LAYOUT.ca_bundle)
    _add_pysim(root, spec)
    _add_tools(root, tools.toolchain)
    _add_pythons(root, tools.pythons)
    _add_system_python(root, tools.system)
    _add_nodes(root, tools.nodes)
    if tools.uv is not None:
        root.show(tools.uv.resolve(), TOOLS / "uv")
    if tools.gh is not None:
        root.show(tools.gh, PIPX_BIN / "gh")
    for inside, source in sorted(spec.mounts.items()):
        root.show(source, inside)
    return root


def _layout_folders() -> Iterable[PurePosixPath]:
    return (LAYOUT.home, LAYOUT.work, LAYOUT.temp, LAYOUT.actions, LAYOUT.tool_cache, LAYOUT.externals, PIPX_BIN)


def _add_pysim(root: Root, spec: SandboxSpec) -> None:
    for program in ("agent.py", "forwarder.py"):
        root.folder(PROGRAMS)
        shutil.copy(INSIDE / program, root.path / str(PROGRAMS).lstrip("/"))
    root.show(spec.gateway, GATEWAY)


def _add_tools(root: Root, toolchain: Toolchain) -> None:
    """pysim's interpreter at `LAYOUT.python`, pipx on the PATH, and a word where `sudo` would be."""
    for folder in toolchain.folders:
        root.installation(folder)
    for folder in toolchain.packages:
        root.show_as_is(folder)
    for link, target in toolchain.links:
        root.link(str(link), target)
    # A virtual environment and no script that starts the interpreter: sh drops variables such as INPUT_PYTHON-VERSION.
    root.link(LAYOUT.python, toolchain.executable)
    environment = LAYOUT.python.parent.parent
    root.file(environment / "pyvenv.cfg", f"home = {toolchain.executable.parent}\n")
    packages = environment / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    root.file(packages / "pysim.pth", "".join(f"{folder}\n" for folder in toolchain.packages))
    for package in TOOL_PACKAGES:
        start = f"import runpy\nrunpy.run_module({package!r}, run_name='__main__', alter_sys=True)\n"
        if package == "pipx":
            start = PIPX_DEFAULT + start
        root.file(TOOLS / package, f"#!{LAYOUT.python}\n{start}", mode=0o755)
    root.link(PIPX_BIN / "pipx", TOOLS / "pipx")
    if shutil.which("lsb_release", path="/usr/bin:/bin") is None:  # actions/setup-python asks it for its keys
        root.file(PIPX_BIN / "lsb_release", LSB_RELEASE, mode=0o755)
    root.file(PIPX_BIN / "sudo", f'#!/bin/sh\necho "{NO_SUDO}" >&2\nexit 1\n', mode=0o755)


def _add_pythons(root: Root, pythons: Sequence[FoundPython]) -> None:
    """Every CPython that a job may ask for, and the list of them for the action that hands them out."""
    for python in pythons:
        root.installation(python.prefix)
    listed = [
        {"version": python.version, "executable": str(python.executable), "prefix": str(python.prefix)}
        for python in pythons
    ]
    root.file(LAYOUT.tool_cache / ".pysim-pythons.json", json.dumps(listed, indent=1))


def _add_system_python(root: Root, folder: Path | None) -> None:
    """`python`, `python3` and `pip` as a hosted runner has them, else what the machine has under those names."""
    if folder is not None:
        root.show(folder, system_python.PLACE)
    elif shutil.which("python", path="/usr/bin:/bin") is None and Path("/usr/bin/python3").exists():
        root.link(PIPX_BIN / "python", "/usr/bin/python3")


def _add_nodes(root: Root, nodes: Sequence[FoundNode]) -> None:
    """Where JavaScript actions look for their Node."""
    for major in MAJORS:
        node = serving(major, nodes)
        if node is not None:
            root.show(node.executable, LAYOUT.externals / f"node{major}/bin/node")


def own_toolchain() -> Toolchain:
    """The interpreter that runs pysim, with the folders that it and its packages live in."""
    executable = Path(sys._base_executable)  # type: ignore[attr-defined]
    prefixes = [Path(prefix) for prefix in (sys.prefix, sys.base_prefix)]
    folders = dict.fromkeys(path for prefix in prefixes for path in (prefix, prefix.resolve()))
    packages = dict.fromkeys(
        Path(spec.origin).parent.parent
        for spec in map(importlib.util.find_spec, (*TOOL_PACKAGES, *LIBRARIES))
        if spec is not None and spec.origin is not None
    )
    links = []
    link = executable
    while link.is_symlink():
        if not any(link.is_relative_to(folder) for folder in (*folders, *map(Path, SYSTEM))):
            links.append((link, link.readlink()))
        link = link.parent / link.readlink()
    return Toolchain(executable=executable, folders=tuple(folders), links=tuple(links), packages=tuple(packages))
