"""What installing clients make of the indexes: pip, uv and pipx over TLS, under the indexes' own names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.indexes import IndexName, indexes
from simulator.run_events import TwinRequest
from simulator.twins.pypi.baseline import changing
from simulator.twins.pypi.catalogue import Catalogue, Status

from .distributions import Form, metadata, sdist, wheel
from .driving import Job, Rig, Start
from .index_clients import Install, pip, pipx, said, uv_pip

INDEXES: Sequence[IndexName] = ("pypi", "testpypi")
pytestmark = pytest.mark.clients


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A job whose two indexes hold `demo` 0.1.0, as wheel and sdist, and versions for a later Python."""

    job: Job
    rig: Rig

    def put(self, filename: str, content: bytes, **fields: str) -> None:
        """Publish a file on both indexes."""
        form = Form(filename=filename, content=content, fields=fields)
        for index in INDEXES:
            auth = ("__token__", self.rig.twins.upload_token(index))
            url = indexes()[index].upload_url
            answer = self.job.http.post(url, data=form.data, files=form.files, auth=auth)
            assert answer.status_code == 200, answer.text

    def requirements(self, *lines: str) -> str:
        """A file of requirements, by its name."""
        (self.job.folder / "requirements.txt").write_text("".join(f"{line}\n" for line in lines))
        return "requirements.txt"


@pytest.fixture
def shelf(rig: Rig) -> Shelf:
    made = Shelf(job=rig.job(), rig=rig)
    made.put("demo-0.1.0-py3-none-any.whl", wheel())
    made.put("demo-0.1.0.tar.gz", sdist())
    later = "Requires-Python: >=99"
    fields = {"requires_python": ">=99"}
    made.put("demo-0.2.0-py3-none-any.whl", wheel("demo", "0.2.0", later), version="0.2.0", **fields)
    made.put("later-1-py3-none-any.whl", wheel("later", "1", later), name="later", version="1", **fields)
    return made


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The virtual environment in which pipx keeps its pip; pipx makes it when it first needs one."""
    return tmp_path_factory.mktemp("pipx") / "shared"


WITH_PIP: Mapping[str, Install] = {"pip": pip, "uv": uv_pip}


@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize("kind", ["--only-binary", "--no-binary"])
@pytest.mark.parametrize("client", WITH_PIP)
def test_a_release_is_installed(shelf: Shelf, client: str, kind: str, index: IndexName) -> None:
    done = WITH_PIP[client](shelf.job, "install", "--target", "here", kind, "demo", "demo", index=index)
    assert done.returncode == 0, said(done)
    folder = shelf.job.folder / "here"
    assert (folder / "demo.py").exists()
    assert (folder / "demo-0.1.0.dist-info/METADATA").read_text() == metadata("demo", "0.1.0"), "0.2.0 is for later"


@pytest.mark.parametrize("index", INDEXES)
def test_pipx_installs_a_program(shelf: Shelf, shared: Path, index: IndexName) -> None:
    done = pipx(shelf.job, "install", "demo", shared=shared, index=index)
    assert done.returncode == 0, said(done)
    assert "installed package demo 0.1.0" in said(done)
    assert shelf.job.run(shelf.job.folder / "bin/demo").stdout == "demo\n"


@pytest.mark.parametrize("index", INDEXES)
def test_pip_lists_versions(shelf: Shelf, index: IndexName) -> None:
    assert "demo (0.1.0) Available versions: 0.1.0" in said(pip(shelf.job, "index", "versions", "demo", index=index))


# ---- refused

LATER: Mapping[str, Sequence[str]] = {
    "pip": [
        "Ignored the following versions that require a different python version: 1 Requires-Python >=99",
        "Could not find a version that satisfies the requirement later (from versions: none)",
        "No matching distribution found for later",
    ],
    "uv": ["does not satisfy Python>=99 and later==1 depends on Python>=99"],
    "pipx": ["Fatal error from pip prevented installation", "No matching distribution found for later"],
}
NO_VERSION: Mapping[str, Sequence[str]] = {
    "pip": [
        "Could not find a version that satisfies the requirement demo==9 (from versions: 0.1.0)",
        "No matching distribution found for demo==9",
    ],
    "uv": ["Because there is no version of demo==9 and you require demo==9"],
    "pipx": ["No matching distribution found for demo==9"],
}
NO_PROJECT: Mapping[str, Sequence[str]] = {
    "pip": [
        "Could not find a version that satisfies the requirement nowhere (from versions: none)",
        "No matching distribution found for nowhere",
    ],
    "uv": ["nowhere was not found in the package registry"],
    "pipx": ["No matching distribution found for nowhere"],
}
REFUSED = {"later": LATER, "demo==9": NO_VERSION, "nowhere": NO_PROJECT}


@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize("requirement", REFUSED)
@pytest.mark.parametrize("client", WITH_PIP)
def test_a_requirement_that_cannot_be_met(shelf: Shelf, client: str, requirement: str, index: IndexName) -> None:
    done = WITH_PIP[client](shelf.job, "install", "--target", "here", requirement, index=index)
    assert done.returncode == 1
    assert [text for text in REFUSED[requirement][client] if text not in said(done)] == []


def test_a_program_that_pipx_cannot_install(shelf: Shelf, shared: Path) -> None:
    for requirement, words in REFUSED.items():
        done = pipx(shelf.job, "install", requirement, shared=shared)
        assert done.returncode == 1
        assert [text for text in words["pipx"] if text not in said(done)] == []


# ---- hashes

HASHED: Mapping[str, tuple[Install, Sequence[str], Sequence[str]]] = {
    "pip download": (
        pip,
        ["download", "--no-deps", "-d", "here"],
        ["THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "Expected sha256 {wanted} Got {got}"],
    ),
    "pip install": (
        pip,
        ["install", "--target", "here"],
        ["THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "Expected sha256 {wanted} Got {got}"],
    ),
    "uv pip install": (
        uv_pip,
        ["install", "--target", "here"],
        ["Hash mismatch for `demo==0.1.0`", "Expected: sha256:{wanted} Computed: sha256:{got}"],
    ),
}


@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize("case", HASHED)
def test_required_hashes(shelf: Shelf, case: str, index: IndexName) -> None:
    client, words, refused = HASHED[case]
    got, wanted = hashlib.sha256(wheel()).hexdigest(), "0" * 64
    for digest, code in ((wanted, 1), (got, 0)):
        file = shelf.requirements(f"demo==0.1.0 --hash=sha256:{digest}")
        done = client(shelf.job, *words, "--require-hashes", "-r", file, index=index)
        assert done.returncode == code, said(done)
        shown = [text.format(wanted=wanted, got=got) for text in refused]
        assert [text in said(done) for text in shown] == [code == 1] * len(shown)
        assert any((shelf.job.folder / "here").glob("demo*")) == (code == 0)


def test_a_requirement_without_a_hash(shelf: Shelf) -> None:
    file = shelf.requirements("demo==0.1.0")
    done = pip(shelf.job, "download", "--require-hashes", "-r", file)
    assert done.returncode == 1
    assert "Hashes are required in --require-hashes mode" in said(done)


# ---- what a client is told of a file


@pytest.mark.parametrize("client", WITH_PIP)
def test_metadata_are_read_without_the_wheel(shelf: Shelf, client: str) -> None:
    done = WITH_PIP[client](shelf.job, "install", "--dry-run", "--target", "here", "--only-binary", "demo", "demo")
    assert done.returncode == 0, said(done)
    asked = [event.path for event in shelf.rig.seen(TwinRequest) if "/packages/" in event.path]
    assert asked
    assert all(path.endswith("/demo-0.1.0-py3-none-any.whl.metadata") for path in asked)


@pytest.mark.parametrize("client", WITH_PIP)
def test_a_file_that_was_changed_on_its_way(shelf: Shelf, client: str) -> None:
    """The digest stands in the index, so a file of other bytes is refused without any requirement."""
    (place,) = (shelf.rig.settings.folder / "index/pypi").rglob("demo-0.1.0-py3-none-any.whl")
    place.write_bytes(wheel(body="changed = 1\n"))
    done = WITH_PIP[client](shelf.job, "install", "--target", "here", "--only-binary", "demo", "demo==0.1.0")
    assert done.returncode == 1
    assert re.search("do not match the hashes|hash mismatch", said(done), re.IGNORECASE)


# ---- yanked releases, and projects that are kept from installers


@pytest.fixture
def later(start: Start, tmp_path: Path) -> Callable[[Callable[[IndexName, Catalogue], None]], Job]:
    """The job of another run, between whose indexes and those of the first something was done to them."""

    def make(change: Callable[[IndexName, Catalogue], None]) -> Job:
        first = start(folder=tmp_path / "one")
        shelf = Shelf(job=first.job(), rig=first)
        shelf.put("demo-0.1.0-py3-none-any.whl", wheel())
        shelf.put("demo-0.3.0-py3-none-any.whl", wheel("demo", "0.3.0"), version="0.3.0")
        first.twins.keep_index()
        with changing(first.settings.baseline) as stores:
            for index, store in stores.items():
                with store.transaction() as catalogue:
                    change(index, catalogue)
        return start(folder=tmp_path / "two").job("later")

    return make


def yank(_index: IndexName, catalogue: Catalogue) -> None:
    (release,) = [each for each in catalogue.releases("demo") if each.version == "0.3.0"]
    catalogue.yank(release, "does not start")


YANKED: Mapping[str, str] = {
    "pip": "The candidate selected for download or install is a yanked version: 'demo' candidate (version 0.3.0",
    "uv": '`demo==0.3.0` is yanked (reason: "does not start")',
}


@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize("client", WITH_PIP)
def test_a_yanked_version(
    later: Callable[[Callable[[IndexName, Catalogue], None]], Job], client: str, index: IndexName
) -> None:
    job = later(yank)
    for requirement, version in (("demo", "0.1.0"), ("demo==0.3.0", "0.3.0"), ("demo>=0.3", None)):
        target = job.folder / f"for-{version}"
        done = WITH_PIP[client](job, "install", "--target", str(target), requirement, index=index)
        assert (done.returncode == 0) == (version is not None), said(done)
        assert (YANKED[client] in said(done)) == (version == "0.3.0")
        assert version is None or ("does not start" in said(done)) == (version == "0.3.0")
        assert version is None or (target / f"demo-{version}.dist-info").is_dir()


@pytest.mark.parametrize("client", WITH_PIP)
@pytest.mark.parametrize("status", [Status.ARCHIVED, Status.QUARANTINED])
def test_a_project_that_takes_no_files(
    later: Callable[[Callable[[IndexName, Catalogue], None]], Job], status: Status, client: str
) -> None:
    def change(_index: IndexName, catalogue: Catalogue) -> None:
        project = catalogue.project("demo")
        assert project
        catalogue.set_status(project, status)

    done = WITH_PIP[client](later(change), "install", "--target", "here", "demo")
    assert (done.returncode == 0) == (status is Status.ARCHIVED), said(done)
