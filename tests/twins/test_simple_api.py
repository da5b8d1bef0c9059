"""The simple API and the host of files: what installers read, in both forms."""

from __future__ import annotations

import hashlib
import html
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest

from simulator.indexes import Index, indexes
from simulator.twins.pypi.catalogue import Elsewhere, Status

from .baselines import change, imported
from .distributions import Form, metadata, sdist_form
from .driving import Job, Rig, Start
from .index_pages import address, demo, release, upload, yank
from .upstream import connected
from .world import Page, World

PYPI, TEST = indexes()["pypi"], indexes()["testpypi"]
JSON, V1_HTML = "application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.v1+html"
PIP = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
UV = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
DIGEST = hashlib.sha256(metadata("demo", "0.1.0").encode()).hexdigest()


@pytest.fixture
def job(rig: Rig) -> Job:
    """A job of an index that has a wheel and an sdist of demo 0.1.0."""
    job = rig.job()
    upload(rig, job, Form().but(name="Demo", requires_python=">=3.9,<4"))
    upload(rig, job, sdist_form())
    return job


@pytest.fixture
def world() -> Iterator[World]:
    """The network outside."""
    world = World(PYPI.main_host, PYPI.files_host, "mirror.example")
    yield world
    world.close()


def page(job: Job, accept: str = JSON, index: Index = PYPI, name: str = "demo") -> httpx.Response:
    return job.http.get(f"{index.simple_url}{name}/", headers={"accept": accept})


class Anchors(HTMLParser):
    """The attributes of each link, by its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}
        self.meta: dict[str | None, str | None] = {}
        self._attributes: dict[str, str | None] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._attributes = dict(attrs)
        elif tag == "meta":
            self.meta[dict(attrs)["name"]] = dict(attrs)["content"]

    def handle_data(self, data: str) -> None:
        if self._attributes is not None:
            self.found[data] = self._attributes
            self._attributes = None


class TestJson:
    def test_all_that_is_said_of_a_project(self, job: Job) -> None:
        answer = page(job)
        assert answer.headers["content-type"] == JSON
        said = answer.json()
        files = said.pop("files")
        serial = said["meta"].pop("_last-serial")
        assert said == {
            "meta": {"api-version": "1.4"},
            "name": "demo",
            "project-status": {"status": "active"},
            "versions": ["0.1.0"],
        }
        assert serial == int(answer.headers["x-pypi-last-serial"]) > 0
        whole, packed = Form(), sdist_form()
        assert files == [
            {
                "filename": whole.filename,
                "url": address(PYPI, whole.content, whole.filename),
                "hashes": {"sha256": hashlib.sha256(whole.content).hexdigest()},
                "requires-python": ">=3.9,<4",
                "size": len(whole.content),
                "upload-time": "2026-09-21T14:13:20.000000Z",
                "yanked": False,
                "data-dist-info-metadata": {"sha256": DIGEST},
                "core-metadata": {"sha256": DIGEST},
                "provenance": None,
            },
            {
                "filename": packed.filename,
                "url": address(PYPI, packed.content, packed.filename),
                "hashes": {"sha256": hashlib.sha256(packed.content).hexdigest()},
                "requires-python": ">=3.9,<4",
                "size": len(packed.content),
                "upload-time": "2026-09-21T14:13:20.000000Z",
                "yanked": False,
                "data-dist-info-metadata": False,
                "core-metadata": False,
                "provenance": None,
            },
        ]

    def test_files_are_in_order_of_their_versions(self, rig: Rig, job: Job) -> None:
        for version in ("0.10.0", "0.2.0", "0.2.0rc1"):
            upload(rig, job, release("demo", version))
        said = page(job).json()
        assert said["versions"] == ["0.1.0", "0.2.0rc1", "0.2.0", "0.10.0"]
        assert [file["filename"].split("-")[1].removesuffix(".tar.gz") for file in said["files"]] == [
            "0.1.0",
            "0.1.0",
            "0.2.0rc1",
            "0.2.0",
            "0.10.0",
        ]

    def test_a_change_has_a_higher_serial(self, rig: Rig, job: Job) -> None:
        before = page(job).json()["meta"]["_last-serial"]
        upload(rig, job, release("other"))
        assert page(job).json()["meta"]["_last-serial"] == before
        assert page(job, name="other").json()["meta"]["_last-serial"] > before

    def test_yanked_says_why(self, rig: Rig, job: Job) -> None:
        for reason, said in (("", True), ('it "breaks" <all>', 'it "breaks" <all>')):
            change(rig, lambda catalogue, reason=reason: yank(catalogue, reason))  # type: ignore[misc]
            assert {file["yanked"] for file in page(job).json()["files"]} == {said}

    def test_the_list_of_projects(self, job: Job) -> None:
        said = job.http.get(PYPI.simple_url, headers={"accept": JSON}).json()
        serial = page(job).json()["meta"]["_last-serial"]
        assert said["projects"] == [{"name": "demo", "_last-serial": serial}]
        assert said["meta"] == {"api-version": "1.4", "_last-serial": serial}


class TestHtml:
    def test_it_says_what_json_says(self, rig: Rig, job: Job) -> None:
        change(rig, lambda catalogue: yank(catalogue, 'it "breaks" <all>'))
        said = page(job).json()
        text = page(job, "text/html").text
        anchors = Anchors(text)
        assert anchors.meta == {"pypi:repository-version": "1.4", "pypi:project-status": "active"}
        assert text.endswith(f"<!--SERIAL {said['meta']['_last-serial']}-->")
        assert list(anchors.found) == [file["filename"] for file in said["files"]]
        whole, packed = anchors.found.values()
        assert whole == {
            "href": f"{said['files'][0]['url']}#sha256={said['files'][0]['hashes']['sha256']}",
            "data-requires-python": ">=3.9,<4",
            "data-dist-info-metadata": f"sha256={DIGEST}",
            "data-core-metadata": f"sha256={DIGEST}",
            "data-yanked": 'it "breaks" <all>',
        }
        assert packed.keys() == {"href", "data-requires-python", "data-yanked"}
        assert 'data-requires-python="&gt;=3.9,&lt;4"' in text
        assert html.escape('it "breaks" <all>') in text
        assert "<all>" not in text

    def test_the_list_of_projects(self, rig: Rig, job: Job) -> None:
        upload(rig, job, release("my_x").but(name="My.X"))
        text = job.http.get(PYPI.simple_url).text
        assert Anchors(text).found == {"demo": {"href": "/simple/demo/"}, "My.X": {"href": "/simple/my-x/"}}
        assert re.search(r"<!--SERIAL \d+-->$", text)


class TestNegotiation:
    @pytest.mark.parametrize(
        ("accept", "kind"),
        [
            ("", "text/html"),
            ("*/*", "text/html"),
            ("text/html", "text/html"),
            ("application/xml", "text/html"),
            ("application/json", "text/html"),
            (V1_HTML, V1_HTML),
            (JSON, JSON),
            (PIP, JSON),
            (UV, JSON),
            (f"{JSON};q=0.1, text/html", "text/html"),
            (f"{JSON};q=0, {V1_HTML};q=0.5", V1_HTML),
        ],
    )
    def test_the_form_is_that_which_the_client_prefers(self, job: Job, accept: str, kind: str) -> None:
        for url in (PYPI.simple_url, f"{PYPI.simple_url}demo/"):
            answer = job.http.get(url, headers={"accept": accept})
            assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, kind)
            assert answer.text.startswith("{" if kind == JSON else "<!DOCTYPE html>")

    def test_headers(self, job: Job) -> None:
        headers = page(job).headers
        assert {name: headers[name] for name in headers if name.startswith(("access-", "cache", "vary"))} == {
            "access-control-allow-methods": "GET",
            "access-control-allow-origin": "*",
            "access-control-expose-headers": "X-PyPI-Last-Serial",
            "access-control-max-age": "86400",
            "cache-control": "max-age=600, public",
            "vary": "Accept",
        }

    def test_names_have_one_address(self, job: Job) -> None:
        for url, place in (
            (f"{PYPI.simple_url}Demo/", "/simple/demo/"),
            (f"{PYPI.simple_url}demo", "/simple/demo/"),
            (PYPI.simple_url.rstrip("/"), "/simple/"),
        ):
            answer = job.http.get(url)
            assert (answer.status_code, answer.headers["location"]) == (301, place)

    def test_what_is_not_there(self, start: Start, world: World) -> None:
        answer = page(connected(start, world, index_url="https://mirror.example/simple").job(), name="nobody")
        assert (answer.status_code, answer.text) == (404, "404 Not Found")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


class TestStatus:
    def test_an_archived_project_can_be_installed(self, rig: Rig, job: Job) -> None:
        change(rig, lambda catalogue: catalogue.set_status(demo(catalogue), Status.ARCHIVED))
        assert page(job).json()["project-status"] == {"status": "archived"}
        assert len(page(job).json()["files"]) == 2
        assert 'content="archived"' in page(job, "text/html").text

    def test_a_quarantined_one_vanishes(self, rig: Rig, job: Job) -> None:
        change(rig, lambda catalogue: catalogue.set_status(demo(catalogue), Status.QUARANTINED))
        said = page(job).json()
        assert (said["project-status"], said["files"], said["versions"]) == ({"status": "quarantined"}, [], [])
        assert job.http.get(PYPI.simple_url, headers={"accept": JSON}).json()["projects"] == []
        assert "<a " not in page(job, "text/html").text


class TestFiles:
    def test_are_where_the_page_says(self, job: Job) -> None:
        for file, form in zip(page(job).json()["files"], (Form(), sdist_form()), strict=True):
            answer = job.http.get(file["url"])
            assert (answer.status_code, answer.content) == (200, form.content)
            part = job.http.get(file["url"], headers={"range": "bytes=2-5"})
            assert (part.status_code, part.content) == (206, form.content[2:6])
            head = job.http.head(file["url"])
            assert (head.status_code, int(head.headers["content-length"])) == (200, len(form.content))

    def test_the_metadata_of_a_wheel_is_beside_it(self, job: Job) -> None:
        whole, packed = page(job).json()["files"]
        answer = job.http.get(f"{whole['url']}.metadata")
        assert answer.text == metadata("demo", "0.1.0")
        assert hashlib.sha256(answer.content).hexdigest() == whole["core-metadata"]["sha256"]
        assert job.http.get(f"{packed['url']}.metadata").status_code == 404

    def test_have_an_address_without_a_digest(self, job: Job) -> None:
        for form in (Form(), sdist_form()):
            answer = job.http.get(PYPI.readable_file_url("demo", form.filename))
            assert (answer.status_code, answer.headers["location"]) == (
                302,
                address(PYPI, form.content, form.filename),
            )

    def test_are_on_the_main_host_where_no_other_is_known(self) -> None:
        script = (
            "import sys; sys.modules['pip'] = None\n"
            "from simulator.indexes import indexes\n"
            "assert all(each.files_host == each.main_host for each in indexes().values())\n"
        )
        subprocess.run([sys.executable, "-c", script], check=True)

    def test_of_testpypi_are_on_a_host_of_their_own(self, rig: Rig) -> None:
        job = rig.job()
        upload(rig, job, Form(), "testpypi")
        (file,) = page(job, index=TEST).json()["files"]
        assert file["url"] == address(TEST, Form().content, Form().filename)
        assert TEST.files_host != PYPI.files_host
        assert job.http.get(file["url"]).content == Form().content
        assert job.http.get(file["url"].replace(TEST.files_host, PYPI.files_host)).status_code == 502  # it is offline
        assert page(job).status_code == 404

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
    def test_cannot_be_written(self, job: Job, method: str) -> None:
        answer = job.http.request(method, address(PYPI, Form().content, Form().filename), content=b"x")
        assert (answer.status_code, "pysim lets no job write" in answer.text) == (403, True)

    def test_that_are_not_of_this_run_come_from_the_real_host(self, start: Start, world: World) -> None:
        rig = connected(start, world)
        job = rig.job()
        upload(rig, job, Form())
        other = address(PYPI, b"other bytes", Form().filename)
        for url in (other, f"{other}.metadata", address(PYPI, b"", "x-1.tar.gz")):
            world.pages[url] = Page(body=b"real")
            assert job.http.get(url, headers={"authorization": "Basic eDp5"}).content == b"real"
        assert world.urls == list(world.pages)
        assert not any("authorization" in asked.headers for asked in world.asked)

    def test_of_the_real_index_are_known_here_and_are_there(self, start: Start, world: World) -> None:
        rig = connected(start, world)
        url = address(PYPI, Form().content, Form().filename)
        place = Elsewhere(url=url, provenance="https://index.example/provenance")
        change(rig, lambda catalogue: imported(catalogue, place))
        job = rig.job()
        (file,) = page(job).json()["files"]
        assert (file["url"], file["provenance"]) == (url, "https://index.example/provenance")
        assert 'data-provenance="https://index.example/provenance"' in page(job, "text/html").text
        for at in (url, f"{url}.metadata"):
            world.pages[at] = Page(body=b"real")
            assert job.http.get(at).content == b"real"
