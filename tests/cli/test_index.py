"""`pysim index`: the state that later runs start from, declared by hand and taken over from the real index."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Protocol

import pytest

from simulator.cli.main import main
from simulator.errors import TwinError
from simulator.indexes import IndexName, indexes
from simulator.paths import StateFolder
from simulator.twins.outside import Outside
from simulator.twins.pypi.baseline import open_copies
from simulator.twins.pypi.catalogue import Catalogue, Status
from simulator.twins.pypi.real_index import Limits, read_project
from tests.twins.world import Page, World

PYPI, TEST = indexes()["pypi"], indexes()["testpypi"]
MIRROR = "https://mirror.example/simple"


def index(root: Path, *words: str) -> int:
    return main(["index", words[0], "-C", str(root), *words[1:]])


class Kept(Protocol):
    """What a run would start with."""

    def __call__(self, name: IndexName = "pypi") -> Catalogue: ...


@pytest.fixture
def kept(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with contextlib.ExitStack() as stack:

        def read(name: IndexName = "pypi") -> Catalogue:
            stores = open_copies(StateFolder(tmp_path).index, tmp_path_factory.mktemp("copy"))
            return stack.enter_context(stores[name].reading())

        yield read


class TestByHand:
    def test_a_taken_version_has_its_files(
        self, tmp_path: Path, kept: Kept, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert index(tmp_path, "add", "My.Demo", "1.0", "2.0rc1", "--created", "2026-01-02") == 0
        assert "1.0 is there: my_demo-1.0.tar.gz, my_demo-1.0-py3-none-any.whl." in capsys.readouterr().out
        assert index(tmp_path, "add", "my-demo", "1.0") == 0
        assert "1.0 was there already." in capsys.readouterr().out
        catalogue = kept()
        assert [file.filename for file in catalogue.files("my-demo")] == [
            "my_demo-1.0.tar.gz",
            "my_demo-1.0-py3-none-any.whl",
            "my_demo-2.0rc1.tar.gz",
            "my_demo-2.0rc1-py3-none-any.whl",
        ]
        assert {release.created for release in catalogue.releases("my-demo")} == {1767312000.0}
        assert (tmp_path / ".pysim" / ".gitignore").read_text() == "*\n"

    def test_what_pip_would_see(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        index(tmp_path, "add", "demo", "1.0", "1.1", "--owner", "eve", "--created", "2026-01-02")
        index(tmp_path, "yank", "demo", "v1.1", "--reason", "bro\x1b[31mken")
        capsys.readouterr()
        assert index(tmp_path, "show", "Demo") == 0
        shown = capsys.readouterr().out.splitlines()
        assert shown[:2] == ["demo on PyPI: active, eve's", "  1.1, yanked: broken"]
        assert shown[2].startswith("    demo-1.1-py3-none-any.whl  ")
        assert shown[2].endswith(" bytes, 2026-01-02")
        assert shown[4] == "  1.0"
        assert index(tmp_path, "show", "demo", "--json") == 0
        page = json.loads(capsys.readouterr().out)
        assert [file["yanked"] for file in page["files"]] == [False, False, "bro\x1b[31mken", "bro\x1b[31mken"]
        index(tmp_path, "yank", "demo", "1.1", "--undo")
        assert "yanked" not in shown_of(tmp_path, capsys, "demo")

    def test_the_two_indexes_share_nothing(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        index(tmp_path, "add", "demo", "1.0", "--index", "testpypi")
        assert index(tmp_path, "show", "demo") == 2
        assert "Nothing is known of demo on PyPI here." in capsys.readouterr().err
        assert index(tmp_path, "show", "demo", "--index", "testpypi") == 0
        assert capsys.readouterr().out.startswith("demo on TestPyPI: active\n")

    @pytest.mark.parametrize(
        ("what", "burnt", "left"),
        [
            ("1.0", {"demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl"}, ["1.1"]),
            ("demo-1.0.tar.gz", {"demo-1.0.tar.gz"}, ["1.0", "1.1"]),
            ("2.0", {"demo-2.0.tar.gz", "demo-2.0-py3-none-any.whl"}, ["1.0", "1.1"]),
            ("demo-2.0-cp312-abi3-win32.whl", {"demo-2.0-cp312-abi3-win32.whl"}, ["1.0", "1.1"]),
        ],
    )
    def test_what_is_deleted_burns_its_names(
        self, tmp_path: Path, kept: Kept, what: str, burnt: set[str], left: list[str]
    ) -> None:
        index(tmp_path, "add", "demo", "1.0", "1.1")
        assert index(tmp_path, "delete", "demo", what) == 0
        catalogue = kept()
        assert set(catalogue.burnt()) == burnt
        assert [release.version for release in catalogue.releases("demo")] == left
        assert all(catalogue.file(name) is None for name in burnt)

    def test_a_deleted_project_frees_its_name_and_no_other(self, tmp_path: Path, kept: Kept) -> None:
        index(tmp_path, "add", "demo", "1.0", "--owner", "eve")
        index(tmp_path, "delete", "demo")
        catalogue = kept()
        assert catalogue.project("demo") is None
        assert set(catalogue.burnt()) == {"demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl"}
        index(tmp_path, "add", "demo")
        assert kept().owner("demo") is None

    def test_states_of_projects_and_names(self, tmp_path: Path, kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
        index(tmp_path, "add", "demo", "1.0")
        for how, status in (("archive", Status.ARCHIVED), ("quarantine", Status.QUARANTINED)):
            index(tmp_path, how, "demo")
            catalogue = kept()
            project = catalogue.project("demo")
            assert project
            assert catalogue.status(project) is status
        assert "no file" in shown_of(tmp_path, capsys, "demo")
        index(tmp_path, "quarantine", "demo", "--undo")
        index(tmp_path, "prohibit", "Evil.Name")
        index(tmp_path, "delete", "demo", "9")
        capsys.readouterr()
        index(tmp_path, "list")
        assert capsys.readouterr().out.splitlines() == [
            "demo: 1 release, 1.0 the newest, 2 files",
            "evil-name: no project may have this name",
            "demo-9-py3-none-any.whl: deleted once, so no file may have this name",
            "demo-9.tar.gz: deleted once, so no file may have this name",
        ]
        index(tmp_path, "prohibit", "evil-name", "--undo")
        index(tmp_path, "list")
        assert "evil" not in capsys.readouterr().out.splitlines()[1]

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("add", "no name"), "'no name' is no name of a project."),
            (("add", "demo", "one"), "'one' is no version."),
            (("add", "demo", "1.0+local"), "'1.0+local' is a local version, which no index takes."),
            (("yank", "demo", "3"), "demo has no version 3."),
            (("yank", "nobody", "3"), "Nothing is known of nobody on PyPI here."),
            (("archive", "nobody"), "Nothing is known of nobody on PyPI here."),
            (("delete", "nobody"), "Nothing is known of nobody on PyPI here."),
            (("delete", "other", "demo-1.0.tar.gz"), "demo-1.0.tar.gz is a file of demo."),
        ],
    )
    def test_what_cannot_be_changes_nothing(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
    ) -> None:
        index(tmp_path, "add", "demo", "1.0")
        capsys.readouterr()
        assert index(tmp_path, *words) == 2
        assert capsys.readouterr().err.startswith(f"error: {said}")
        index(tmp_path, "list")
        assert capsys.readouterr().out == "demo: 1 release, 1.0 the newest, 2 files\n"
        assert len(list((tmp_path / ".pysim" / "index").glob("index-*"))) == 1

    def test_changes_at_the_same_time_all_count(self, tmp_path: Path, kept: Kept) -> None:
        names = [f"demo{number}" for number in range(8)]
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(lambda name: index(tmp_path, "add", name, "1.0"), names)) == {0}
        assert [project.name for project in kept().projects()] == names

    def test_looking_makes_no_folder(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert index(tmp_path, "list") == 0
        assert capsys.readouterr().out.startswith("Nothing is known of PyPI here")
        assert list(tmp_path.iterdir()) == []


def shown_of(root: Path, capsys: pytest.CaptureFixture[str], name: str) -> str:
    capsys.readouterr()
    index(root, "show", name)
    return capsys.readouterr().out


# ---- from the real index

SHA, BLAKE = "ab" * 32, "cd" * 32
WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"


def row(filename: str, number: int, **changes: Any) -> dict[str, Any]:
    digests = {"md5": "0" * 32, "sha256": f"{number:02x}" * 32, "blake2b_256": f"{number + 100:02x}" * 32}
    ordinary = {
        "filename": filename,
        "packagetype": "bdist_wheel" if filename.endswith(".whl") else "sdist",
        "python_version": "py3" if filename.endswith(".whl") else "source",
        "digests": digests,
        "size": 1000 + number,
        "upload_time_iso_8601": f"2026-02-{number:02d}T10:00:00.123456Z",
        "url": f"https://files.example/packages/{number}/{filename}",
        "requires_python": ">=3.9",
        "yanked": False,
        "yanked_reason": None,
        "core-metadata": {"sha256": SHA} if filename.endswith(".whl") else False,
    }
    return {**ordinary, **changes}


def big_row(number: int) -> dict[str, Any]:
    digests = {"md5": "", "sha256": f"{number:064x}", "blake2b_256": f"{number:064x}"}
    return row(f"demo-1.{number}.tar.gz", 1, digests=digests)


def described() -> dict[str, Any]:
    releases = {
        "1.0": [row(WHEEL, 2), row(SDIST, 1)],
        "1.1": [row("demo-1.1.tar.gz", 5, yanked=True, yanked_reason="broken")],
        "1.2": [],
    }
    return {
        "info": {"name": "Demo", "version": "1.0", "summary": "a demo", "classifiers": ["A :: B"]},
        "releases": releases,
        "last_serial": 77,
        "ownership": {"roles": [{"role": "Owner", "user": "octo"}], "organization": None},
    }


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The network outside, and a machine that is configured for no index of its own."""
    world = World(PYPI.main_host, TEST.main_host, "mirror.example")
    ca = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.write_bytes(world.ca)
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_CERT", str(ca))
    monkeypatch.setenv("https_proxy", world.url)
    yield world
    world.close()


def answer(world: World, simple: str, json_api: str, *, page: dict[str, Any] | None = None) -> None:
    links = {"meta": {"_last-serial": 77, "api-version": "1.4"}, "name": "demo", "files": []}
    world.pages[f"{simple.rstrip('/')}/demo/"] = Page(body=json.dumps(page or links).encode())
    world.pages[json_api] = Page(body=json.dumps(described()).encode())


@pytest.mark.clients
class TestFromTheRealIndex:
    def test_all_that_it_tells(
        self, tmp_path: Path, kept: Kept, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answer(world, PYPI.simple_url, f"https://{PYPI.main_host}/pypi/demo/json")
        assert index(tmp_path, "import", "DEMO") == 0
        told = capsys.readouterr().out.splitlines()
        assert told[0] == "demo is on PyPI with 3 releases (1 yanked) and 3 files."
        assert told[1].startswith("It counts as yours (on the index: octo); say --owner USER")
        assert told[2].startswith("Deleted files are not in its answer")
        catalogue = kept()
        assert [(release.version, release.created) for release in catalogue.releases("demo")] == [
            ("1.2", 0.0),
            ("1.0", 1769940000.123456),
            ("1.1", 1770285600.123456),
        ]
        assert catalogue.releases("demo")[1].metadata["summary"] == "a demo"
        wheel = catalogue.file(WHEEL)
        assert wheel
        assert (wheel.size, wheel.blake2_256, wheel.requires_python) == (1002, f"{102:02x}" * 32, ">=3.9")
        assert catalogue.metadata_digests("demo") == {WHEEL: SHA}
        assert catalogue.yanked("demo") == {"1.1": "broken"}
        assert (catalogue.serial("demo"), catalogue.owner("demo")) == (77, None)
        assert {asked.method for asked in world.asked} == {"GET"}

    def test_the_machines_own_index_is_read(
        self, tmp_path: Path, kept: Kept, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", MIRROR)
        answer(world, MIRROR, "https://mirror.example/pypi/demo/json")
        assert index(tmp_path, "import", "demo", "--owner", "eve") == 0
        assert {asked.url.split("/")[2] for asked in world.asked} == {"mirror.example"}
        assert kept().owner("demo") == "eve"

    def test_simple_pages_in_json_are_enough(
        self,
        tmp_path: Path,
        kept: Kept,
        world: World,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", MIRROR.replace("//", "//me:secret@"))
        link = {"hashes": {"sha256": SHA}, "upload-time": "2026-02-01T10:00:00Z", "size": 7, "yanked": "bad"}
        other = {**link, "url": "../x/demo-2.0.zip", "filename": "demo-2.0.zip"}
        named = {**link, "url": f"../cd/cd/{'cd' * 30}/{SDIST}", "filename": SDIST}
        page = {"name": "demo", "files": [named, other], "project-status": {"status": "archived"}}
        world.pages[f"{MIRROR}/demo/"] = Page(body=json.dumps(page).encode())
        assert index(tmp_path, "import", "demo") == 0
        assert "Left out, as too little is told of them: demo-2.0.zip." in capsys.readouterr().out
        catalogue = kept()
        (file,) = catalogue.files("demo")
        place = catalogue.elsewhere(file.filename)
        assert place
        assert (file.version, file.blake2_256) == ("1.0", BLAKE)
        assert place.url == f"https://mirror.example/simple/cd/cd/{'cd' * 30}/{SDIST}"
        assert catalogue.yanked("demo") == {"1.0": "bad"}
        assert "authorization" in world.asked[0].headers
        assert "archived" in shown_of(tmp_path, capsys, "demo")

    def test_again_it_replaces_what_was_known(self, tmp_path: Path, kept: Kept, world: World) -> None:
        index(tmp_path, "add", "demo", "0.9", "1.0", "--owner", "eve")
        index(tmp_path, "delete", "demo", "0.1")
        answer(world, PYPI.simple_url, f"https://{PYPI.main_host}/pypi/demo/json")
        assert index(tmp_path, "import", "demo") == 0
        first = kept()
        assert {file.version for file in first.files("demo")} == {"1.0", "1.1"}
        assert set(first.burnt()) == {"demo-0.1.tar.gz", "demo-0.1-py3-none-any.whl"}
        changed = described()
        del changed["releases"]["1.1"]
        world.pages[f"https://{PYPI.main_host}/pypi/demo/json"] = Page(body=json.dumps(changed).encode())
        assert index(tmp_path, "import", "demo") == 0
        assert kept().is_burnt("demo-1.1.tar.gz")  # it was deleted meanwhile

    @pytest.mark.parametrize(
        "changes",
        [
            {"url": "javascript:alert(1)"},
            {"filename": "../demo-1.0.tar.gz"},
            {"filename": "demo-1.0.tar.gz\x1b[31m"},
            {"digests": {"sha256": SHA}},
            {"digests": {"sha256": "no", "blake2b_256": BLAKE}},
        ],
    )
    def test_files_that_cannot_be_are_left_out(
        self, tmp_path: Path, kept: Kept, world: World, capsys: pytest.CaptureFixture[str], changes: dict[str, Any]
    ) -> None:
        answer(world, PYPI.simple_url, f"https://{PYPI.main_host}/pypi/demo/json")
        odd = described()
        odd["releases"] = {"1.0": [row(WHEEL, 2), {**row(SDIST, 1), **changes}]}
        world.pages[f"https://{PYPI.main_host}/pypi/demo/json"] = Page(body=json.dumps(odd).encode())
        assert index(tmp_path, "import", "demo") == 0
        told = capsys.readouterr().out
        assert "Left out, as too little is told of them: " in told
        assert "\x1b" not in told
        assert [file.filename for file in kept().files("demo")] == [WHEEL]

    def test_a_project_of_thousands_of_files_takes_seconds(self, tmp_path: Path, kept: Kept, world: World) -> None:
        answer(world, PYPI.simple_url, f"https://{PYPI.main_host}/pypi/demo/json")
        many = described()
        many["releases"] = {f"1.{minor}": [big_row(minor)] for minor in range(4000)}
        world.pages[f"https://{PYPI.main_host}/pypi/demo/json"] = Page(body=json.dumps(many).encode())
        start = time.monotonic()
        for _ in range(2):
            assert index(tmp_path, "import", "demo") == 0
        assert time.monotonic() - start < 30
        assert len(kept().files("demo")) == 4000

    def test_of_testpypi(self, tmp_path: Path, kept: Kept, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", MIRROR)
        answer(world, TEST.simple_url, f"https://{TEST.main_host}/pypi/demo/json")
        assert index(tmp_path, "import", "demo", "--index", "testpypi") == 0
        assert kept("testpypi").project("demo")
        assert kept().project("demo") is None

    def test_a_name_that_nobody_has(self, tmp_path: Path, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        assert index(tmp_path, "import", "nobody") == 2
        assert capsys.readouterr().err.startswith("error: PyPI has no project nobody.")
        assert world.urls == [f"{PYPI.simple_url}nobody/"]
        assert not (tmp_path / ".pysim").exists()

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"<html>", "gives no JSON of demo"),
            (b'{"files": [7]}', "is not that of a package index"),
            (b'{"name": "other", "files": []}', "is not that of a package index"),
        ],
    )
    def test_answers_that_are_none(
        self, tmp_path: Path, world: World, capsys: pytest.CaptureFixture[str], body: bytes, said: str
    ) -> None:
        world.pages[f"{PYPI.simple_url}demo/"] = Page(body=body)
        assert index(tmp_path, "import", "demo") == 2
        told = capsys.readouterr().err
        assert told.startswith("error: PyPI could not be read: ")
        assert said in told

    def test_an_index_that_cannot_be_reached(
        self, tmp_path: Path, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        world.refused.add(PYPI.main_host)
        assert index(tmp_path, "import", "demo") == 2
        told = capsys.readouterr().err
        assert f"PyPI could not be read: {PYPI.main_host} did not answer" in told
        assert "You may declare by hand which versions of the project are there." in told


class Dripping:
    """A server of one connection that says a byte at a time, without end; `start` comes first, at once."""

    def __init__(self, start: bytes, drop: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._start, self._drop, self._end = start, drop, threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/simple/"

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(self._start)
            while not self._end.wait(0.01):
                connection.sendall(self._drop)

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        self._listener.close()


OK: Final = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize("start", [OK, OK + b"Content-Type: application/json\r\nContent-Length: 99999\r\n\r\n"])
@pytest.mark.parametrize("inside_a_loop", [False, True])
def test_a_server_that_never_ends_is_left(start: bytes, inside_a_loop: bool) -> None:
    """Every byte comes in time: none of the limits of a single answer is reached."""
    server = Dripping(start, b"a")
    outside = Outside(offline=False, proxies={}, trust=ssl.create_default_context)

    async def within() -> None:
        read_project(outside, PYPI, [server.url], "demo", limits=Limits(seconds=0.3))

    def read() -> None:
        asyncio.run(within()) if inside_a_loop else read_project(
            outside, PYPI, [server.url], "demo", limits=Limits(seconds=0.3)
        )

    try:
        with pytest.raises(TwinError, match=r"127\.0\.0\.1 takes longer than 0\.3 s in all"):
            read()
    finally:
        server.close()
