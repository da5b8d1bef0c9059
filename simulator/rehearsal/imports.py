"""What is said of modules that were installed and cannot be imported: by whose fault, as far as that can be told.

A module that nobody brings is the release's fault where nothing of it can be imported without, and where nothing says
that users have it already: an extra, a framework, a program that loads the module, a build that each user chooses.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, Literal

from packaging.utils import canonicalize_name

from simulator.findings import Finding, Severity
from simulator.rehearsal.distributions import Distribution
from simulator.remedies import Act, remedy

Kind = Literal["wheel", "sdist"]
KINDS: Final[tuple[Kind, ...]] = ("wheel", "sdist")
_MISSING: Final = re.compile(r"No module named '([\w.]+)'")
_BESIDE: Final = (
    "Nothing to do where that is optional, or of another platform. Else name what it needs in `dependencies`."
)
_NOT_IMPORTED: Final = re.compile(r"(?P<kind>error|note): (?P<module>[\w.]+): (?P<why>.+)")
_IMPORTED: Final = re.compile(r"[\w.]+ is imported")
_SITE: Final = re.compile(r"'[^']*/site-packages/")
_FOR_DEVELOPERS: Final = re.compile(
    r"(?:.*-)?(?:build|ci|dev|devel|development|docs?|lint|style|testing|tests?|typing)"
)
_SCRIPTS: Final = frozenset({"console_scripts", "gui_scripts"})
_BY_PROGRAMS: Final = """\
    arcpy bpy c4d clr dbutils FreeCAD gdb ghidra gimpfu hou ida_idaapi idaapi js krita lldb machine maya micropython
    nuke pymel pyodide pyspark qgis sublime sublime_plugin unreal vim"""
_BY_SYSTEMS: Final = "apt apt_pkg dbus gi rclpy ROOT rospy rpm selinux systemd"
_BY_CHOICE: Final = """\
    cupy cv2 jax jaxlib mpi4py mxnet paddle psycopg2 PyQt4 PyQt5 PyQt6 PySide PySide2 PySide6 tensorflow torch wx"""
_BROUGHT: Final = frozenset(f"{_BY_PROGRAMS} {_BY_SYSTEMS} {_BY_CHOICE}".split())
"""Modules that users have from the program or the system that runs the code, or in a build of their choice."""


def not_imported(
    distributions: Sequence[Distribution], logs: Mapping[Kind, Sequence[str]], sources: Collection[str]
) -> Iterator[Finding]:
    """What cannot be imported of what was installed, from the lines of the import of each kind of file.

    `sources` are the names of the top-level packages in the repository. The same of wheel and sdist is said once.
    """
    told: set[tuple[str, str]] = set()
    for kind in (each for each in KINDS if each in logs):
        alone = not any(_IMPORTED.fullmatch(line) for line in logs[kind])
        for match in [match for line in logs[kind] if (match := _NOT_IMPORTED.fullmatch(line))]:
            module, why = match["module"], _SITE.sub("'", match["why"])
            if (module, why) not in told:
                told.add((module, why))
                found = next((each for each in distributions if each.kind == kind), distributions[0])
                yield _finding(found, module, why, own=match["kind"] == "error", alone=alone, sources=sources)


def _finding(
    found: Distribution, module: str, why: str, *, own: bool, alone: bool, sources: Collection[str]
) -> Finding:
    missing = _MISSING.search(why)
    top = missing[1].partition(".")[0] if missing else ""
    own = own or top in sources
    forgotten = not own and alone and why.startswith("ModuleNotFoundError") and _is_forgotten(found, top)
    hint = _hint(why) if own else _BESIDE
    if forgotten:
        hint = (
            f"Name the project that brings {top} in `dependencies`. Where users have it already, name it in an extra, "
            "or accept this."
        )
    return Finding(
        code="import-failed",
        severity=Severity.ERROR if own or forgotten else Severity.NOTICE,
        message=f"{found.project} {found.version} is installed from the {found.kind}, and {module} cannot be imported: "
        + why,
        where="install check",
        hint=hint,
        remedies=(remedy(Act.ACCEPT_FINDING, "import-failed"),) if forgotten else (),
    )


def _is_forgotten(found: Distribution, top: str) -> bool:
    """Whether nothing says that users have a module already, which no requirement of a distribution brings."""
    if not top or top in sys.stdlib_module_names or top.lstrip("_") in sys.stdlib_module_names or top in _BROUGHT:
        return False
    name = canonicalize_name(top)
    extras = found.metadata.get("provides_extra", [])
    frameworks = [each for each in found.metadata.get("classifiers", []) if each.startswith("Framework ::")]
    groups = [group for group in found.entry_points if group not in _SCRIPTS]
    return not (
        name in found.project
        or frameworks
        or any(not _FOR_DEVELOPERS.fullmatch(canonicalize_name(extra)) for extra in extras)
        or any(canonicalize_name(group).startswith(name) for group in groups)
    )


def _hint(why: str) -> str:
    if why.startswith("FileNotFoundError"):
        return "Put the file into the distribution as package data: with setuptools, [tool.setuptools.package-data]."
    if why.startswith("SyntaxError"):
        return "Mend the code, or raise `requires-python` to what it is written for."
    return "Put the module into the distribution: list every package, or let the build backend find them."
