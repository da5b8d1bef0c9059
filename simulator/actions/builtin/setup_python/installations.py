"""The Pythons that a sandbox can offer: those of its tool cache, those of the machine, those that uv can fetch.

The tool cache has GitHub's layout: Python/<version>/<architecture> with a file <architecture>.complete beside it.
`.pysim-pythons.json` in it lists the machine's own: [{"version", "executable", "prefix"}].
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from simulator.actions.builtin.setup_python import prefix, versions
from simulator.actions.builtin.setup_python.newest_pip import renew_pip
from simulator.actions.builtin.setup_python.versions import Range, Version
from simulator.actions.builtin.toolkit import log
from simulator.actions.builtin.toolkit.step import variable

MACHINE_LIST = ".pysim-pythons.json"
HOSTED = Path(__file__).with_name("hosted_versions.json")
ARCHITECTURES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64", "i686": "x86"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A CPython outside the tool cache."""

    version: Version
    executable: Path


def own_architecture() -> str:
    """The sandbox's architecture in node's words."""
    machine = platform.machine().lower()
    return ARCHITECTURES.get(machine, machine)


def tool_cache() -> Path:
    """The folder of the tool cache; AGENT_TOOLSDIRECTORY wins over RUNNER_TOOL_CACHE."""
    return Path(os.environ.get("AGENT_TOOLSDIRECTORY", "").strip() or variable("RUNNER_TOOL_CACHE"))


def folder_of(version: Version, architecture: str) -> Path:
    """Where a version lies in the tool cache."""
    return tool_cache() / "Python" / str(version) / architecture


def cached(architecture: str) -> list[Version]:
    """The complete versions of the tool cache."""
    names = [path.parent.name for path in (tool_cache() / "Python").glob(f"*/{architecture}.complete")]
    found = [versions.parse_version(name) for name in names]
    return [version for version in found if version and folder_of(version, architecture).is_dir()]


def hosted(wanted: Range, architecture: str) -> Version | None:
    """The newest version that GitHub has for its Ubuntu runners, as of the list's date."""
    names = json.loads(HOSTED.read_text(encoding="utf-8"))["versions"].get(architecture, ())
    return versions.best(wanted, filter(None, map(versions.parse_version, names)))


def of_machine() -> list[Found]:
    """The CPythons of the machine that the engine found and showed to the sandbox."""
    listing = tool_cache() / MACHINE_LIST
    if not listing.is_file():
        return []
    entries = json.loads(listing.read_text(encoding="utf-8"))
    found = [(versions.parse_version(str(entry["version"])), Path(entry["executable"])) for entry in entries]
    return [Found(version=v, executable=path) for v, path in found if v and os.access(path, os.X_OK)]


def fetch_with_uv(request: str) -> Found | None:
    """Have uv fetch a CPython; None where uv is missing or cannot.

    GitHub's runner has no uv on its PATH, so pysim's lies beside its tools' interpreter.
    """
    uv = shutil.which("uv") or shutil.which("uv", path=Path(sys.executable).parent)
    if not uv:
        return None
    environment = {**os.environ, "UV_PYTHON_INSTALL_DIR": str(tool_cache() / ".uv"), "UV_PYTHON_INSTALL_BIN": "0"}
    log.info(f"[command]{uv} python install {request}")
    fetched = subprocess.run([uv, "python", "install", "--no-progress", request], env=environment, check=False)
    if fetched.returncode != 0:
        return None
    where = [uv, "python", "find", "--managed-python", "--no-project", request]
    located = subprocess.run(where, env=environment, check=False, stdout=subprocess.PIPE, text=True)
    executable = Path(located.stdout.strip())
    version = _ask_version(executable) if located.returncode == 0 else None
    return Found(version=version, executable=executable) if version else None


def uv_request(wanted: Range) -> str:
    """A range in the words of uv, which are Python's."""
    sides = [[f"{'>=' if b.at_least else '<'}{'.'.join(map(str, b.version.release))}" for b in each] for each in wanted]
    return ",".join(sides[0])


def install(found: Found, architecture: str) -> Path:
    """Set a CPython up in the tool cache, with the newest pip that is at hand."""
    folder = folder_of(found.version, architecture)
    if folder.exists():
        shutil.rmtree(folder)
    if not prefix.set_up(found.executable, folder):
        log.warning(f"{found.executable} carries no pip; install one in a step of your own.")
    else:
        for packages in folder.glob("lib/python3.*/site-packages"):
            renew_pip(packages, str(found.version))
    folder.with_name(f"{architecture}.complete").touch()
    return folder


def _ask_version(executable: Path) -> Version | None:
    done = subprocess.run(
        [executable, "-I", "-c", "import platform; print(platform.python_version())"],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
    )
    return versions.parse_version(done.stdout)
