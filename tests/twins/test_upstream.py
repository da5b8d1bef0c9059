"""What is read from the real network, and that nothing else is: through a proxy that sees all of it."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from simulator.indexes import indexes
from simulator.run_events import TwinRequest
from simulator.twins.base import PublishedFile, Publisher
from simulator.twins.git import WANTS_LIMIT
from simulator.twins.pypi.baseline import changing

from .connections import ask, client_hello, knock
from .distributions import Form, wheel
from .driving import Job, Rig, Start, publisher
from .upstream import connected
from .world import Page, World

PYPI, TEST = indexes()["pypi"], indexes()["testpypi"]
MIRROR, EXTRA = "https://mirror.example/simple", "https://extra.example/simple/"


@pytest.fixture
def world() -> Iterator[World]:
    world = World("github.com", PYPI.main_host, TEST.main_host, "mirror.example", "extra.example", "example.org")
    yield world
    world.close()


@pytest.fixture
def online(start: Start, world: World) -> Rig:
    return connected(start, world)


def project(index_url: str, name: str) -> str:
    return f"{index_url.rstrip('/')}/{name}/"


class TestOtherProjects:
    def test_are_read_from_the_real_index(self, online: Rig, world: World) -> None:
        page = Page(body=gzip.compress(b"links"), headers={"content-encoding": "gzip", "x-serial": "7"})
        world.pages[project(PYPI.simple_url, "other")] = page
        headers = {"authorization": "Basic eDp5", "accept": "application/vnd.pypi.simple.v1+json"}
        answer = online.job().http.get(project(PYPI.simple_url, "other"), headers=headers)
        assert (answer.status_code, answer.text, answer.headers["x-serial"]) == (200, "links", "7")
        (asked,) = world.asked
        assert asked.headers["accept"] == headers["accept"]
        assert "authorization" not in asked.headers
        assert [event.twin for event in online.seen(TwinRequest)] == ["outside"]

    def test_get_no_header_that_the_client_did_not_send(self, online: Rig, world: World) -> None:
        job = online.job()
        request = httpx.Request("GET", project(PYPI.simple_url, "other"))
        job.http.send(request)
        assert world.asked[0].headers.keys() == {"host"}

    def test_of_this_run_are_read_here_alone(self, online: Rig, world: World) -> None:
        job = online.job()
        upload(online, job)
        for url in (project(PYPI.simple_url, "demo"), f"https://{PYPI.main_host}/pypi/demo/json"):
            assert job.http.get(url).status_code == 200
        assert world.asked == []

    def test_of_testpypi_come_from_testpypi(self, start: Start, world: World) -> None:
        rig = connected(start, world, index_url=MIRROR)
        world.pages[project(TEST.simple_url, "other")] = Page()
        assert rig.job().http.get(project(TEST.simple_url, "other")).text == "outside"

    def test_are_redirected_to_the_machines_index(self, start: Start, world: World) -> None:
        rig = connected(start, world, index_url=MIRROR, extra_index_urls=[EXTRA, "file:///somewhere"])
        world.pages[project(MIRROR, "one")] = Page()
        world.pages[project(EXTRA, "two")] = Page()
        job = rig.job()
        for name, place in (("one", MIRROR), ("two", EXTRA), ("One", MIRROR), ("ONE", MIRROR)):
            answer = job.http.get(project(PYPI.simple_url, name))
            assert (answer.status_code, answer.headers["location"]) == (302, project(place, name.lower()))
        assert job.http.get(project(PYPI.simple_url, "three")).status_code == 404
        assert not [url for url in world.urls if PYPI.main_host in url]

    def test_may_be_on_an_extra_index_alone(self, start: Start, world: World) -> None:
        rig = connected(start, world, extra_index_urls=[EXTRA])
        world.pages[project(EXTRA, "two")] = Page()
        world.pages[project(PYPI.simple_url, "one")] = Page()
        job = rig.job()
        assert job.http.get(project(PYPI.simple_url, "one")).text == "outside"
        assert job.http.get(project(PYPI.simple_url, "two")).headers["location"] == project(EXTRA, "two")

    def test_come_from_the_real_index_when_that_is_the_machines(self, start: Start, world: World) -> None:
        rig = connected(start, world, index_url=PYPI.simple_url)
        world.pages[project(PYPI.simple_url, "one")] = Page()
        assert rig.job().http.get(project(PYPI.simple_url, "one")).text == "outside"

    def test_follow_an_index_that_does_not_answer(self, start: Start, world: World) -> None:
        rig = connected(start, world, index_url=MIRROR, extra_index_urls=[EXTRA])
        world.refused.add("mirror.example")
        answer = rig.job().http.get(project(PYPI.simple_url, "one"))
        assert answer.headers["location"] == project(MIRROR, "one")  # and the client says what is wrong there

    def test_are_not_there_offline(self, rig: Rig) -> None:
        answer = rig.job().http.get(project(PYPI.simple_url, "other"))
        assert (answer.status_code, "offline" in answer.text) == (404, True)
        json = rig.job("b").http.get(f"https://{PYPI.main_host}/pypi/other/json")
        assert (json.status_code, json.json()) == (404, {"message": "Not Found"})


def upload(rig: Rig, job: Job) -> None:
    auth = ("__token__", rig.twins.upload_token("pypi"))
    assert job.http.post(PYPI.upload_url, data=Form().data, files=Form().files, auth=auth).is_success


def held_files(rig: Rig) -> tuple[PublishedFile, ...]:
    return tuple(file for held in rig.twins.released() for file in held.files)


class TestWhatIsReleasedAlready:
    def test_is_told_by_name_where_its_content_differs(self, online: Rig, world: World) -> None:
        upload(online, online.job())
        (file,) = online.twins.published()
        page = project(PYPI.simple_url, file.project)
        assert held_files(online) == ()
        for links, found in (
            (f'<a href="/f/{file.filename}#sha256={"0" * 64}">x</a>', (file,)),
            (f"<a href='/f/{file.filename}'>x</a>", (file,)),
            (f'<a href="/f/{file.filename}#sha256={file.sha256}">x</a>', ()),
            (f'<a href="/f/other-{file.filename}#sha256={"0" * 64}">x</a>', ()),
        ):
            world.pages[page] = Page(body=links.encode())
            assert held_files(online) == found
        assert all("authorization" not in asked.headers for asked in world.asked)
        world.refused.add(PYPI.main_host)
        assert held_files(online) == ()

    @pytest.mark.parametrize(
        ("publishers", "strange"),
        [
            ([], True),
            ([publisher(index="testpypi")], True),
            ([publisher(pending=True)], True),
            ([publisher()], False),
        ],
    )
    def test_a_project_that_pysim_was_not_told_of_is_strange(
        self, start: Start, world: World, publishers: list[Publisher], strange: bool
    ) -> None:
        world.pages[project(PYPI.simple_url, "demo")] = Page(body=b"<html></html>")
        rig = connected(start, world, publishers=publishers)
        upload(rig, rig.job())
        (held,) = rig.twins.released()
        assert (held.index, held.project, held.strange) == ("pypi", "demo", strange)

    def test_a_project_that_is_kept_is_not(self, start: Start, world: World, tmp_path: Path) -> None:
        with changing(tmp_path / "baseline") as stores, stores["pypi"].transaction() as catalogue:
            catalogue.add_project("demo")
        world.pages[project(PYPI.simple_url, "demo")] = Page(body=b"<html></html>")
        rig = connected(start, world)
        upload(rig, rig.job())
        (held,) = rig.twins.released()
        assert not held.strange

    def test_is_looked_for_on_the_machines_index(self, start: Start, world: World) -> None:
        rig = connected(start, world, index_url=MIRROR)
        upload(rig, rig.job())
        (file,) = rig.twins.published()
        world.pages[project(MIRROR, file.project)] = Page(body=f'"../{file.filename}#sha256=0"'.encode())
        assert held_files(rig) == (file,)
        assert not [url for url in world.urls if PYPI.main_host in url]

    def test_is_not_looked_for_offline(self, start: Start, world: World) -> None:
        rig = connected(start, world, offline=True)
        upload(rig, rig.job())
        assert (rig.twins.released(), world.asked) == ((), [])


def test_pages_of_the_real_index_are_read_and_never_written(online: Rig, world: World) -> None:
    url = f"https://{PYPI.main_host}/project/other/?tab=files"
    world.pages[url] = Page(body=b"page")
    http = online.job().http
    assert http.get(url).text == "page"
    assert http.head(url).headers["content-length"] == "4"
    assert http.post(url).status_code == 403
    assert http.put(f"https://{PYPI.main_host}/simple/other/").status_code in {403, 405}
    assert [asked.method for asked in world.asked] == ["GET", "HEAD"]


@pytest.mark.parametrize("host", sorted({PYPI.upload_host, *PYPI.former_hosts, *TEST.former_hosts}))
def test_upload_hosts_are_not_even_read(online: Rig, world: World, host: str) -> None:
    http = online.job().http
    for path in ("/", "/legacy/", "/_/oidc/audience", "/_/x", "/project/x/"):
        http.get(f"https://{host}{path}")
    assert world.asked == []


@pytest.mark.parametrize("host", [PYPI.main_host, TEST.main_host])
def test_the_token_service_of_an_index_is_not_even_read(online: Rig, world: World, host: str) -> None:
    http = online.job().http
    for path in ("/_/oidc/mint-token", "/_/oidc/github/mint-token", "/_/x", "/legacy/", "/legacy/x"):
        url = f"https://{host}{path}"
        assert http.get(url).status_code in ({200} if url == TEST.upload_url else {404, 405})  # the page about uploads
    assert world.asked == []


class TestOtherRepositories:
    URL = "https://github.com/other/one"

    def test_are_read_with_credentials(self, online: Rig, world: World) -> None:
        world.pages[f"{self.URL}/info/refs?service=git-upload-pack"] = Page()
        headers = {"authorization": "Basic eDp5", "git-protocol": "version=2"}
        answer = online.job().http.get(f"{self.URL}/info/refs?service=git-upload-pack", headers=headers)
        assert answer.text == "outside"
        assert headers.items() <= world.asked[0].headers.items()

    def test_are_read_without_those_that_github_refuses(self, online: Rig, world: World) -> None:
        url = f"{self.URL}/git-upload-pack"
        world.pages[url] = Page()
        world.private.add(url)
        answer = online.job().http.post(url, content=b"wants", headers={"authorization": "Basic eDp5"})
        assert answer.text == "outside"
        assert [("authorization" in asked.headers, asked.body) for asked in world.asked] == [
            (True, b"wants"),
            (False, b"wants"),
        ]

    def test_are_not_asked_for_more_than_a_client_wants(self, online: Rig, world: World) -> None:
        wants = (bytes(1 << 20) for _ in range(WANTS_LIMIT // (1 << 20) + 1))
        assert online.job().http.post(f"{self.URL}/git-upload-pack", content=wants, timeout=60).status_code == 413
        assert world.asked == []

    def test_are_never_written(self, online: Rig, world: World) -> None:
        http = online.job().http
        assert http.post(f"{self.URL}/git-receive-pack", content=b"x").status_code == 403
        assert http.post("https://github.com/other/one/issues", content=b"x").status_code == 403
        assert world.asked == []

    def test_releases_of_the_rehearsed_one_are_read(self, online: Rig, world: World) -> None:
        url = "https://github.com/octo/demo/releases/download/v1/x.tar.gz"
        world.pages[url] = Page()
        assert online.job().http.get(url).text == "outside"


def test_an_upstream_that_does_not_answer(online: Rig, world: World) -> None:
    world.refused.add("github.com")
    answer = online.job().http.get("https://github.com/other/one")
    assert (answer.status_code, "could not reach github.com" in answer.text) == (502, True)


def test_hosts_outside_keep_their_own_tls(online: Rig, world: World) -> None:
    world.pages["https://example.org/x"] = Page(body=hashlib.shake_128(b"").digest(3_000_000))
    job = online.job()
    answer = job.http.get("https://example.org/x")  # its certificate is the world's, which the bundle holds
    assert answer.content == world.pages["https://example.org/x"].body
    big = hashlib.shake_128(b"x").digest(3_000_000)
    assert job.http.post("https://example.org/x", content=big).status_code == 200
    assert world.asked[-1].body == big
    assert {(event.method, event.path, event.status) for event in online.seen(TwinRequest)} == {
        ("CONNECT", "example.org:443", 200)
    }


def test_a_host_outside_that_does_not_answer(online: Rig, world: World) -> None:
    world.refused.add("example.org")
    job = online.job()
    assert knock(job.access.gateway, 443, client_hello(b"example.org")) == b""
    assert [(event.host, event.status) for event in online.seen(TwinRequest)] == [("example.org", 502)]


def test_plain_http_goes_out_request_by_request(online: Rig, world: World) -> None:
    world.pages["http://example.org/x?q=%20a"] = Page(status=206, headers={"content-range": "bytes 0-1/9"})
    job = online.job()
    chunks = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    head = b"PUT /x?q=%20a HTTP/1.1\r\nHost: Example.org\r\nRange: bytes=0-1\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = ask(job.access.gateway, 80, head + chunks)
    assert answer.startswith(b"HTTP/1.1 206 ")
    assert b"content-range: bytes 0-1/9\r\n" in answer
    (asked,) = world.asked
    assert (asked.method, asked.body, asked.headers["range"]) == ("PUT", b"hello world", "bytes=0-1")
    assert [(event.twin, event.path, event.status) for event in online.seen(TwinRequest)] == [("outside", "/x", 206)]


def test_an_index_on_this_machine_may_be_reached_and_nothing_else_there(start: Start, world: World) -> None:
    rig = start(offline=False, index_url=f"http://127.0.0.1:{world.port}/simple", ports=(80, 443, 8080))
    assert world.port in rig.twins.ports
    world.pages[f"http://127.0.0.1:{world.port}/simple/one/"] = Page()
    job = rig.job()
    request = b"GET /simple/one/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n"
    assert ask(job.access.gateway, world.port, request % world.port).endswith(b"outside")
    assert b" 403 " in ask(job.access.gateway, 8080, request % 8080)


@pytest.mark.clients
def test_pip_follows_to_the_machines_index(start: Start, world: World, python: str) -> None:
    rig = connected(start, world, index_url=MIRROR)
    name = "other-1.0-py3-none-any.whl"
    world.pages[project(MIRROR, "other")] = Page(
        body=f'<a href="../../files/{name}">{name}</a>'.encode(), headers={"content-type": "text/html"}
    )
    world.pages[f"https://mirror.example/files/{name}"] = Page(body=wheel("other", "1.0"))
    job = rig.job()
    upload(rig, job)
    env = {"PIP_INDEX_URL": PYPI.simple_url, "PIP_CONFIG_FILE": "/dev/null", "PIP_NO_CACHE_DIR": "1"}
    done: subprocess.CompletedProcess[str] = job.run(
        python, "-m", "pip", "download", "-q", "-d", "got", "other", "demo", env=env
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (job.folder / "got").iterdir()} == {name, Form().filename}
