"""What an index would refuse is told without a server, by the checks that refuse uploads."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.twins.pypi.baseline import changing
from simulator.twins.pypi.catalogue import Release
from simulator.twins.pypi.foresight import foresee, yanked
from tests.rehearsal.built.making import USUAL, built
from tests.twins import bombs

WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"


def made(folder: Path, name: str, *, headers: str = USUAL, text: str = "") -> Path:
    path = folder / name
    path.write_bytes(built(name, {"demo/__init__.py": text}, headers=headers))
    return path


def said(*paths: Path, baseline: Path) -> list[tuple[str, int | None, str]]:
    return [(found.filename, found.status, found.message) for found in foresee(paths, baseline=baseline)]


def test_good_files_are_taken_and_nothing_is_kept(tmp_path: Path) -> None:
    files = [made(tmp_path, SDIST), made(tmp_path, WHEEL)]
    baseline = tmp_path / "index"
    assert said(*files, baseline=baseline) == []
    assert not baseline.exists()
    assert said(*files, baseline=baseline) == []


def test_each_file_is_refused_in_the_words_of_the_index(tmp_path: Path) -> None:
    headers = f"{USUAL}\nClassifier: Foo :: Bar\nKeywords: one,two\nProject-URL: Docs, https://example.org"
    files = [made(tmp_path, name, headers=headers) for name in (SDIST, WHEEL)]
    found = said(*files, baseline=tmp_path / "index")
    assert [(name, status) for name, status, _ in found] == [(WHEEL, 400), (SDIST, 400)]
    assert all(message.startswith("'Foo :: Bar' is not a valid classifier.") for _, _, message in found)


def test_what_twine_does_not_read(tmp_path: Path) -> None:
    found = said(made(tmp_path, WHEEL, headers="Requires-Python: three"), baseline=tmp_path / "index")
    ((name, status, message),) = found
    assert (name, status) == (WHEEL, None)
    assert "three" in message


TOO_MUCH = "Invalid distribution file. File exceeds compression ratio of 50"


@pytest.mark.parametrize(
    ("name", "content", "status", "message"),
    [
        (SDIST, bombs.pax_header, 400, TOO_MUCH),
        (SDIST, bombs.long_name, 400, TOO_MUCH),
        (WHEEL, bombs.zip_metadata, 400, TOO_MUCH),
        (WHEEL, bombs.zip_directory, 400, TOO_MUCH),
        (WHEEL, lambda: b"PK", None, f"{WHEEL} cannot be read: File is not a zip file"),
        (SDIST, lambda: b"PK", None, f"{SDIST} cannot be read: Not a gzipped file (b'PK')"),
    ],
)
def test_what_twine_would_read_without_end(
    tmp_path: Path, name: str, content: Callable[[], bytes], status: int | None, message: str
) -> None:
    (tmp_path / name).write_bytes(content())
    tracemalloc.start()
    try:
        assert said(tmp_path / name, baseline=tmp_path / "index") == [(name, status, message)]
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("name", "words"), [("demo", None), ("dem0", "too similar to an existing project")])
def test_what_the_baseline_holds_counts(tmp_path: Path, name: str, words: str | None) -> None:
    baseline = tmp_path / "index"
    with changing(baseline) as stores, stores["pypi"].transaction() as catalogue:
        catalogue.add_project(name)
    found = said(made(tmp_path, WHEEL), baseline=baseline)
    assert [words in message for _, _, message in found if words] == ([True] if words else [])
    assert len(found) == (words is not None)


def test_yanked_releases_of_the_baseline(tmp_path: Path) -> None:
    baseline = tmp_path / "index"
    releases = [("demo", "1.0.0"), ("demo", "1.1"), ("other", "garbage")]
    assert yanked(releases, baseline=baseline) == {}
    with changing(baseline) as stores, stores["pypi"].transaction() as catalogue:
        catalogue.add_project("demo")
        for version in ("1.0", "1.1"):
            catalogue.add_release(Release(project="demo", version=version, created=0, metadata={}))
        catalogue.yank(catalogue.releases("demo")[0], "broken")
    assert yanked(releases, baseline=baseline) == {("demo", "1.0.0"): "broken"}
    assert yanked(releases, baseline=baseline, index="testpypi") == {}
