"""A CPython that the machine lacks is fetched by the uv that comes with pysim."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.engines.python_downloads import find_or_fetch
from simulator.engines.pythons import FoundPython, find_pythons
from simulator.engines.recipes import MINOR
from tests.python_archive import offer_download


@pytest.fixture
def lacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FoundPython]:
    """A machine without the CPython of GitHub's runner; the one that it had."""
    had = find_pythons().newest(MINOR)
    if had is None or had.prefix == Path("/usr"):
        pytest.skip(f"needs a CPython {MINOR} that is not the system's own")
    for name in ("RUNNER_TOOL_CACHE", "AGENT_TOOLSDIRECTORY", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "PYENV_ROOT", "XDG_CACHE_HOME", "XDG_DATA_HOME", "PATH"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    find_pythons.cache_clear()
    if find_pythons().newest(MINOR) is not None:
        pytest.skip(f"the system itself has a CPython {MINOR}")
    yield had
    find_pythons.cache_clear()


def test_it_is_fetched_once(lacking: FoundPython, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "download").mkdir()
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS_JSON_URL", str(offer_download(lacking, tmp_path / "download")))
    said: list[str] = []
    found = find_or_fetch(MINOR, said.append)
    assert found is not None
    assert found.version == lacking.version
    assert found.prefix.is_relative_to(tmp_path / "nothing/pysim/uv-python")
    assert not (tmp_path / "nothing/.local").exists()
    assert len(said) == 1
    find_pythons.cache_clear()
    assert find_or_fetch(MINOR, said.append) == found
    assert len(said) == 1


def test_where_it_cannot_be_fetched_there_is_none(lacking: FoundPython, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS_JSON_URL", "/nonexistent/downloads.json")
    said: list[str] = []
    assert find_or_fetch(MINOR, said.append) is None
    assert said[1].startswith(f"uv cannot fetch CPython {MINOR}: ")
