"""What clients send to an index, and what the real one sends: no bytes bring up an exception that nobody names."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import TwinError, UsageError
from simulator.indexes import indexes
from simulator.twins.outside import Outside
from simulator.twins.pypi.real_index import read_project
from tests.fuzzing import fuzzed_slowly, json_objects, json_values, written

from .desk import Desk
from .distributions import Form, sdist, sdist_form, wheel

PYPI: Final = indexes()["pypi"]
TRUST: Final = ssl.create_default_context()  # slow to make
UPLOAD = [
    ":action", "file_upload", "protocol_version", "1", "name", "version", "filetype", "pyversion", "metadata_version",
    "2.1", "2.4", "bdist_wheel", "sdist", "py3", "source", "md5_digest", "sha256_digest", "blake2_256_digest",
    "summary", "classifiers", "requires_dist", "requires_python", "description", "description_content_type",
    "text/markdown", "project_urls", "license_expression", "license_file", "dynamic", "attestations", "keywords",
    "author_email", "maintainer_email", "provides_extra", "platform", "comment", "MIT", ">=3", "[{}]", "[1]", "{}",
    "demo", "0.1.0", "a,b", "x;y=='z'", "http://x",
]  # fmt: skip
TEXTS = st.sampled_from(UPLOAD) | st.text(max_size=10) | st.sampled_from(["9" * 5000, "\0", "\x85", "a" * 600, "1!2.3"])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Its application has nothing around it that would catch an exception."""
    with Desk(tmp_path_factory.mktemp("fuzzed-index")) as made:
        yield made


@fuzzed_slowly
@given(st.dictionaries(st.sampled_from(UPLOAD), TEXTS | st.lists(TEXTS, max_size=3), max_size=8))
def test_forms_of_uploads(desk: Desk, fields: dict[str, Any]) -> None:
    form, auth = Form(), ("__token__", desk.user_token())
    sent = {**form.data, **fields}
    assert desk.ask("POST", desk.index.upload_url, data=sent, files=form.files, auth=auth).status_code != 500
    assert desk.ask("POST", desk.index.upload_url, data=sent, auth=auth).status_code != 500


PARTS = [
    "--b", "--", '"', ";", "=", "ü", 'name=":action"', 'name="content"', 'filename="a"', "filename*=x", "utf-7",
    "file_upload", "\r\n", "\n", "\r\n\r\n", "\0", "Content-Disposition: form-data; ",
    "Content-Type: text/plain; charset=", "Content-Transfer-Encoding: base64",
]  # fmt: skip
KINDS = ["multipart/form-data; boundary=b", "multipart/form-data", "multipart/form-data; boundary=", "a/b"]


@fuzzed_slowly
@given(written(PARTS), st.sampled_from([*KINDS, "application/x-www-form-urlencoded"]))
def test_bodies_of_uploads(desk: Desk, body: bytes, kind: str) -> None:
    auth = ("__token__", desk.user_token())
    for content in (body, b"--b\r\n" + body + b"\r\n--b--\r\n"):
        answer = desk.ask("POST", PYPI.upload_url, content=content, headers={"content-type": kind}, auth=auth)
        assert answer.status_code != 500


@fuzzed_slowly
@given(
    json_values(["token", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "success"]).map(json.dumps).map(str.encode) | st.binary()
)
def test_exchanges_of_tokens(desk: Desk, body: bytes) -> None:
    for path in ("mint-token", "github/mint-token", "burn-token"):
        assert desk.ask("POST", f"https://{PYPI.upload_host}/_/oidc/{path}", content=body).status_code != 500


WORDS = ["Basic ", "Bearer ", "token ", "pypi-", "AgEIcHlwaS5vcmc", "Og==", "X190b2tlbl9fOg==", "=", "_", "\x7f", "ü"]


@fuzzed_slowly
@given(st.lists(st.sampled_from(WORDS), max_size=8).map("".join))
def test_authorization_of_uploads(desk: Desk, given_value: str) -> None:
    form, headers = Form(), httpx.Headers({b"authorization": given_value.encode("latin-1")})
    assert desk.ask("POST", PYPI.upload_url, data=form.data, files=form.files, headers=headers).status_code != 500


@fuzzed_slowly
@given(st.booleans(), st.data())
def test_archives_of_uploads(desk: Desk, is_wheel: bool, data: st.DataObject) -> None:
    content = bytearray(wheel() if is_wheel else sdist())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
        content = content or bytearray(1)
    form = Form(content=bytes(content)) if is_wheel else Form(filename=sdist_form().filename, content=bytes(content))
    assert desk.upload(form, desk.user_token()).status_code != 500


PAGES = [
    "/simple/", "/pypi/", "/project/", "/packages/", "/integrity/", "/json", "demo", "0.1.0", "/", "..", "%00", "%ff",
    "?c=1", "/provenance", ".metadata", "?", "%2f", "٣",
]  # fmt: skip


@fuzzed_slowly
@given(st.lists(st.sampled_from([*PAGES, "a" * 300, "9" * 5000]), max_size=6).map("".join))
def test_pages_of_indexes(desk: Desk, path: str) -> None:
    for host in (PYPI.main_host, PYPI.upload_host):
        assert desk.ask("GET", f"https://{host}/{path.lstrip('/')}").status_code != 500


IMPORT = [
    "info", "name", "version", "releases", "urls", "files", "filename", "hashes", "sha256", "url", "size",
    "upload_time_iso_8601", "upload-time", "yanked", "yanked_reason", "requires-python", "core-metadata", "meta",
    "project-status", "status", "versions", "demo", "1.0", "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz", "digests",
    "blake2b_256", "md5", "packagetype", "last_serial", "ownership", "roles", "user", "2024-01-01T00:00:00Z", "a" * 64,
    f"https://x.example/packages/aa/bb/{'c' * 60}/demo-1.0.tar.gz",
]  # fmt: skip
ROWS = st.lists(json_objects(IMPORT), max_size=3)


class _Answering(BaseHTTPRequestHandler):
    content = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def source() -> Iterator[str]:
    """An index that answers everything with what it is told."""
    server = HTTPServer(("127.0.0.1", 0), _Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/simple/"
    server.shutdown()
    thread.join()
    server.server_close()


@fuzzed_slowly
@given(written(IMPORT), json_objects(IMPORT), ROWS, json_objects(IMPORT))
def test_imports_of_indexes(
    source: str, raw: bytes, info: dict[str, Any], rows: list[dict[str, Any]], whole: dict[str, Any]
) -> None:
    outside = Outside(offline=False, proxies={}, trust=lambda: TRUST)
    named = [{"filename": "demo-1.0.tar.gz", "hashes": {"sha256": "a" * 64}, "url": IMPORT[-1], **row} for row in rows]
    page = {"info": info, "files": named, "urls": named, "releases": {"1.0": named}, "versions": ["1.0"], "meta": {}}
    for content in (raw, json.dumps(whole).encode(), json.dumps(page).encode()):
        _Answering.content = content
        with contextlib.suppress(TwinError, UsageError):
            read_project(outside, PYPI, [source], "demo")
