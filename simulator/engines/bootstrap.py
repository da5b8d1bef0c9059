"""An image without a registry: a system of the machine's own distribution, and the CPythons found on the machine.

Owns the making of its root file system by mmdebstrap; knows no Docker. Its name says what it is: it is not Ubuntu.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator import process
from simulator.engines import recipes
from simulator.engines.apt_sources import Source, configured_sources, settings
from simulator.engines.base import ProgressSink
from simulator.engines.environment import image_os, parse_os_release
from simulator.engines.pythons import FoundPython, PythonSearch, fetched_folder, find_pythons
from simulator.errors import EngineError, ProcessError
from simulator.remedies import Act, remedy

_TOOL_CACHE = "/opt/hostedtoolcache/Python"
_LEFT_OUT = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/doc/*/*")
# Nobody needs Tk for a release, and it brings all of X.
_SKIPPED_MODULES = ("_tkinter", "_test", "_ctypes_test", "_xxtest")
_OLDEST = (3, 9)  # of the CPythons that build backends still run on
_SKIPPED_FOLDERS = ("test", "idlelib", "turtledemo", "site-packages")


@dataclass(frozen=True, kw_only=True, slots=True)
class Bootstrap:
    """What an image is made from; everything is this machine's."""

    distribution: str  # os-release's ID
    version: str
    pretty_name: str
    codename: str
    sources: Sequence[Source]
    python: FoundPython
    others: Sequence[FoundPython] = ()
    """Those of other minor versions, for setup-python."""

    @property
    def repository(self) -> str:
        return f"pysim/bootstrap-{self.distribution}-{self.version}"

    @property
    def digest(self) -> str:
        """The tag."""
        pythons = (f"{each.version} {each.prefix}" for each in (self.python, *self.others))
        return recipes.digest("bootstrap", self.codename, *map(str, self.sources), *pythons)

    @property
    def description(self) -> str:
        versions = ", ".join(each.version for each in (self.python, *self.others))
        return f"{self.pretty_name} with CPython {versions}, made on this machine"

    @property
    def image_os(self) -> str:
        return image_os(f"ID={self.distribution}\nVERSION_ID={self.version}")

    def build(self, folder: Path, progress: ProgressSink) -> Path:
        """Make the root file system as a tar archive in the folder. Raises EngineError."""
        folder.chmod(0o755)  # without root, mmdebstrap works as another user id of its own namespace
        stage = folder / "pysim-build"
        (stage / "wheels").mkdir(parents=True)
        recipes.download_wheels(stage / "wheels", self.python, progress)
        shutil.copy(recipes.recipe_folder() / "provision.sh", stage)
        shutil.copy(recipes.python_program(), stage)
        packages = [*recipes.packages(), *self._add_python(stage, progress)]
        for python in self.others:
            copy_python(python, stage / "others" / python.version)
            packages += library_packages(python)
        target = folder / "root.tar"
        progress(f"making {self.pretty_name} with mmdebstrap from {len(self.sources)} package sources")
        try:
            process.stream(
                self._mmdebstrap(folder, packages, target),
                lambda line: progress(line[3:]) if line.startswith("I: ") else None,
                env={"TMPDIR": str(folder)},
            )
        except ProcessError as error:
            raise EngineError(f"Cannot make the image: {error}", hint="Check apt's sources and the network.") from error
        return target

    def _mmdebstrap(self, folder: Path, packages: Sequence[str], target: Path) -> Sequence[str]:
        sources = folder / "sources.list"
        sources.write_text("".join(f"{source}\n" for source in self.sources), encoding="utf-8")
        options = folder / "apt.conf"
        options.write_text("".join(f"{line}\n" for line in settings()), encoding="utf-8")
        return [
            *own_namespaces(),
            *("mmdebstrap", "--variant=minbase", "--format=tar", f"--include={','.join(dict.fromkeys(packages))}"),
            *(f"--aptopt={options}", "--dpkgopt=force-unsafe-io"),
            *(f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT),
            f"--customize-hook=copy-in {folder / 'pysim-build'} /",
            '--customize-hook=chroot "$1" sh /pysim-build/provision.sh /pysim-build',
            '--customize-hook=rm -rf "$1/pysim-build"',
            # Proxies are not for sandboxes, where the gateway is the proxy.
            """--customize-hook=sed -i '/^Acquire::Check-/!d' "$1/etc/apt/apt.conf.d/99mmdebstrap\"""",
            *(self.codename, str(target), str(sources)),
        ]

    def _add_python(self, stage: Path, progress: ProgressSink) -> Sequence[str]:
        """Put the CPython beside the recipe; the packages that it needs."""
        if self.python.prefix == Path("/usr"):
            return [f"python{recipes.MINOR}", f"python{recipes.MINOR}-venv"]
        progress(f"copying CPython {self.python.version} from {self.python.prefix}")
        copy_python(self.python, stage / "cpython" / self.python.version)
        return library_packages(self.python)


def own_namespaces() -> Sequence[str]:
    """Words that start a program in a mount and a PID namespace of its own, for root; it ends with this process.

    mmdebstrap mounts /proc, /sys and /dev into the folder that it fills. So they are gone with it whatever ends it, its
    children too, and the folder can be removed without reaching through them.
    """
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return ()  # without root, mmdebstrap makes namespaces itself
    words = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    return ("setpriv", "--pdeathsig=KILL", *words)


def plan() -> Bootstrap:
    """What this machine offers. Raises EngineError that lists what was looked at and what to install."""
    facts = _os_release()
    codename = facts.get("VERSION_CODENAME", "")
    if shutil.which("mmdebstrap") is None:
        raise EngineError(
            "No image registry answers, and mmdebstrap is not here to make an image without one",
            hint="Install mmdebstrap (apt-get install mmdebstrap), or use the local engine.",
            remedies=(remedy(Act.USE_ENGINE, "local"),),
        )
    sources = configured_sources(codename)
    if not sources:
        raise EngineError(
            f"No image registry answers, and no package sources of {facts.get('PRETTY_NAME', 'this system')} are"
            " configured to make an image without one",
            hint="Bootstrapping needs a Debian or Ubuntu with its sources in /etc/apt; or use the local engine.",
            remedies=(remedy(Act.USE_ENGINE, "local"),),
        )
    return Bootstrap(
        distribution=facts.get("ID", "linux"),
        version=facts.get("VERSION_ID", codename),
        pretty_name=facts.get("PRETTY_NAME", "Linux"),
        codename=codename,
        sources=sources,
        python=_python(find_pythons(recipes.MINOR)),
        others=_others(find_pythons()),
    )


def _others(search: PythonSearch) -> Sequence[FoundPython]:
    """The newest of each other minor version; not the system's own, which is no folder, and none that pysim fetched."""
    found: dict[str, FoundPython] = {}
    for python in search.found:
        lasting = not python.prefix.is_relative_to(fetched_folder())
        if lasting and python.prefix != Path("/usr") and python.minor != recipes.MINOR:
            found.setdefault(python.minor, python)
    return tuple(python for python in found.values() if tuple(map(int, python.minor.split("."))) >= _OLDEST)


def _python(search: PythonSearch) -> FoundPython:
    python = search.newest(recipes.MINOR)
    if python is None:
        looked = ", ".join(map(str, search.looked_at)) or "nothing of that name"
        raise EngineError(
            f"No image registry answers, and there is no CPython {recipes.MINOR} here for an image without one;"
            f" tried {looked}",
            hint=f"Install CPython {recipes.MINOR}, for example with: uv python install {recipes.MINOR}",
        )
    return python


def _os_release() -> Mapping[str, str]:
    try:
        return parse_os_release(Path("/etc/os-release").read_text(encoding="utf-8"))
    except OSError:
        return {}


def copy_python(python: FoundPython, target: Path) -> None:
    """Copy the parts of an installation that make it run elsewhere, without what was installed into it."""
    name = f"python{python.minor}"
    for folder in (f"lib/{name}", f"include/{name}"):
        shutil.copytree(python.prefix / folder, target / folder, symlinks=True, ignore=_ignored)
    (target / "lib" / name / "site-packages").mkdir()
    (target / "bin").mkdir()
    shutil.copy2(python.executable, target / "bin" / name)
    (target / "bin" / "python3").symlink_to(name)
    for library in python.prefix.glob(f"lib/lib{name}.so*"):
        shutil.copy2(library, target / "lib", follow_symlinks=False)
    home = f"{_TOOL_CACHE}/{python.version}/{'arm64' if platform.machine() == 'aarch64' else 'x64'}"
    for file in (*target.glob(f"lib/{name}/_sysconfigdata*.py"), *target.glob(f"lib/{name}/config-*/Makefile")):
        file.write_text(file.read_text(encoding="utf-8").replace(str(python.prefix), home), encoding="utf-8")


def _ignored(folder: str, names: list[str]) -> set[str]:
    top = Path(folder).name.startswith("python3.")
    left_out = {name for name in names if top and name in _SKIPPED_FOLDERS}
    return left_out | {name for name in names if name.endswith((".a", ".opt-1.pyc", ".opt-2.pyc"))}


def library_packages(python: FoundPython) -> Sequence[str]:
    """The packages of the shared libraries that the interpreter and its modules are linked with."""
    modules = python.prefix.glob(f"lib/python{python.minor}/lib-dynload/*.so")
    files = [python.executable, *(path for path in modules if not path.name.startswith(_SKIPPED_MODULES))]
    linked = process.run(["ldd", *files], check=False).stdout.decode(errors="replace")
    libraries = {Path(path).resolve() for path in re.findall(r"=> (/\S+)", linked)}
    paths = {str(path) for path in libraries if not path.is_relative_to(python.prefix)}
    # Where /lib is a link to /usr/lib, packages may list either.
    paths |= {path.removeprefix("/usr") for path in paths}
    owners = process.run(["dpkg-query", "--search", *sorted(paths)], check=False).stdout.decode(errors="replace")
    return sorted({line.partition(":")[0] for line in owners.splitlines() if ": /" in line})
