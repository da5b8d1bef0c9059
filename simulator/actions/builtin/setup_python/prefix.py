"""Sets a CPython up in a folder as if it had been built for it: `prefix.py EXECUTABLE FOLDER [PLACE]`.

The standard library is links to the CPython's own, and what pip changes is the folder's own: an installation and no
virtual environment, so that `pip install --user` works as with a build of actions/python-versions. PLACE is where the
folder will lie. Standard library only: images are made with this file alone.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

# Where ensurepip's wheels are: in its package, unless a distribution keeps them elsewhere.
PROBE = """
import ensurepip, glob, json, os, sys, sysconfig
bundled = os.path.join(os.path.dirname(ensurepip.__file__), "_bundled")
folders = filter(None, (sysconfig.get_config_var("WHEEL_PKG_DIR"), bundled))
names = ("pip-*.whl", "setuptools-*.whl")
wheels = ([path for name in names for path in glob.glob(os.path.join(folder, name))] for folder in folders)
print(json.dumps({
    "prefix": os.path.realpath(sys.base_prefix),
    "minor": "%d.%d" % sys.version_info[:2],
    "wheels": next(filter(None, wheels), []),
}))
"""
PIP = """#!{python}
import sys

from pip._internal.cli.main import main

sys.exit(main())
"""
# A distribution's mark that its packages are not pip's to change is not for a copy, nor are the packages.
LEFT_OUT = frozenset({"EXTERNALLY-MANAGED", "site-packages", "dist-packages"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Original:
    """A CPython that is set up elsewhere: its real executable and prefix, `3.12`, and the wheels of its pip."""

    executable: Path
    prefix: Path
    minor: str
    wheels: tuple[Path, ...]

    @property
    def name(self) -> str:
        return f"python{self.minor}"


def probe(executable: Path) -> Original:
    """Ask a CPython. Raises CalledProcessError."""
    real = executable.resolve()
    done = subprocess.run([real, "-I", "-c", PROBE], check=True, stdout=subprocess.PIPE, text=True)
    facts = json.loads(done.stdout)
    wheels = tuple(map(Path, facts["wheels"]))
    return Original(executable=real, prefix=Path(facts["prefix"]), minor=facts["minor"], wheels=wheels)


def set_up(executable: Path, folder: Path, place: Path | None = None) -> bool:
    """Fill a new folder; whether there is a pip in it. Raises CalledProcessError and OSError."""
    original = probe(executable)
    _add_programs(original, folder / "bin")
    for library in ("lib", "lib64"):  # one is a link to the other, or Fedora has both
        if (original.prefix / library / original.name).is_dir() and not (original.prefix / library).is_symlink():
            _add_library(original, original.prefix / library, folder / library)
    headers = original.prefix / "include" / original.name
    if headers.is_dir():
        _link_entries(headers, folder / "include" / original.name)
    if original.prefix == Path("/usr"):
        # Debian's and Fedora's install below `local` of the prefix, and Debian's look in dist-packages alone.
        (folder / "local").symlink_to(".")
        (folder / "lib" / original.name / "dist-packages").symlink_to("site-packages")
    return _add_pip(original, folder, place or folder)


def _add_programs(original: Original, programs: Path) -> None:
    """The interpreter is a copy: it looks for its library around the real place of its file."""
    programs.mkdir(parents=True)
    shutil.copy2(original.executable, programs / original.name)
    for name in ("python3", "python"):
        (programs / name).symlink_to(original.name)
    for name in (f"{original.name}-config", "python3-config"):
        if (original.prefix / "bin" / name).exists():
            (programs / name).symlink_to(original.prefix / "bin" / name)


def _add_library(original: Original, source: Path, target: Path) -> None:
    _link_entries(source / original.name, target / original.name)
    (target / original.name / "site-packages").mkdir()
    for path in (*source.glob("libpython3*.so*"), *source.glob("pkgconfig")):
        (target / path.name).symlink_to(path)


def _link_entries(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.name not in LEFT_OUT:
            (target / path.name).symlink_to(path)


def _add_pip(original: Original, folder: Path, place: Path) -> bool:
    """Unpack the wheels that ensurepip carries: what it would do itself, some seconds faster."""
    packages = folder / "lib" / original.name / "site-packages"
    for wheel in original.wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
    if not (packages / "pip").is_dir():
        return False
    major = original.minor.partition(".")[0]
    for name in ("pip", f"pip{major}", f"pip{original.minor}"):
        script = folder / "bin" / name
        script.write_text(PIP.format(python=place / "bin" / "python"), encoding="utf-8")
        script.chmod(0o755)
    return True


if __name__ == "__main__":
    set_up(Path(sys.argv[1]), *map(Path, sys.argv[2:]))
