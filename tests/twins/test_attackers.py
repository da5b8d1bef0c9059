"""What somebody may send who means harm: false tokens of every kind, names, forms, requests. Archives: test_bombs."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
import socket
import ssl
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from pymacaroons import Macaroon

from simulator.indexes import indexes
from simulator.run_events import FileUploaded, Notice
from simulator.twins.oidc import Issuer
from simulator.twins.pypi import twin, upload_form
from simulator.twins.pypi.tokens import mint_for_user

from .desk import Desk, minting_error, said
from .distributions import Form, sdist_form, wheel
from .driving import Rig, publisher
from .minting import caveats
from .uploading import INVALID, renamed

PYPI = indexes()["pypi"]
INVALID_TOKEN = ("invalid-token", "malformed or invalid token")
ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;!--"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path / "index", publishers=[publisher()]) as made:
        yield made


# ID tokens


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


@pytest.mark.parametrize(
    "body",
    [
        b'{"token": "' + b"a." * 200_000 + b'"}',
        b'{"token": ' + b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"token": {"a": 1}}',
        b"\xff\xfe",
        b'{"token": "\\u0000.\\u0000.\\u0000"}',
        b'{"token": "..", "token": 1}',
        json.dumps({"token": f"{_part({'alg': 'RS256'})}.{'W' * 200_000}.x"}).encode(),
    ],
    ids=lambda body: str(body[:18]),
)
def test_a_payload_that_is_made_to_break(desk: Desk, body: bytes) -> None:
    answer = desk.ask("POST", f"https://{PYPI.upload_host}/_/oidc/mint-token", content=body)
    assert minting_error(answer)[0] == "invalid-payload"


def test_a_claim_set_as_deep_as_can_be(desk: Desk) -> None:
    deep = base64.urlsafe_b64encode(b'{"iss":' * 30_000).decode().rstrip("=")
    token = f"{_part({'alg': 'RS256', 'kid': 'x'})}.{deep}.AAAA"
    assert minting_error(desk.mint(token)) == ("invalid-payload", "malformed JWT")


def test_a_token_is_exchanged_once_however_it_is_written(desk: Desk) -> None:
    token = desk.id_token()
    assert desk.mint(token).status_code == 200
    used = ("invalid-reuse-token", "invalid token: already used")
    assert minting_error(desk.mint(token)) == used
    desk.clock.now += 329
    assert minting_error(desk.mint(token)) == used
    desk.clock.now += 7  # it is forgotten, and has ended
    assert minting_error(desk.mint(token)) == INVALID_TOKEN


def rotate(issuer: Issuer) -> None:
    """Let the issuer sign with another key from now on."""
    issuer._key_id = "another"
    del issuer.__dict__["_key"]


def test_unknown_names_of_keys_keep_a_new_one_from_being_known_for_a_minute(desk: Desk) -> None:
    assert desk.mint().status_code == 200
    rotate(desk.issuer)
    for _ in range(3):
        assert minting_error(desk.mint()) == INVALID_TOKEN
    desk.clock.now += 59
    assert minting_error(desk.mint()) == INVALID_TOKEN
    desk.clock.now += 1
    assert desk.mint().status_code == 200


def test_what_no_publisher_fits_was_never_used(desk: Desk) -> None:
    """The index looks for the publisher before it looks whether the token was used, and at the event after it."""
    token = desk.id_token()
    assert desk.mint(token).status_code == 200
    desk.publishers.withdraw("pypi")
    assert minting_error(desk.mint(token))[0] == "invalid-publisher"
    desk.publishers.restore()
    assert minting_error(desk.mint(token))[0] == "invalid-reuse-token"


def test_the_token_of_another_run(desk: Desk) -> None:
    """Each run's issuer has a key of its own."""
    other = Issuer(desk.clock)
    header, claims = parts(desk.id_token())
    foreign = other.token({name: str(value) for name, value in claims.items() if name not in {"exp", "iat"}}, "pypi")
    assert minting_error(desk.mint(foreign)) == INVALID_TOKEN
    named = jwt.encode(claims, other._key, algorithm="RS256", headers=header)
    assert minting_error(desk.mint(named)) == INVALID_TOKEN


# Upload tokens


def rebuilt(token: str, *caveats: str, location: str | None = None, identifier: str | None = None) -> str:
    """A token with other caveats, signed with a key of the attacker's."""
    known = Macaroon.deserialize(token.removeprefix("pypi-"))
    made = Macaroon(
        location=location or known.location,
        identifier=identifier or known.identifier.decode(),
        key=b"attacker",
        version=2,
    )
    for caveat in caveats:
        made.add_first_party_caveat(caveat)
    return f"pypi-{made.serialize()}"


def with_signature(token: str, signature: str) -> str:
    made = Macaroon.deserialize(token.removeprefix("pypi-"))
    made.signature = signature
    return f"pypi-{made.serialize()}"


def test_caveats_cannot_be_left_out(desk: Desk) -> None:
    assert desk.upload(Form(), desk.user_token()).status_code == 200
    token = desk.minted()
    genuine = Macaroon.deserialize(token.removeprefix("pypi-"))
    said_by_index = (403, "Invalid API Token: signatures do not match")
    assert said(desk.upload(sdist_form(), rebuilt(token))) == said_by_index
    kept = [caveat.caveat_id for caveat in genuine.caveats]
    for left in (kept[:-1], kept[1:], kept[:1], list(reversed(kept))):
        forged = with_signature(rebuilt(token, *left), genuine.signature)
        assert said(desk.upload(sdist_form(), forged)) == said_by_index
    assert desk.upload(sdist_form(), token).status_code == 200


def test_a_caveat_that_allows_more_allows_nothing(desk: Desk) -> None:
    for name in ("demo", "other"):
        form = renamed(f"{name}-0.1.0-py3-none-any.whl", wheel(name), name=name)
        assert desk.upload(form, desk.user_token()).status_code == 200
    with desk.store.reading() as catalogue:
        other = catalogue.project("other")
        assert other
    macaroon = Macaroon.deserialize(desk.minted().removeprefix("pypi-"))
    for caveat in ([2, [other.id]], [1, ["other"]], [0, 2**40, 0]):
        macaroon.add_first_party_caveat(json.dumps(caveat))
    form = renamed("other-0.2.0-py3-none-any.whl", wheel("other", "0.2.0"), name="other", version="0.2.0")
    half = "OIDC scoped token is not valid for project 'other', project-scoped token is not valid for project: 'other'"
    assert said(desk.upload(form, f"pypi-{macaroon.serialize()}")) == (403, f"Invalid API Token: {half}, {half}")
    desk.clock.now += 901
    expired = said(desk.upload(sdist_form(), f"pypi-{macaroon.serialize()}"))
    assert expired[0] == 403
    assert "token is expired" in expired[1]


def test_a_token_with_a_seal_that_is_no_text_is_refused(desk: Desk) -> None:
    """In the older of both forms, the signature is any bytes of any length."""
    shown = Macaroon.deserialize(desk.user_token().removeprefix("pypi-"))
    shown = Macaroon(location="x", identifier=shown.identifier, key="k", version=1)
    data = base64.urlsafe_b64decode(shown.serialize() + "===")
    at = data.index(b"signature ") + len("signature ")
    for byte in (0x00, 0x41, 0x9E, 0xC3, 0xFF):
        changed = base64.urlsafe_b64encode(data[:at] + bytes([byte]) + data[at + 1 :]).decode().rstrip("=")
        assert said(desk.upload(Form(), f"pypi-{changed}"))[0] == 403


def test_a_broken_seal_is_not_spoken_of_where_more_is_wrong(desk: Desk) -> None:
    """The index tells of caveats first."""
    assert desk.upload(Form(), desk.user_token()).status_code == 200
    token = desk.minted()
    desk.clock.now += 900
    expired = (403, "Invalid API Token: token is expired, token is expired")
    forged = with_signature(token, "0" * 64)
    assert said(desk.upload(sdist_form(), forged)) == expired


def test_a_token_of_the_user_for_one_project(desk: Desk) -> None:
    for name in ("demo", "other"):
        form = renamed(f"{name}-0.1.0-py3-none-any.whl", wheel(name), name=name)
        assert desk.upload(form, desk.user_token()).status_code == 200
    with desk.store.transaction() as catalogue:
        project = catalogue.project("demo")
        assert project
        token = mint_for_user(catalogue, PYPI.main_host, [project])
    assert [caveat[0] for caveat in caveats(token)] == [1, 2]
    assert desk.upload(sdist_form(), token).status_code == 200
    form = renamed("other-0.2.0-py3-none-any.whl", wheel("other", "0.2.0"), name="other", version="0.2.0")
    wrong = ", ".join(["project-scoped token is not valid for project: 'other'"] * 4)
    assert said(desk.upload(form, token)) == (403, f"Invalid API Token: {wrong}")
    form = renamed("third-0.1.0-py3-none-any.whl", wheel("third"), name="third")
    assert said(desk.upload(form, token)) == (403, f"Invalid API Token: {wrong.replace('other', 'third')}")
    assert desk.get("/simple/third/").status_code == 404


def test_the_token_of_the_other_index_or_of_another_run(desk: Desk, tmp_path: Path) -> None:
    with Desk(tmp_path / "test", index="testpypi", publishers=[publisher(index="testpypi")]) as test:
        for token in (test.user_token(), test.minted()):
            assert said(desk.upload(Form(), token)) == (403, INVALID)
            moved = rebuilt(token, location=PYPI.main_host)
            assert said(desk.upload(Form(), moved)) == (403, INVALID)
    with Desk(tmp_path / "run-2", publishers=[publisher()]) as run:
        assert said(desk.upload(Form(), run.minted())) == (403, INVALID)


def test_the_token_of_a_publisher_that_is_a_day_old_at_six_is_unknown(desk: Desk) -> None:
    day, six = 86_400, 6 * 3600
    morning = desk.clock.now // day * day + six
    desk.clock.now = morning - 1
    first = desk.minted()
    desk.clock.now = morning + 1
    second = desk.minted()
    user = desk.user_token()
    assert desk.upload(Form(), user).status_code == 200
    desk.clock.now = morning + day - 1
    expired = (403, "Invalid API Token: token is expired, token is expired")
    for token in (first, second):
        assert said(desk.upload(sdist_form(), token)) == expired
    desk.clock.now = morning + day + 1
    assert said(desk.upload(sdist_form(), first)) == (403, INVALID)
    assert said(desk.upload(sdist_form(), second)) == expired
    desk.clock.now += day
    assert said(desk.upload(sdist_form(), second)) == (403, INVALID)
    assert desk.upload(sdist_form(), user).status_code == 200


# Names


NAMES = [
    "../demo-0.1.0-py3-none-any.whl",
    "/etc/demo-0.1.0-py3-none-any.whl",
    "..\\demo-0.1.0-py3-none-any.whl",
    "C:demo-0.1.0-py3-none-any.whl",
    "demo-0.1.0-py3-none-any.whl/../../x.whl",
    "%2e%2e%2fdemo-0.1.0-py3-none-any.whl",
    "..\N{FULLWIDTH SOLIDUS}demo-0.1.0-py3-none-any.whl",
    "..\N{DIVISION SLASH}demo-0.1.0-py3-none-any.whl",
    "\N{RIGHT-TO-LEFT OVERRIDE}demo-0.1.0-py3-none-any.whl",
    "..",
    ".whl",
    "",
    "demo-0.1.0-py3-none-any.whl\0.tar.gz",
    "demo\n-0.1.0-py3-none-any.whl",
    "~root-0.1.0-py3-none-any.whl",
    "$(id)-0.1.0-py3-none-any.whl",
    "demo-0.1.0-py3-none-any.whl.",
    "demo-0.1.0-py3-none-any.whl ",
    "d\N{CYRILLIC SMALL LETTER IE}mo-0.1.0-py3-none-any.whl",
    f"{'d' * 5000}-0.1.0-py3-none-any.whl",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:40])
def test_a_name_that_leads_elsewhere(desk: Desk, tmp_path: Path, name: str) -> None:
    """However it is written, percent-encoded in the form or as it is."""
    before = sorted(tmp_path.rglob("*"))
    form = Form()
    quoted = urllib.parse.quote(name, safe="")
    for disposition in (f'filename="{name}"', f"filename*=utf-8''{quoted}; filename=\"{name}\""):
        answer = _sent(desk, form, disposition)
        assert answer[0] == 400, answer
    assert sorted(tmp_path.rglob("*")) == before
    assert desk.upload(form, desk.user_token()).status_code == 200


def _sent(desk: Desk, form: Form, disposition: str) -> tuple[int, str]:
    fields = [
        f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in form.data.items()
    ]
    head = f'--x\r\nContent-Disposition: form-data; name="content"; {disposition}\r\nContent-Type: a/b\r\n\r\n'
    body = "".join(fields).encode() + head.encode() + form.content + b"\r\n--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x", "authorization": f"token {desk.user_token()}"}
    answer = desk.ask("POST", PYPI.upload_url, content=body, headers=headers)
    return answer.status_code, answer.text


STRANGE = "demo-0.1.0-py3-none' ; DROP TABLE file; <img src=x onerror=alert(1)>-any.whl"


def test_what_is_taken_as_a_name_is_only_a_name(desk: Desk) -> None:
    """The index lets anything stand where the ABI does."""
    answer = _sent(desk, Form(), f'filename="{STRANGE}"')
    assert answer[0] == 200, answer
    with desk.store.reading() as catalogue:
        assert catalogue.file(STRANGE)
    page = desk.get("/simple/demo/").text
    assert "<img" not in page
    assert STRANGE in html.unescape(page)
    (href,) = re.findall(r'<a href="([^"]+)#sha256=', page)
    target = urllib.parse.urlsplit(html.unescape(href))
    address = f"https://{target.netloc or PYPI.main_host}{urllib.parse.quote(urllib.parse.unquote(target.path))}"
    assert desk.ask("GET", address).content == Form().content


@pytest.mark.parametrize("name", ["x'; DROP TABLE project; --", 'x" OR 1=1', "x%00", "%", "_", "*", "d%mo"])
def test_a_project_that_is_sql(desk: Desk, name: str) -> None:
    assert desk.upload(Form(), desk.user_token()).status_code == 200
    for path in ("/simple/{}/", "/pypi/{}/json", "/pypi/demo/{}/json", "/packages/{}"):
        answer = desk.get(path.format(urllib.parse.quote(name, safe="")))
        assert answer.status_code in ({301} if path.startswith("/packages") else {400, 404, 502})
    answer = desk.upload(Form().but(name=name), desk.user_token())
    assert said(answer)[1].startswith(f"{name!r} is an invalid value for Name")
    assert "demo-0.1.0" in desk.get("/simple/demo/").text


# Metadata


@pytest.mark.parametrize("accept", ["text/html", "application/json", "application/vnd.pypi.simple.v1+json", "*/*", ""])
def test_markup_in_metadata_is_text_in_every_page(desk: Desk, accept: str) -> None:
    entity = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
    form = Form().but(
        summary=ATTACK,
        author=ATTACK,
        keywords=f"{ATTACK},{entity}",
        description=f"{ATTACK}\n\n{entity}\n",
        description_content_type="text/markdown",
        license=ATTACK,
        project_urls=[f"{ATTACK[:30]}, https://example.org/?a=b"],
        platform=ATTACK,
    )
    assert desk.upload(form, desk.user_token()).status_code == 200
    for path in ("/simple/", "/simple/demo/", "/project/demo/", "/pypi/demo/json", "/pypi/demo/0.1.0/json"):
        answer = desk.ask("GET", f"https://{PYPI.main_host}{path}", headers={"accept": accept})
        if "html" in answer.headers["content-type"]:
            assert "<script" not in answer.text
            assert "<img" not in answer.text
    described = desk.get("/pypi/demo/json").json()["info"]
    assert (described["summary"], entity in described["description"]) == (ATTACK, True)


@pytest.mark.parametrize(
    "field", ["name", "version", "metadata_version", "requires_python", "classifiers", "home_page"]
)
def test_markup_in_a_refusal_is_text(desk: Desk, field: str) -> None:
    answer = desk.upload(Form().but(**{field: ATTACK}), desk.user_token(), accept="text/html")
    assert answer.status_code == 400
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert html.escape(ATTACK[:24]) in answer.text


DIGITS, DEEP = "9" * 5000, ("(" * 5000, ")" * 5000)
UNREADABLE: Mapping[str, dict[str, Any]] = {
    "version": {"version": DIGITS},
    "epoch": {"version": f"{DIGITS}!1"},
    "requirement": {"requires_dist": f"x; {DEEP[0]}python_version > '3'{DEEP[1]}"},
    "provision": {"provides_dist": f"x; {DEEP[0]}a{DEEP[1]}"},
    "licence": {"metadata_version": "2.4", "license_expression": f"{DEEP[0]}MIT{DEEP[1]}"},
    "address": {"author_email": "(" * 50_000},
    "long address": {"author_email": "a@" * 100_000},
    "content type": {"description_content_type": ";" * 100_000},
    "long requirement": {"requires_dist": f"x; {' and '.join([chr(39) * 2] * 50_000)}"},
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_metadata_that_is_made_to_break(desk: Desk, case: str) -> None:
    start = time.monotonic()
    answer = desk.upload(Form().but(**UNREADABLE[case]), desk.user_token())
    assert answer.status_code == 400
    assert time.monotonic() - start < 20
    assert desk.upload(Form(), desk.user_token()).status_code == 200


# Forms and requests


def test_more_fields_than_any_form_has(desk: Desk) -> None:
    form = Form().but(**{f"x{number}": "y" for number in range(9_000)})
    assert desk.upload(form, desk.user_token()).status_code == 200
    form = sdist_form().but(keywords=["a"] * 10_001)
    answer = desk.upload(form, desk.user_token())
    assert said(answer) == (400, "Too many fields. Maximum number of fields is 10000.")
    assert desk.upload(sdist_form(), desk.user_token()).status_code == 200


def test_more_text_than_any_form_has(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_form, "TEXT", 1 << 20)
    for fields in ({"description": "x" * (1 << 20)}, {f"x{number}": "y" * 2000 for number in range(600)}):
        answer = desk.upload(Form().but(**fields), desk.user_token())
        assert said(answer) == (400, "The text fields are larger than 1 MB.")
    assert desk.upload(Form().but(summary="x"), desk.user_token()).status_code == 200


BROKEN: Mapping[str, tuple[dict[str, str], bytes]] = {
    "no boundary": ({"content-type": "multipart/form-data"}, b"--x--\r\n"),
    "no end": (
        {"content-type": "multipart/form-data; boundary=x"},
        b'--x\r\nContent-Disposition: form-data; name=":action"\r\n\r\nfile_upload',
    ),
    "no name": (
        {"content-type": "multipart/form-data; boundary=x"},
        b"--x\r\nContent-Disposition: form-data\r\n\r\nfile_upload\r\n--x--\r\n",
    ),
    "no part": ({"content-type": "multipart/form-data; boundary=x"}, b"nonsense" * 1000),
    "headers without end": (
        {"content-type": "multipart/form-data; boundary=x"},
        b"--x\r\n" + b"A: b\r\n" * 100_000,
    ),
    "a header without end": ({"content-type": "multipart/form-data; boundary=x"}, b"--x\r\nA: " + b"b" * (1 << 20)),
    "packed": (
        {"content-type": "multipart/form-data; boundary=x", "content-encoding": "gzip"},
        gzip.compress(b'--x\r\nContent-Disposition: form-data; name=":action"\r\n\r\nsubmit\r\n--x--\r\n'),
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_form_that_is_none(desk: Desk, case: str) -> None:
    headers, body = BROKEN[case]
    answer = desk.ask("POST", PYPI.upload_url, content=body, headers=headers)
    assert answer.status_code == 400
    assert desk.upload(Form(), desk.user_token()).status_code == 200


@pytest.mark.parametrize("kind", ["application/json", "text/xml", ""])
def test_a_body_of_another_kind_has_no_action(desk: Desk, kind: str) -> None:
    answer = desk.ask("POST", PYPI.upload_url, content=b'{":action": "file_upload"}', headers={"content-type": kind})
    assert (answer.status_code, "API endpoint" in answer.text) == (200, True)
    assert desk.events == []


def test_many_files(desk: Desk) -> None:
    files = [("content", (f"demo-{number}.whl", b"x", "a/b")) for number in range(11)]
    answer = desk.ask("POST", PYPI.upload_url, data=Form().data, files=files, headers={"accept": "application/json"})
    assert said(answer) == (400, "Too many files. Maximum number of files is 10.")
    assert not any((desk.store.packages.parent / "staging").iterdir())


class Wire:
    """A connection of a job to a host of the index, for requests that no client makes."""

    def __init__(self, rig: Rig, host: str = PYPI.upload_host) -> None:
        self.rig, self.job, self.host = rig, rig.job(), host

    def __call__(self, *parts: bytes, most: int = 1 << 16) -> bytes:
        """What is answered until the connection ends."""
        port = int(self.job.proxy.rpartition(":")[2])
        context = ssl.create_default_context(cafile=str(self.job.ca_file))
        with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
            plain.sendall(f"CONNECT {self.host}:443 HTTP/1.1\r\n\r\n".encode())
            assert b"200" in plain.recv(100)
            with context.wrap_socket(plain, server_hostname=self.host) as connection:
                answer = b""
                try:
                    for part in parts:
                        connection.sendall(part)
                    while len(answer) < most and (data := connection.recv(4096)):
                        answer += data
                except (ConnectionError, ssl.SSLError):
                    return answer  # the index has had enough
                return answer


POST = f"POST /legacy/ HTTP/1.1\r\nHost: {PYPI.upload_host}\r\nConnection: close\r\n".encode()
HIDDEN = f"GET /hidden HTTP/1.1\r\nHost: {PYPI.upload_host}\r\nConnection: close\r\n\r\n".encode()
SMUGGLED: Mapping[str, bytes] = {
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n" + HIDDEN,
    "lengths in one": POST + b"Content-Length: 0, 5\r\n\r\n" + HIDDEN,
    "a length with a sign": POST + b"Content-Length: +0\r\n\r\n" + HIDDEN,
    "a length that is none": POST + b"Content-Length: 0x10\r\n\r\n" + HIDDEN,
    "a strange coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a coding twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + HIDDEN,
    "space before the colon": POST + b"Content-Length : 5\r\n\r\n" + HIDDEN,
    "a folded header": POST + b"A: b\r\n Content-Length: 5\r\nContent-Length: 0\r\n\r\n" + HIDDEN,
    "a bare line feed": POST.replace(b"\r\n", b"\n") + b"Content-Length: 0\n\n",
    "a chunk without size": POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n" + HIDDEN,
    "a nul": POST + b"A: \0\r\n\r\n",
    "an absolute target": POST.replace(b"/legacy/", b"http://evil.example/legacy/") + b"Content-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("case", SMUGGLED)
def test_a_request_that_can_be_read_in_two_ways(rig: Rig, case: str) -> None:
    wire = Wire(rig)
    answer = wire(SMUGGLED[case])
    assert answer.count(b"HTTP/1.1 ") <= 1, answer
    assert b"/hidden" not in answer
    assert not rig.seen(FileUploaded)
    assert not [notice for notice in rig.seen(Notice) if "fault" in str(notice.hint)]
    assert wire.job.http.get(f"https://{PYPI.upload_host}/_/oidc/audience").status_code == 200


@pytest.mark.parametrize("count", [10_000, 100_000])
def test_more_header_fields_than_any_client_sends(rig: Rig, count: int) -> None:
    wire = Wire(rig)
    answer = wire(POST + b"".join(b"x-%d: y\r\n" % number for number in range(count)) + b"\r\n")
    assert answer[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 431", b""}  # nothing where it hung up before all was sent
    assert answer or count > 10_000
    assert wire.job.http.get(f"https://{PYPI.upload_host}/_/oidc/audience").status_code == 200


@pytest.mark.parametrize("path", ["/legacy/", "/_/oidc/mint-token", "/_/oidc/burn-token", "/simple/demo/"])
def test_a_body_without_end(rig: Rig, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_form, "BODY", 4 << 20)
    monkeypatch.setattr(twin, "_TOKENS", 1 << 20)
    wire = Wire(rig)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {PYPI.upload_host}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    part = b'--x\r\nContent-Disposition: form-data; name="content"; filename="demo-0.1.0.tar.gz"\r\n\r\n'
    chunk = b"%x\r\n%s\r\n" % (1 << 16, b"x" * (1 << 16))
    answer = wire(head.encode(), b"%x\r\n%s\r\n" % (len(part), part), *[chunk] * 1000, most=12)
    assert answer[:12] in {b"HTTP/1.1 413", b"HTTP/1.1 403", b"HTTP/1.1 405", b""}
    assert not rig.seen(FileUploaded)
    assert not any((rig.settings.folder / "index" / "pypi" / "staging").iterdir())
    assert wire.job.http.get(f"https://{PYPI.upload_host}/_/oidc/audience").is_success
