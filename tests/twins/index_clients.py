"""The real clients of a package index as a person calls them in a job: what publishes and what installs.

Each is told nothing of the twins but the certificate authority: it finds the indexes under their own names.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from simulator.indexes import IndexName, indexes

from .driving import Job

Done = subprocess.CompletedProcess[str]
Publish = Callable[..., Done]
Install = Callable[..., Done]


def said(done: Done) -> str:
    """All that a client printed, without the places where it broke lines to fit a terminal."""
    return " ".join((done.stdout + done.stderr).split())


def beside(name: str) -> str:
    """A program that is installed beside this Python, as those of the development group are."""
    found = shutil.which(name, path=Path(sys.executable).parent)
    if found is None:
        pytest.skip(f"{name} is not installed beside this Python")
    return found


# ---- what publishes


def twine(job: Job, files: Sequence[Path], *words: str, index: IndexName = "pypi", token: str | None = None) -> Done:
    """twine, which exchanges an ID token itself where it has no other."""
    # twine knows no other way to its index than the real name, and the `id` package knows no proxy.
    known = ["-u", "__token__", "-p", token] if token else []
    url = ["--repository-url", indexes()[index].upload_url]
    command = [sys.executable, "-m", "twine", "upload", "--disable-progress-bar", "--non-interactive", *url]
    env = {**job.resolver_env, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "COLUMNS": "400"}
    return job.run(*command, *known, *words, *files, env=env)


def uv_publish(
    job: Job, files: Sequence[Path], *words: str, index: IndexName = "pypi", token: str | None = None
) -> Done:
    """uv, told to use trusted publishing where it gets no token."""
    known = ["--token", token] if token else ["--trusted-publishing", "always"]
    url = [] if index == "pypi" else ["--publish-url", indexes()[index].upload_url]
    return job.run(beside("uv"), "publish", "--no-config", *url, *known, *words, *files, env=_uv())


PUBLISHING: Mapping[str, Publish] = {"twine": twine, "uv": uv_publish}


# ---- what installs


def pip(job: Job, *words: str, index: IndexName = "pypi") -> Done:
    """pip, with no configuration and no cache."""
    env = {
        "PIP_INDEX_URL": indexes()[index].simple_url,
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_CACHE_DIR": "1",
    }
    return job.run(sys.executable, "-m", "pip", *words, env=env)


def uv_pip(job: Job, *words: str, index: IndexName = "pypi") -> Done:
    """uv in the place of pip."""
    url = ["--default-index", indexes()[index].simple_url]
    command, *rest = words
    return job.run(beside("uv"), "pip", command, "--no-config", "--python", sys.executable, *url, *rest, env=_uv())


def pipx(job: Job, *words: str, shared: Path, index: IndexName = "pypi") -> Done:
    """pipx with a home of its own, and a virtual environment `shared` in which it keeps pip."""
    command, *rest = words
    url = ["--index-url", indexes()[index].simple_url]
    env = {
        "PIPX_HOME": str(job.folder / "pipx"),
        "PIPX_BIN_DIR": str(job.folder / "bin"),
        "PIPX_SHARED_LIBS": str(shared),
        "PIPX_DISABLE_SHARED_LIBS_AUTO_UPGRADE": "1",  # no newer pip is on an index of these tests
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_CACHE_DIR": "1",
    }
    return job.run(sys.executable, "-m", "pipx", command, "--backend", "pip", *url, *rest, env=env)


def _uv() -> Mapping[str, str]:
    return {"UV_NO_CACHE": "1", "UV_PYTHON_DOWNLOADS": "never", "NO_COLOR": "1", "UV_NO_PROGRESS": "1"}
