"""Shows uv a Python of the sandbox or of the machine as one of its own: the one that the workflow names.

On GitHub's runners uv would download it. Source of the names: uv's folder of managed Pythons.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from simulator.actions.builtin.setup_python import installations, versions
from simulator.actions.builtin.setup_uv.releases import architecture
from simulator.actions.builtin.toolkit import log


def show(wanted: str, folder: Path) -> None:
    """Link a Python of the wanted version into uv's folder, if there is one; any other request is uv's own business."""
    if not re.fullmatch(r"(cpython-?)?3\.\d+(\.\d+)?", wanted):
        return
    accepted = versions.parse_range(re.sub(r"^cpython-?", "", wanted)) or []
    own = installations.own_architecture()
    found = {version: installations.folder_of(version, own) for version in installations.cached(own)}
    found |= {each.version: each.executable.parent.parent for each in installations.of_machine()}
    whole = {version: prefix for version, prefix in found.items() if _is_whole(prefix, version)}
    version = versions.best(accepted, whole)
    if version is None:
        return
    shown = folder / f"cpython-{version}-linux-{architecture()}-gnu"
    if not shown.exists():
        major, minor, _ = version.release
        _mirror(whole[version], shown, {"bin", "lib", f"lib/python{major}.{minor}", "lib/pkgconfig"})
        log.info(f"pysim shows uv the CPython {version} of {whole[version]}")


def _mirror(source: Path, target: Path, inside: set[str], path: str = "") -> None:
    """Folders of links: uv passes over a Python that is one link, and writes into the folders named in `inside`."""
    target.mkdir(parents=True)
    for part in source.iterdir():
        name = f"{path}/{part.name}".lstrip("/")
        if name in inside:
            _mirror(part, target / part.name, inside, name)
        elif part.suffix == ".pc" or part.name.startswith("_sysconfigdata"):  # uv rewrites these
            shutil.copy(part, target / part.name)
        else:
            (target / part.name).symlink_to(part)


def _is_whole(prefix: Path, version: versions.Version) -> bool:
    """Whether a folder holds a CPython with its library, not a virtual environment."""
    major, minor, _ = version.release
    return (prefix / "lib" / f"python{major}.{minor}" / "os.py").is_file()
