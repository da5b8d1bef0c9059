"""The main job on each CPython that pysim may run on, and as a user who has nothing but the system's own programs."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from simulator import process
from simulator.engines.pythons import FoundPython, find_pythons
from simulator.engines.recipes import MINOR
from tests.python_archive import offer_download
from tests.release.driving import PROJECT

pytestmark = [pytest.mark.local, pytest.mark.network]

OLDEST = 11  # minor version of the oldest CPython that pysim runs on
FOUND = [python for python in find_pythons().found if int(python.minor.partition(".")[2]) >= OLDEST]
OTHERS = [python for python in FOUND if python.prefix != Path(sys.base_prefix).resolve()]
USER = 4242  # nobody's
AS_USER = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can look into, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="pysim-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def install(python: FoundPython, folder: Path) -> Path:
    """pysim in a new environment of a CPython; the command."""
    process.run([python.executable, "-m", "venv", folder])
    process.run([folder / "bin/python", "-m", "pip", "install", "--quiet", PROJECT], timeout=900)
    return folder / "bin/pysim"


def rehearse(command: Sequence[str | Path], root: Path, home: Path, env: Mapping[str, str]) -> str:
    """The verdict on the sample for a user with this home, who has the system's own programs; it must be told."""
    shutil.copytree(PROJECT / "sample_repo", root, ignore=shutil.ignore_patterns(".pysim", "dist"))
    settings = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))}
    variables = {**settings, "HOME": str(home), "PATH": "/usr/bin:/bin", **env}
    for path in (home, root, *root.rglob("*")):
        if command[0] == AS_USER[0]:
            os.chown(path, USER, USER)
    words = [*command, "run", "--json", "--tag", "v0.1.0", "--engine", "local", "-C", str(root)]
    done = process.run(words, env=variables, clean_env=True, cwd=root, check=False, timeout=900)
    assert done.stdout, done.stderr.decode()
    summary = json.loads(done.stdout.decode().splitlines()[-1])
    assert summary["findings"] == []
    return str(summary["verdict"])


@pytest.mark.parametrize("python", OTHERS, ids=lambda python: f"{python.version} of {python.prefix.name}")
def test_on_each_cpython(python: FoundPython, folder: Path) -> None:
    offered = find_pythons().newest(MINOR)
    if offered is None:
        pytest.skip(f"needs a CPython {MINOR}")
    (folder / "home").mkdir()
    command = install(python, folder / "environment")
    env = {"PATH": f"/usr/bin:/bin:{offered.executable.parent}"}
    assert rehearse([command], folder / "sample", folder / "home", env) == "go"


def test_as_a_user_with_no_cpython_of_githubs(folder: Path) -> None:
    if os.geteuid() == 0 and shutil.which(AS_USER[0]) is None:
        pytest.skip("root cannot be another user here")
    as_user = AS_USER if os.geteuid() == 0 else ()
    system = next((python for python in FOUND if python.prefix == Path("/usr")), None)
    offered = find_pythons().newest(MINOR)
    if system is None or offered is None or offered.prefix == Path("/usr"):
        pytest.skip(f"needs a CPython of the system, and a {MINOR} that is not")
    for name in ("download", "home"):
        (folder / name).mkdir()
    listing = str(offer_download(offered, folder / "download"))
    command = [*as_user, install(system, folder / "environment")]
    env = {"UV_PYTHON_DOWNLOADS_JSON_URL": listing}
    assert rehearse(command, folder / "sample", folder / "home", env) == "go"
    if as_user:
        assert list((folder / "home/.cache/pysim/uv-python").glob(f"cpython-{offered.version}-*"))
