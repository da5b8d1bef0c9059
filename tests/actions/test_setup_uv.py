"""setup-uv with a folder of small wheels as its package index, and in real sandboxes with a real uv."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from simulator.actions.builtin.setup_uv.releases import architecture, pick
from simulator.actions.builtin.setup_uv.version_files import required_version
from simulator.engines.base import LAYOUT, Engine
from simulator.twins.base import Publisher
from tests.actions.driving import Driver, JobDriver, Outcome
from tests.actions.own_python import offer_own_python
from tests.actions.sandboxed import job
from tests.actions.wheels import write_wheel
from tests.twins.distributions import write_dists
from tests.twins.driving import REPOSITORY, Rig

SETUP = "astral-sh/setup-uv@v7"
SCRIPT = """#!/bin/sh
case "$1" in
  --version) echo "uv {version}" ;;
  venv) mkdir -p "$2/bin"; echo "made $*" ;;
  python) echo {python} ;;
esac
"""


def wheel(folder: Path, version: str) -> None:
    """A uv that says its version, and little more."""
    script = SCRIPT.format(version=version, python=sys.executable)
    scripts = f"uv-{version}.data/scripts"
    write_wheel(folder, "uv", version, {f"{scripts}/uv": script, f"{scripts}/uvx": script})


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index")
    for version in ("0.4.1", "0.4.30", "0.5.0", "0.5.9", "0.6.0rc1"):
        wheel(folder, version)
    return folder


def run(
    driver: Driver,
    index: Path,
    inputs: Mapping[str, str] | None = None,
    *,
    uses: str = SETUP,
    env: Mapping[str, str] | None = None,
) -> Outcome:
    settings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index), "PIP_CONFIG_FILE": os.devnull, **(env or {})}
    return driver.run(uses, {"working-directory": str(driver.workspace), **(inputs or {})}, settings)


VERSIONS = ("0.5.9", "0.5.0", "0.4.30", "0.4.1")


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        ("latest", "0.5.9"),
        ("0.4", "0.4.30"),
        ("0.4.x", "0.4.30"),
        (">=0.4.0,<0.5", "0.4.30"),
        ("~=0.5.0", "0.5.9"),
        (">=0.4", "0.5.9"),
        ("<0.5", "0.4.30"),
        (">=9", None),
        ("nonsense", None),
    ],
)
def test_ranges(wanted: str, version: str | None) -> None:
    assert pick(wanted, VERSIONS, lowest=False) == version


def test_the_lowest_of_a_range() -> None:
    assert pick(">=0.4.2", VERSIONS, lowest=True) == "0.4.30"


FILES = {
    "pyproject.toml": '[project]\nname = "a"\n[dependency-groups]\ndev = ["uv~=0.4.1 ; python_version > \'3\'"]\n',
    "own/pyproject.toml": '[tool.uv]\nrequired-version = ">=0.5"\n',
    "uv.toml": 'required-version = "==0.4.1"\n',
    ".tool-versions": "python 3.12\nuv v0.5.0 # ours\n",
    "requirements.txt": "requests\nuv>=0.4,<0.5\n",
    "uv.lock": '[[package]]\nname = "uv"\nversion = "0.4.1"\n',
    "broken/uv.toml": "required-version = ",
    "other.cfg": "uv==1",
}


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("pyproject.toml", "~=0.4.1"),
        ("own/pyproject.toml", ">=0.5"),
        ("uv.toml", "0.4.1"),
        (".tool-versions", "0.5.0"),
        ("requirements.txt", ">=0.4,<0.5"),
        ("uv.lock", "0.4.1"),
        ("broken/uv.toml", None),
        ("other.cfg", None),
        ("absent/uv.toml", None),
    ],
)
def test_files(tmp_path: Path, file: str, wanted: str | None) -> None:
    if file in FILES:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(FILES[file])
    assert required_version(tmp_path / file) == wanted


def test_the_project_says_which_version(driver: Driver, index: Path) -> None:
    (driver.workspace / "pyproject.toml").write_text(FILES["pyproject.toml"])
    done = run(driver, index)
    assert done.code == 0, done.log
    assert done.outputs["uv-version"] == "0.4.30"
    assert done.outputs["uv-path"] == str(driver.tools / "uv" / "0.4.30" / architecture() / "uv")
    again = run(driver, index, {"version-file": "pyproject.toml"})
    assert "Found uv in tool-cache for 0.4.30" in again.lines


def test_what_later_steps_get(driver: Driver, index: Path) -> None:
    (driver.workspace / "a").touch()
    inputs = {"version": "0.5.9", "python-version": "3.12", "activate-environment": "true", "tool-dir": "~/tools"}
    done = run(driver, index, {**inputs, "tool-bin-dir": "bin"})
    assert done.code == 0, done.log
    folder, home = driver.tools / "uv" / "0.5.9" / architecture(), driver.root / "home"
    pythons, environment = driver.temp / "uv-python-dir", driver.workspace / ".venv"
    assert done.variables == {
        "UV_TOOL_BIN_DIR": f"{driver.workspace}/bin",
        "UV_TOOL_DIR": f"{home}/tools",
        "UV_PYTHON_INSTALL_DIR": str(pythons),
        "UV_PYTHON": "3.12",
        "VIRTUAL_ENV": str(environment),
        "UV_CACHE_DIR": f"{driver.temp}/setup-uv-cache",
    }
    assert done.paths == [f"{driver.workspace}/bin", str(folder), str(pythons), f"{environment}/bin"]
    assert done.outputs["venv"] == str(environment)
    assert done.outputs["python-version"] == "3.12"
    assert f"made venv {environment} --directory {driver.workspace} --clear" in done.lines
    assert done.said("warning") == []
    [matcher] = done.said("add-matcher")
    assert json.loads(Path(matcher).read_text())["problemMatcher"][0]["owner"] == "python"
    again = run(driver, index, {"version": "0.5.9", "add-problem-matchers": "false", "quiet": "true"})
    assert (again.lines, again.outputs["python-version"]) == ([], platform.python_version())


@pytest.mark.parametrize(
    ("major", "env", "exported"),
    [
        ("v3", {}, {"UV_CACHE_DIR"}),
        ("v5", {}, {"UV_CACHE_DIR", "UV_PYTHON", "VIRTUAL_ENV"}),
        ("v6", {}, {"UV_CACHE_DIR", "UV_PYTHON"}),
        ("v7", {}, {"UV_CACHE_DIR", "UV_PYTHON", "UV_PYTHON_INSTALL_DIR"}),
        ("v10.0.1", {}, {"UV_CACHE_DIR", "UV_PYTHON", "UV_PYTHON_INSTALL_DIR"}),
        ("v10.0.1", {"GITHUB_REF": "refs/tags/v1"}, {"UV_PYTHON", "UV_PYTHON_INSTALL_DIR"}),
    ],
)
def test_major_versions_differ(
    driver: Driver, index: Path, major: str, env: dict[str, str], exported: set[str]
) -> None:
    inputs = {"version": "0.5.9", **({"python-version": "3.12"} if major != "v3" else {})}
    done = run(driver, index, inputs, uses=f"astral-sh/setup-uv@{major}", env=env)
    assert done.code == 0, done.log
    assert done.variables.keys() == exported
    assert [text.partition(".")[0] for text in done.said("warning")] == ["Empty workdir detected"]


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ({"version": "0.3.0"}, "Could not find artifact for version 0.3.0, arch "),
        ({"version": ">=9"}, "No version found for >=9"),
        ({"version": "nonsense"}, "No version found for nonsense"),
        ({"version-file": "none.toml"}, "Could not determine uv version from file: "),
        ({"resolution-strategy": "middle"}, "Invalid resolution-strategy: middle. Must be 'highest' or 'lowest'."),
        ({"manifest-file": "https://a.example/x"}, "pysim does not model manifest-file"),
    ],
)
def test_what_is_refused(driver: Driver, index: Path, inputs: dict[str, str], error: str) -> None:
    done = run(driver, index, inputs)
    assert done.code == 1
    assert done.said("error")[-1].startswith(error)
    assert done.outputs == {}


def test_without_an_index_pysims_own_uv_is_taken(driver: Driver, tmp_path: Path) -> None:
    own = Path(sys.executable).parent / "uv"
    if not own.exists():
        pytest.skip("no uv beside this Python")
    done = run(driver, tmp_path)
    assert done.code == 0, done.log
    assert "pysim takes its own" in done.said("warning")[1]
    assert Path(done.outputs["uv-path"]).stat().st_size == own.stat().st_size


def test_a_python_of_the_machine_is_shown_to_uv(driver: Driver, index: Path) -> None:
    uv = shutil.which("uv", path=Path(sys.executable).parent)
    if uv is None:
        pytest.skip("no uv beside this Python")
    offer_own_python(driver)
    version = platform.python_version()
    done = run(driver, index, {"version": "0.5.9", "python-version": version})
    assert done.code == 0, done.log
    shown = Path(done.variables["UV_PYTHON_INSTALL_DIR"]) / f"cpython-{version}-linux-{architecture()}-gnu"
    minor = ".".join(version.split(".")[:2])
    assert not any(
        path.is_symlink() for path in (shown, shown / "lib", shown / "lib" / f"python{minor}", shown / "bin")
    )
    assert (shown / "lib" / f"python{minor}" / "os.py").is_file()


@pytest.mark.clients
def test_its_cache_comes_back_in_the_next_job(in_job: JobDriver, index: Path) -> None:
    inputs = {"version": "0.5.9", "python-version": "3.12", "enable-cache": "true", "cache-suffix": "a b"}
    ref = {"GITHUB_REF": "refs/tags/v0.1.0"}
    build = in_job("build")
    (build.workspace / "uv.lock").write_text("")
    done = run(build, index, inputs, env=ref)
    assert done.code == 0, done.log
    assert (done.outputs["cache-hit"], done.outputs["python-cache-hit"]) == ("false", "false")
    key = done.outputs["cache-key"]
    assert key.startswith(f"setup-uv-2-{architecture()}-unknown-linux-gnu-")
    assert key.endswith("-a%20b")
    given = {"working-directory": str(build.workspace), **inputs}
    empty = build.run(SETUP, given, ref, script="post.py", state=done.state)
    assert empty.code == 1
    assert "does not exist on disk. This likely indicates" in empty.said("error")[0]
    folder = Path(done.variables["UV_CACHE_DIR"])
    folder.mkdir()
    (folder / "a").write_text("kept")
    saved = build.run(SETUP, {**given, "prune-cache": "false"}, ref, script="post.py", state=done.state)
    assert saved.code == 0, saved.log
    assert f"uv cache saved with key: {key}" in saved.lines

    (folder / "a").unlink()
    again = run(build, index, inputs, env=ref)
    assert again.outputs["cache-hit"] == "true"
    assert (folder / "a").read_text() == "kept"
    kept = build.run(SETUP, given, ref, script="post.py", state=again.state)
    assert f"Cache hit occurred on key {key}, not saving cache." in kept.lines
    (build.workspace / "uv.lock").write_text("changed")
    other = run(build, index, {**inputs, "restore-cache": "false"}, env=ref)
    assert other.outputs["cache-key"] != key


def test_uv_publishes_from_a_sandbox(engine: Engine, rig: Rig, tmp_path: Path) -> None:
    rig.twins.assume(
        Publisher(index="pypi", project="demo", repository=REPOSITORY, workflow="pypi.yml", environment="pypi")
    )
    built = write_dists(tmp_path / "dist")
    with job(engine, rig, "publish", id_token=True) as publish:
        publish.sandbox.copy_in(tmp_path / "dist", LAYOUT.work / "demo/demo/dist")
        setup = publish.run("astral-sh/setup-uv@v7", {"working-directory": str(LAYOUT.work / "demo/demo")})
        assert setup.code == 0, setup.log
        done = publish.command(["uv", "publish", "--trusted-publishing", "always"])
        assert done.code == 0, done.log
    assert "Publishing 2 files to" in done.log
    assert "Failed to invalidate" not in done.log
    assert [file.path.read_bytes() for file in rig.twins.published()] == [path.read_bytes() for path in built]
