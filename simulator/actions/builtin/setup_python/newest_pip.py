"""The newest pip that is at hand in the place of the one that a CPython carries.

GitHub's builds do the same: the template of actions/python-versions ends with `pip install --upgrade`.
"""

from __future__ import annotations

import shutil
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import Version


def renew_pip(packages: Path, python: str) -> None:
    """Replace the pip in a folder of packages by that of this process, where it is newer and one for the CPython."""
    try:
        own = distribution("pip")
    except PackageNotFoundError:
        return
    there = max((Version(each.version) for each in _pips_in(packages)), default=Version("0"))
    supported = SpecifierSet(own.metadata["Requires-Python"] or "")
    if not supported.contains(python, prereleases=True) or Version(own.version) <= there:
        return
    for old in (packages / "pip", *packages.glob("pip-*.dist-info")):
        shutil.rmtree(old, ignore_errors=True)
    for name in sorted({Path(file).parts[0] for file in own.files or ()} - {".."}):
        source = Path(str(own.locate_file(name)))
        shutil.copytree(source, packages / name, ignore=shutil.ignore_patterns("__pycache__"))


def _pips_in(packages: Path) -> list[Distribution]:
    return list(distributions(name="pip", path=[str(packages)]))
