"""The cache of setup-python, against the real cache twin."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path

import pytest

from simulator.actions.builtin.setup_python.installations import own_architecture
from tests.actions.driving import Driver, JobDriver, Outcome
from tests.actions.own_python import MINOR, SETUP, offer_own_python

pytestmark = pytest.mark.clients


@pytest.fixture
def build(in_job: JobDriver) -> Driver:
    driver = in_job("build")
    offer_own_python(driver)
    return driver


def setup(build: Driver, cache: str, **inputs: str) -> Outcome:
    return build.run(
        SETUP, {"python-version": MINOR, "cache": cache, **{k.replace("_", "-"): v for k, v in inputs.items()}}
    )


def post(build: Driver, began: Outcome, cache: str) -> Outcome:
    return build.run(SETUP, {"cache": cache}, script="post.py", state=began.state)


def test_what_pip_fetched_is_there_again(build: Driver) -> None:
    (build.workspace / "sub").mkdir()
    (build.workspace / "sub/requirements.txt").write_text("nothing\n")
    first = setup(build, "pip")
    assert first.code == 0, first.log
    assert first.outputs["cache-hit"] == "false"
    assert "pip cache is not found" in first.lines
    digest = hashlib.sha256(hashlib.sha256(b"nothing\n").digest()).hexdigest()
    key = first.state["cache-primary-key"]
    assert key.startswith(f"setup-python-Linux-{own_architecture()}-")
    assert key.endswith(f"-python-{platform.python_version()}-pip-{digest}")
    folder = Path(build.base["HOME"], ".cache/pip")
    assert first.state["cache-paths"] == f'["{folder}"]'

    empty = post(build, first, "pip")
    assert "doesn't exist on disk" in empty.said("warning")[0]
    (folder / "http").mkdir(parents=True)
    (folder / "http/a").write_text("fetched")
    assert post(build, first, "pip").lines[-1] == f"Cache saved with the key: {key}"

    (folder / "http/a").unlink()
    again = setup(build, "pip")
    assert (again.outputs["cache-hit"], f"Cache restored from key: {key}" in again.lines) == ("true", True), again.log
    assert (folder / "http/a").read_text() == "fetched"
    assert post(build, again, "pip").lines == [f"Cache hit occurred on the primary key {key}, not saving cache."]

    (build.workspace / "sub/requirements.txt").write_text("other\n")
    near = setup(build, "pip")
    assert (near.outputs["cache-hit"], near.state["cache-matched-key"]) == ("false", key)


def test_pyproject_decides_where_there_are_no_requirements(build: Driver) -> None:
    (build.workspace / "pyproject.toml").write_text("[project]\n")
    assert setup(build, "pip").code == 0


@pytest.mark.parametrize(
    ("cache", "inputs", "said"),
    [
        ("pip", {}, "matched to [**/requirements.txt or **/pyproject.toml], make sure you have checked out the target"),
        ("pip", {"cache_dependency_path": "a.txt\nb.txt"}, "matched to [a.txt,b.txt or **/pyproject.toml], make sure"),
        ("poetry", {}, "matched to [**/poetry.lock], make sure you have checked out the target repository"),
        ("conda", {}, "Caching for 'conda' is not supported"),
    ],
)
def test_a_key_needs_a_file(build: Driver, cache: str, inputs: dict[str, str], said: str) -> None:
    done = setup(build, cache, **inputs)
    assert done.code == 1
    assert said in done.said("error")[0]


def test_pipenv(build: Driver) -> None:
    (build.workspace / "Pipfile.lock").write_text("{}")
    began = setup(build, "pipenv")
    assert began.state["cache-paths"] == f'["{build.base["HOME"]}/.local/share/virtualenvs"]'
    version = platform.python_version()
    assert began.state["cache-primary-key"].startswith(
        f"setup-python-Linux-{own_architecture()}-python-{version}-pipenv-"
    )


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        ('cache-dir = "/c"\nvirtualenvs.in-project = null\nvirtualenvs.path = "{cache-dir}/v"  # /c/v', "/c/v"),
        ('cache-dir = "/c"\nvirtualenvs.in-project = true', "WORKSPACE/.venv"),
    ],
)
def test_poetry(build: Driver, tmp_path: Path, settings: str, folder: str) -> None:
    program = tmp_path / "bin/poetry"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{settings}\nEND\n")
    program.chmod(0o755)
    (build.workspace / "poetry.lock").write_text("")
    build.base = {**build.base, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    began = setup(build, "poetry")
    assert began.state["cache-paths"] == f'["{folder.replace("WORKSPACE", str(build.workspace))}"]', began.log
    assert "-poetry-v2-" in began.state["cache-primary-key"]
