"""setup-python with the interpreter that runs the tests, and with tool caches made by hand."""

from __future__ import annotations

import json
import platform
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from simulator.actions.builtin.setup_python import prefix
from simulator.actions.builtin.setup_python.installations import own_architecture
from simulator.engines.pythons import FoundPython, find_pythons
from simulator.rehearsal.explanations import STEPS, explain, hint_for
from tests.actions.driving import Driver
from tests.actions.own_python import EXECUTABLE, MINOR, SETUP, offer_own_python
from tests.actions.wheels import write_wheel
from tests.python_archive import offer_download

RECENT = [python for python in find_pythons().found if int(python.minor.partition(".")[2]) >= 8]  # GitHub has no older


def cache(driver: Driver, *versions: str) -> None:
    """A tool cache with these versions, complete as setup-python sees it."""
    for version in versions:
        folder = driver.tools / "Python" / version / own_architecture()
        (folder / "bin").mkdir(parents=True)
        folder.with_name(f"{own_architecture()}.complete").touch()


@pytest.fixture
def cached(driver: Driver) -> Driver:
    cache(driver, "3.10.13", "3.12.1", "3.12.4", "3.13.0")
    incomplete = driver.tools / "Python" / "3.12.9" / own_architecture()
    incomplete.mkdir(parents=True)
    return driver


def run_python_of(folder: Path, *words: str) -> str:
    """What an installation's Python says."""
    return subprocess.run([folder / "bin/python", *words], capture_output=True, text=True, check=True).stdout.strip()


def run_python(driver: Driver, *words: str) -> str:
    """A command of a later step: `python` by PATH."""
    python = str(driver.tools / "Python" / platform.python_version() / own_architecture() / "bin")
    done = subprocess.run(
        [f"{python}/{words[0]}", *words[1:]], env={"PATH": python}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_python_of_the_machine_is_set_up_with_its_pip(driver: Driver) -> None:
    offer_own_python(driver)
    done = driver.run(SETUP, {"python-version": MINOR})
    assert done.code == 0, done.log
    folder = driver.tools / "Python" / platform.python_version() / own_architecture()
    assert done.outputs == {"python-version": platform.python_version(), "python-path": f"{folder}/bin/python"}
    assert done.variables == {
        "pythonLocation": str(folder),
        "PKG_CONFIG_PATH": f"{folder}/lib/pkgconfig",
        "Python_ROOT_DIR": str(folder),
        "Python2_ROOT_DIR": str(folder),
        "Python3_ROOT_DIR": str(folder),
        "LD_LIBRARY_PATH": f"{folder}/lib",
    }
    assert done.paths == [str(folder), f"{folder}/bin"]
    assert f"Successfully set up CPython ({platform.python_version()})" in done.lines
    for program in ("python", "python3", f"python{MINOR}"):
        asked = "import site, sys; print(sys.prefix, sys.base_prefix, site.getsitepackages()[0])"
        prefix, base, packages = run_python(driver, program, "-c", asked).split()
        assert prefix == base == str(folder)
        assert Path(packages).resolve() == folder / f"lib/python{MINOR}/site-packages"
    for program in ("pip", "pip3", f"pip{MINOR}"):
        assert run_python(driver, program, "--version").startswith(f"pip {metadata.version('pip')} from {folder}")
    assert "pip" in run_python(driver, "pip", "list", "--disable-pip-version-check")


@pytest.mark.parametrize("python", RECENT, ids=lambda python: str(python.executable.parent))
def test_every_cpython_is_set_up_as_an_installation(python: FoundPython, tmp_path: Path) -> None:
    folder = tmp_path / "x64"
    assert prefix.set_up(python.executable, folder)
    write_wheel(tmp_path, "greeter", "1.0", {"greeter-1.0.data/scripts/greet": "#!python\nprint('hello')\n"})
    environment = {"HOME": str(tmp_path / "home"), "PATH": f"{folder}/bin:{tmp_path}/home/.local/bin:/usr/bin:/bin"}

    def run(*words: str) -> str:
        done = subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    facts = (
        "import ctypes, os, ssl, sys, sysconfig; print(sys.prefix, sys.base_prefix, os.path.realpath(sys.executable))"
    )
    assert run("python", "-c", facts).split() == [str(folder), str(folder), f"{folder}/bin/python{python.minor}"]
    install = ("pip", "install", "--no-index", "--no-warn-script-location", "greeter-1.0-py3-none-any.whl")
    run(*install, "--user")
    assert run("greet") == "hello"
    assert (tmp_path / "home/.local/bin/greet").is_file()
    run("pip", "uninstall", "-y", "greeter")
    run(*install)
    assert (folder / "bin/greet").is_file()
    run("python", "-m", "venv", "--without-pip", "environment")
    assert run("environment/bin/python", "-c", "import sys; print(sys.base_prefix)") == str(folder)


def test_a_second_step_finds_it_in_the_tool_cache(driver: Driver) -> None:
    offer_own_python(driver)
    driver.run(SETUP, {"python-version": MINOR})
    again = driver.run(SETUP, {"python-version": f"{MINOR}.x"}, env={"LD_LIBRARY_PATH": "/opt/lib"})
    assert again.code == 0
    assert not any("was not found in the local cache" in line for line in again.lines)
    assert again.variables["LD_LIBRARY_PATH"].endswith("/lib:/opt/lib")


@pytest.mark.parametrize(
    ("inputs", "version"),
    [
        ({"python-version": "3.12"}, "3.12.4"),
        ({"python-version": "3.x"}, "3.13.0"),
        ({"python-version": "3.10 - 3.12"}, "3.12.4"),
        ({"python-version": "3.10\n3.12"}, "3.12.4"),
        ({"python-version-file": "version.txt"}, "3.10.13"),
        ({"python-version-file": ".tool-versions"}, "3.12.1"),
        ({"python-version-file": "pyproject.toml"}, "3.12.4"),
        ({"python-version-file": "poetry/pyproject.toml"}, "3.12.4"),
        ({"python-version-file": "Pipfile"}, "3.13.0"),
        ({}, "3.12.1"),
    ],
)
def test_which_version_is_meant(cached: Driver, inputs: dict[str, str], version: str) -> None:
    files = {
        "version.txt": "# ours\n\n3.10\n",
        ".tool-versions": "nodejs 20\npython 3.12.1\n",
        ".python-version": "3.12.1/envs/x\n",
        "pyproject.toml": '[project]\nrequires-python = ">=3.9,<3.13"\n',
        "poetry/pyproject.toml": '[tool.poetry.dependencies]\npython = "~3.12"\n',
        "Pipfile": '[requires]\npython_version = "3.13"\n',
    }
    for name, text in files.items():
        (cached.workspace / name).parent.mkdir(exist_ok=True)
        (cached.workspace / name).write_text(text)
    done = cached.run(SETUP, inputs)
    assert done.code == 0, done.log
    assert done.outputs["python-version"] == version


def test_several_versions_the_last_one_wins(cached: Driver) -> None:
    done = cached.run(SETUP, {"python-version": "3.10\n3.13"})
    folders = [f"{cached.tools}/Python/{version}/{own_architecture()}" for version in ("3.10.13", "3.13.0")]
    assert done.paths == [path for folder in folders for path in (folder, f"{folder}/bin")]
    assert done.variables["pythonLocation"] == folders[1]


def test_the_environment_is_left_alone_when_asked(cached: Driver) -> None:
    done = cached.run(SETUP, {"python-version": "3.12", "update-environment": "false"})
    assert (done.variables, done.paths) == ({}, [])
    assert done.outputs["python-version"] == "3.12.4"


def test_a_version_that_is_nowhere_is_an_error_that_lists_what_is_there(cached: Driver) -> None:
    offer_own_python(cached)
    done = cached.run(SETUP, {"python-version": "3.99"}, env={"PATH": "/nowhere"})
    assert done.code == 1
    [error] = done.said("error")
    first, second, third = error.splitlines()
    assert first.startswith(f"The version '3.99' with architecture '{own_architecture()}' was not found for ")
    assert second.startswith("The list of all available versions can be found here: https://raw.github")
    assert all(found in third for found in ("3.10.13", "3.12.4", f"{platform.python_version()} ({EXECUTABLE})"))
    assert done.outputs == {}


def test_a_version_that_github_has_is_fetched_by_uv(driver: Driver, tmp_path: Path) -> None:
    python = find_pythons().newest("3.12")
    if python is None or python.prefix == Path("/usr"):
        pytest.skip("needs a CPython 3.12 that is not the system's own")
    (tmp_path / "download").mkdir()
    listing = str(offer_download(python, tmp_path / "download"))
    done = driver.run(SETUP, {"python-version": "3.12"}, env={"UV_PYTHON_DOWNLOADS_JSON_URL": listing})
    assert done.code == 0, done.log
    folder = driver.tools / "Python" / python.version / own_architecture()
    assert run_python_of(folder, "-c", "import sys; print(sys.prefix, sys.base_prefix)").split() == [str(folder)] * 2


def test_a_version_that_github_has_and_this_machine_cannot_have(driver: Driver) -> None:
    done = driver.run(SETUP, {"python-version": "3.14"}, env={"UV_PYTHON_DOWNLOADS_JSON_URL": "/nonexistent"})
    [error] = done.said("error")
    assert "GitHub has CPython 3.14." in error
    assert (found := explain(STEPS, error)) is not None
    assert (found.code, hint_for(found, error)[-23:]) == ("python-not-available", "uv python install 3.14.")


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ({"python-version": "pypy3.10"}, "pysim has no pypy3.10"),
        ({"python-version-file": "none.txt"}, "The specified python version file at: none.txt doesn't exist."),
        ({"python-version": "3.12", "check-latest": "yes"}, "Input does not meet YAML 1.2"),
        ({"python-version": "3.12", "architecture": "riscv"}, "The version '3.12' with architecture 'riscv' was not"),
        ({"python-version": "3.12", "pip-version": "latest"}, 'Invalid pip-version "latest".'),
    ],
)
def test_what_is_refused(cached: Driver, inputs: dict[str, str], error: str) -> None:
    done = cached.run(SETUP, inputs)
    assert done.code == 1
    assert done.said("error")[0].startswith(error)


def test_what_is_warned_of(cached: Driver) -> None:
    done = cached.run(SETUP, {"python-version": "3.12", "python-version-file": "x", "cache": "pip"})
    assert done.code == 0
    assert [text.partition(",")[0] for text in done.said("warning")] == [
        "Both python-version and python-version-file inputs are specified",
        "The runner was not able to contact the cache service. Caching will be skipped",
    ]
    nothing = cached.run(SETUP)
    assert nothing.code == 0
    assert nothing.said("warning")[0].startswith("The `python-version` input is not set.")
    late = cached.run("actions/setup-python@v7", {"python-version": "3.12", "pip-install": "x"})
    assert late.said("warning") == ["Unexpected input(s) 'pip-install': it is one of v6 alone"]


def test_its_problem_matcher_is_registered(cached: Driver) -> None:
    [matcher] = cached.run(SETUP, {"python-version": "3.12"}).said("add-matcher")
    assert json.loads(Path(matcher).read_text())["problemMatcher"][0]["owner"] == "python"
