"""What actions do, as one table for pysim's own and for the code of their repositories, which need PYSIM_CLONES.

checkout has its table in test_checkout_of_twin; what the built-in ones do beyond this is in tests of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from simulator.actions.builtin.setup_python.installations import own_architecture
from tests.actions.driving import Driver, JobDriver, Outcome
from tests.actions.implementations import Implementation, implementations

pytestmark = pytest.mark.clients


@pytest.fixture
def implementation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Implementation:
    kind, action, version = request.param
    cache = tmp_path_factory.getbasetemp() / "actions"
    return Implementation(kind=kind, action=action, version=version, cache=cache)


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def listed(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# ---- setup-python


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A step of setup-python where 3.10.13, 3.12.1, 3.12.4 and 3.13.0 are in the tool cache, and what comes of it."""

    inputs: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    paths: tuple[str, ...] = ()
    exports: bool = True
    warns: str = ""
    error: str = ""


SETUPS = {
    "a minor version": Setup(inputs={"python-version": "3.12"}, version="3.12.4"),
    "a very version": Setup(inputs={"python-version": "3.12.1"}, version="3.12.1"),
    "the newest": Setup(inputs={"python-version": "3.x"}, version="3.13.0"),
    "a range": Setup(inputs={"python-version": ">=3.10 <3.13"}, version="3.12.4"),
    "a range with a hyphen": Setup(inputs={"python-version": "3.10 - 3.12"}, version="3.12.4"),
    "several, the last one wins": Setup(
        inputs={"python-version": "3.13\n3.10"}, version="3.10.13", paths=("3.13.0", "3.10.13")
    ),
    "the environment is left alone": Setup(
        inputs={"python-version": "3.12", "update-environment": "false"}, version="3.12.4", exports=False
    ),
    "a file": Setup(
        inputs={"python-version-file": ".python-version"}, files={".python-version": "3.10\n"}, version="3.10.13"
    ),
    "pyproject.toml": Setup(
        inputs={"python-version-file": "pyproject.toml"},
        files={"pyproject.toml": '[project]\nrequires-python = ">=3.9,<3.13"\n'},
        version="3.12.4",
    ),
    "poetry": Setup(
        inputs={"python-version-file": "pyproject.toml"},
        files={"pyproject.toml": '[tool.poetry.dependencies]\npython = "~3.12"\n'},
        version="3.12.4",
    ),
    "the file that is looked for by itself": Setup(inputs={}, files={".python-version": "3.12.1\n"}, version="3.12.1"),
    "nothing is asked for": Setup(inputs={}, warns="The `python-version` input is not set."),
    "both": Setup(
        inputs={"python-version": "3.12", "python-version-file": "x"},
        version="3.12.4",
        warns="Both python-version and python-version-file inputs are specified",
    ),
    "a file that is not there": Setup(
        inputs={"python-version-file": "x.txt"}, error="The specified python version file at: .*x.txt doesn't exist"
    ),
    "no boolean": Setup(
        inputs={"python-version": "3.12", "check-latest": "yes"}, error='Input does not meet YAML 1.2 "Core Schema"'
    ),
}


@implementations("actions/setup-python", ("v6",), ("v5", "v6", "v7"))
@pytest.mark.parametrize("case", SETUPS.values(), ids=SETUPS)
def test_setup_python(driver: Driver, implementation: Implementation, case: Setup) -> None:
    folders = {version: driver.tools / "Python" / version / own_architecture() for version in VERSIONS}
    for folder in folders.values():
        (folder / "bin").mkdir(parents=True)
        folder.with_name(f"{own_architecture()}.complete").touch()
    write(driver.workspace, case.files)
    done = implementation.run(driver, case.inputs)
    if case.error:
        assert done.code == 1, done.log
        assert re.search(case.error, done.said("error")[0])
        return
    assert done.code == 0, done.log
    assert [text for text in done.said("warning") if case.warns and text.startswith(case.warns)] or not case.warns
    if not case.version:
        return
    folder = folders[case.version]
    assert (done.outputs["python-version"], done.outputs["python-path"]) == (case.version, f"{folder}/bin/python")
    if not case.exports:
        assert (done.variables, done.paths) == ({}, [])
        return
    found = [folders[version] for version in case.paths or (case.version,)]
    assert done.paths == [str(path) for each in found for path in (each, each / "bin")]
    assert done.variables["LD_LIBRARY_PATH"].split(":")[0] == f"{folder}/lib"
    roots = ("pythonLocation", "Python_ROOT_DIR", "Python2_ROOT_DIR", "Python3_ROOT_DIR")
    assert {done.variables[name] for name in roots} == {str(folder)}
    assert done.variables["PKG_CONFIG_PATH"] == f"{folder}/lib/pkgconfig"


VERSIONS = ("3.10.13", "3.12.1", "3.12.4", "3.13.0")

# ---- cache

REF = {"GITHUB_REF": "refs/tags/v0.1.0"}


@dataclass(frozen=True, kw_only=True)
class Cached:
    """A use of cache after `k-1` was saved by another step (the files kept/a and kept/b), and what comes of it."""

    inputs: Mapping[str, str]
    inside: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    restored: bool = False
    says: str = ""
    saves: str = ""  # what the post part says
    error: str = ""


CACHES = {
    "a miss": Cached(
        inputs={"path": "kept", "key": "x"},
        says="Cache not found for input keys: x",
        saves="Cache saved with key: x",
    ),
    "a hit": Cached(
        inputs={"path": "kept", "key": "k-1"},
        outputs={"cache-hit": "true"},
        restored=True,
        says="Cache restored from key: k-1",
        saves="Cache hit occurred on the primary key k-1, not saving cache.",
    ),
    "a key that begins so": Cached(
        inputs={"path": "kept", "key": "k-2", "restore-keys": "no\nk-"},
        outputs={"cache-hit": "false"},
        restored=True,
        says="Cache restored from key: k-1",
        saves="Cache saved with key: k-2",
    ),
    "another path is another cache": Cached(
        inputs={"path": "kept/a", "key": "k-1"},
        says="Cache not found for input keys: k-1",
        saves="Cache saved with key: k-1",
    ),
    "only looked for": Cached(
        inputs={"path": "kept", "key": "k-1", "lookup-only": "true"},
        outputs={"cache-hit": "true"},
        says="Cache found and can be restored from key: k-1",
        saves="Cache hit occurred on the primary key k-1, not saving cache.",
    ),
    "a miss that must not be": Cached(
        inputs={"path": "kept", "key": "x", "fail-on-cache-miss": "true"},
        error="Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: x",
    ),
    "no key": Cached(inputs={"path": "kept"}, error="Input required and not supplied: key"),
    "no path": Cached(inputs={"key": "x"}, error="Input required and not supplied: path"),
    "a comma": Cached(inputs={"path": "kept", "key": "a,b"}, error="Key Validation Error: a,b cannot contain commas."),
    "restore alone": Cached(
        inside="/restore",
        inputs={"path": "kept", "key": "k-2", "restore-keys": "k-"},
        outputs={"cache-primary-key": "k-2", "cache-matched-key": "k-1", "cache-hit": "false"},
        restored=True,
        says="Cache restored from key: k-1",
    ),
    "save alone, again": Cached(
        inside="/save",
        inputs={"path": "kept", "key": "k-1"},
        says="Failed to save: Unable to reserve cache with key k-1, another job may be creating this cache.",
    ),
    "save alone": Cached(inside="/save", inputs={"path": "kept", "key": "new"}, says="Cache saved with key: new"),
}


@implementations("actions/cache", ("v4",), ("v4", "v5"))
@pytest.mark.parametrize("case", CACHES.values(), ids=CACHES)
def test_cache(in_job: JobDriver, implementation: Implementation, case: Cached) -> None:
    driver = in_job("build")
    kept = driver.workspace / "kept"
    write(kept, {"a": "one", "b": "two"})
    first = implementation.run(driver, {"path": "kept", "key": "k-1"}, inside="/save", env=REF)
    assert first.lines[-1] == "Cache saved with key: k-1", first.log
    if case.inside != "/save":
        for name in ("a", "b"):
            (kept / name).unlink()
    done = implementation.run(driver, case.inputs, inside=case.inside, env=REF)
    if case.error:
        assert (done.code, done.said("error")) == (1, [case.error]), done.log
        return
    assert done.code == 0, done.log
    assert done.outputs == case.outputs
    assert (listed(kept) == ["a", "b"]) == (case.restored or case.inside == "/save")
    assert any(line.startswith(case.says) for line in done.lines), done.log
    if case.saves:
        write(kept, {"a": "one"})
        after = implementation.run(driver, case.inputs, part="post", state=done.state, env=REF)
        assert (after.code, after.lines[-1]) == (0, case.saves), after.log


# ---- artifacts


@dataclass(frozen=True, kw_only=True)
class Handed:
    """Uploads, a download, and the files that arrive in the workspace of another job."""

    files: tuple[str, ...] = ("dist/a.whl", "dist/a.tar.gz", "dist/.hidden", "other/b.txt")
    uploads: tuple[Mapping[str, str], ...]
    downloads: Mapping[str, str] = field(default_factory=dict)
    arrive: tuple[str, ...] = ()
    says: str = ""
    warns: str = ""
    refused: str = ""  # what the last upload says
    fails: str = ""  # what the download says


WHOLE = {"name": "one", "path": "dist/"}
HANDED = {
    "a folder": Handed(
        uploads=(WHOLE,),
        downloads={"name": "one", "path": "in"},
        arrive=("in/a.tar.gz", "in/a.whl"),
        says="With the provided path, there will be 2 files uploaded",
    ),
    "hidden files": Handed(
        uploads=({**WHOLE, "include-hidden-files": "true"},),
        downloads={"name": "one"},
        arrive=(".hidden", "a.tar.gz", "a.whl"),
    ),
    "a pattern": Handed(uploads=({"name": "one", "path": "dist/*.whl"},), downloads={"name": "one"}, arrive=("a.whl",)),
    "several paths, and one left out": Handed(
        uploads=({"name": "one", "path": "dist\nother\n!dist/*.gz"},),
        downloads={"name": "one"},
        arrive=("dist/a.whl", "other/b.txt"),
    ),
    "all artifacts": Handed(
        uploads=(WHOLE, {"name": "two", "path": "other"}),
        downloads={},
        arrive=("one/a.tar.gz", "one/a.whl", "two/b.txt"),
    ),
    "all artifacts into one folder": Handed(
        uploads=(WHOLE, {"name": "two", "path": "other"}),
        downloads={"merge-multiple": "true", "path": "in"},
        arrive=("in/a.tar.gz", "in/a.whl", "in/b.txt"),
    ),
    "artifacts by a pattern": Handed(
        uploads=(WHOLE, {"name": "two", "path": "other"}, {"name": "three", "path": "other"}),
        downloads={"pattern": "t*"},
        arrive=("three/b.txt", "two/b.txt"),
    ),
    "the same name again": Handed(
        uploads=(WHOLE, WHOLE), refused="(409) Conflict: an artifact with this name already exists"
    ),
    "the same name again, over the first": Handed(
        uploads=(WHOLE, {"name": "one", "path": "other", "overwrite": "true"}),
        downloads={"name": "one"},
        arrive=("b.txt",),
    ),
    "nothing to upload": Handed(
        uploads=({"name": "one", "path": "none"},),
        warns="No files were found with the provided path: none. No artifacts will be uploaded.",
    ),
    "nothing to upload, which must not be": Handed(
        uploads=({"name": "one", "path": "none", "if-no-files-found": "error"},),
        refused="No files were found with the provided path: none. No artifacts will be uploaded.",
    ),
    "a name that cannot be": Handed(
        uploads=({"name": "a/b", "path": "dist"},),
        refused="The artifact name is not valid: a/b. Contains the following character:  Forward slash /",
    ),
    "an artifact that is not there": Handed(
        uploads=(WHOLE,),
        downloads={"name": "two"},
        fails="Unable to download artifact(s): Artifact not found for name: two",
    ),
}


@implementations("actions/upload-artifact", ("v4",), ("v4.6.2", "v7.0.0"))
@pytest.mark.parametrize("case", HANDED.values(), ids=HANDED)
def test_upload_artifact(in_job: JobDriver, implementation: Implementation, case: Handed) -> None:
    download = Implementation(
        kind="builtin", action="actions/download-artifact", version="v4", cache=implementation.cache
    )
    hand_over(in_job, case, implementation, download)


@implementations("actions/download-artifact", ("v4",), ("v4.3.0", "v8.0.1"))
@pytest.mark.parametrize("case", [case for case in HANDED.values() if case.arrive or case.fails])
def test_download_artifact(in_job: JobDriver, implementation: Implementation, case: Handed) -> None:
    upload = Implementation(kind="builtin", action="actions/upload-artifact", version="v4", cache=implementation.cache)
    hand_over(in_job, case, upload, implementation)


def hand_over(in_job: JobDriver, case: Handed, upload: Implementation, download: Implementation) -> None:
    build, use = in_job("build"), in_job("use")
    write(build.workspace, dict.fromkeys(case.files, "text"))
    done: Outcome | None = None
    for number, inputs in enumerate(case.uploads, start=1):
        done = upload.run(build, inputs)
        refused = case.refused and number == len(case.uploads)
        assert done.code == (1 if refused else 0), done.log
    assert done is not None
    assert case.refused in "".join(done.said("error"))
    assert case.says in done.log
    assert case.warns in "".join(done.said("warning"))
    if not case.arrive and not case.fails:
        return
    got = download.run(use, case.downloads)
    assert got.code == (1 if case.fails else 0), got.log
    assert case.fails in "".join(got.said("error"))
    assert listed(use.workspace) == sorted(case.arrive)
    if case.arrive:
        assert got.outputs["download-path"] == str(use.workspace / case.downloads.get("path", ""))
