"""Nothing that a job does reaches a host where a release is uploaded or a token is made."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.indexes import indexes
from simulator.run_events import Notice, TwinRequest
from simulator.twins import gateway
from simulator.twins.greeting import LIMIT
from simulator.twins.hosts import closed_domains, host_name, twin_hosts, twin_of

from .connections import ask, client_hello, knock
from .driving import Rig, Start
from .way_out import WayOut, own_address, resolving

PORTS = (80, 443, 8443)
SEALED = sorted({*(host for index in indexes().values() for host in index.hosts), *twin_hosts()})
READ_BY_PYSIM = {
    "github.com",
    "rekor.sigstore.dev",
    *(host for index in indexes().values() for host in (index.main_host, index.files_host)),
}  # which relays what only reads


@pytest.fixture
def way_out() -> Iterator[WayOut]:
    proxy = WayOut()
    yield proxy
    proxy.close()


@pytest.fixture
def online(start: Start, way_out: WayOut) -> Rig:
    proxies = {"HTTPS_PROXY": way_out.url, "HTTP_PROXY": way_out.url}
    return start(offline=False, proxies=proxies, ports=PORTS)


def nothing_is_looked_up() -> None:
    """Wait for the names that earlier tests asked a slow name server for: too many at once are refused, too."""
    until = time.monotonic() + 60
    while any(thread.name.startswith("pysim-name-") for thread in threading.enumerate()):
        assert time.monotonic() < until
        time.sleep(0.1)


def spellings(host: str) -> list[bytes]:
    return [text.encode() for text in (host, host.upper(), host.title(), f"{host}.", f"{host.upper()}.", f"{host}..")]


@pytest.mark.parametrize("host", SEALED)
def test_no_spelling_of_a_sealed_host_leaves(online: Rig, way_out: WayOut, host: str) -> None:
    job = online.job()
    for port in PORTS:
        for name in spellings(host):
            hello = client_hello(name)
            assert knock(job.access.gateway, port, hello) not in {b"", hello}  # a twin's TLS answered
            ask(job.access.gateway, port, b"POST /legacy/ HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n\r\n" % name)
            if host not in READ_BY_PYSIM:
                ask(job.access.gateway, port, b"GET / HTTP/1.1\r\nHost: %s:%d\r\n\r\n" % (name, port))
            ask(job.access.gateway, port, b"CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n\r\n" % (name, name))
    assert way_out.targets == []


def test_a_host_outside_does_leave(online: Rig, way_out: WayOut) -> None:
    """Without this the test above would say nothing."""
    job = online.job()
    hello = client_hello(b"Files.Example.org")
    assert knock(job.access.gateway, 443, hello) == hello  # the way out echoes
    assert ask(job.access.gateway, 80, b"GET /a HTTP/1.1\r\nHost: example.org\r\n\r\n").endswith(b"outside")
    assert way_out.targets == ["files.example.org:443", "http://example.org/a"]
    seen = [(event.twin, event.method, event.host, event.status) for event in online.seen(TwinRequest)]
    assert seen == [("outside", "CONNECT", "files.example.org", 200), ("outside", "GET", "example.org", 200)]


@pytest.mark.parametrize("size", [1, 5, 60])
def test_a_hello_in_pieces_is_read_whole(online: Rig, way_out: WayOut, size: int) -> None:
    job = online.job()
    sealed = indexes()["pypi"].upload_host.encode()
    hello = client_hello(sealed, record=size)
    knock(job.access.gateway, 443, *(hello[at : at + 40] for at in range(0, len(hello), 40)), wait=0.005)
    assert way_out.targets == []
    hello = client_hello(b"example.org", record=size)
    knock(job.access.gateway, 443, *(hello[at : at + 40] for at in range(0, len(hello), 40)), wait=0.005)
    assert way_out.targets == ["example.org:443"]


def test_a_second_request_on_a_connection_is_judged_by_its_own_host(online: Rig, way_out: WayOut) -> None:
    sealed = indexes()["pypi"].upload_host.encode()
    first = b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"
    second = b"POST /legacy/ HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % sealed
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(online.job().access.gateway))
        connection.sendall(b"PYSIM/1 80\n" + first + second)
        while connection.recv(65536):
            pass
    assert way_out.targets == ["http://example.org/"]
    assert [event.host for event in online.seen(TwinRequest)] == ["example.org", sealed.decode()]


@pytest.mark.parametrize("host", [b"example.org", b"github.com", indexes()["pypi"].main_host.encode()])
@pytest.mark.parametrize(
    "target",
    [b"*", b"http://%s/legacy/", b"@%s/legacy/", b"/x/../_/oidc/audience", b"/x/%%2e%%2E/_/oidc/audience"],
)
def test_a_target_is_a_path_and_nothing_else(online: Rig, way_out: WayOut, host: bytes, target: bytes) -> None:
    target = target % indexes()["pypi"].upload_host.encode() if b"%s" in target else target.replace(b"%%", b"%")
    answer = ask(online.job().access.gateway, 80, b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (target, host))
    assert b" 400 " in answer
    assert way_out.targets == []
    assert online.seen(Notice) == []


@pytest.mark.parametrize(
    "path",
    [b"/o/r/git-upload-pack%3F/../git-receive-pack", b"/o/r/git-upload-pack%23/x", b"/o/r/git-upload-pack%3Fx"],
)
def test_what_is_judged_is_what_is_sent(online: Rig, way_out: WayOut, path: bytes) -> None:
    """A push to GitHub must not look like a fetch to pysim."""
    request = b"POST %s HTTP/1.1\r\nHost: github.com\r\nContent-Length: 0\r\n\r\n" % path
    assert ask(online.job().access.gateway, 80, request).split(b" ")[1] in {b"400", b"403"}
    assert way_out.targets == []


@pytest.mark.parametrize("host", [b"example.org:80@%s", b"example.org/%s", b"example.org, %s", b"example.org#%s", b""])
def test_a_host_header_that_is_no_host_leads_nowhere(online: Rig, way_out: WayOut, host: bytes) -> None:
    host = host.replace(b"%s", indexes()["pypi"].upload_host.encode())
    request = b"POST /legacy/ HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n\r\n" % host
    assert ask(online.job().access.gateway, 80, request).split(b" ")[1] in {b"403", b"501"}
    assert way_out.targets == []
    assert [event.path for event in online.seen(TwinRequest)] == ["/legacy/"]


@pytest.mark.parametrize(
    "name",
    [b"", b"127.0.0.1", b"2130706433", b"0x7f.1", b"[::1]", b"localhost", b"a.localhost", b"a b.example", b"\xff"],
)
def test_what_is_no_public_host_is_refused(online: Rig, way_out: WayOut, name: bytes) -> None:
    job = online.job()
    assert knock(job.access.gateway, 443, client_hello(name)) == b""
    answer = ask(job.access.gateway, 80, b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % name)
    assert answer.split(b" ")[1] in {b"400", b"403"}
    assert way_out.targets == []


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-x\r\n",
        b"\x16\x03\x01\x00\x05hello",
        b"\x00" * 100,
        b"\x16" * 100,
        b"\x16\x03\x01\xff\xff\x01" + b"\x00" * 70_000,
        b"\x16\x03\x01\x00\x04\x01\xff\xff\xff",
        b"\x15\x03\x01\x00\x02\x01\x00",
        client_hello(b"a" * 300),
        client_hello(b"a\x00.example.org"),
        client_hello(b"\xff.example.org"),
        client_hello(b"example.org")[:43] + b"\xff" * 200,
    ],
    ids=lambda said: str(said[:12]),
)
def test_what_names_no_host_is_refused(
    online: Rig, way_out: WayOut, said: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    assert knock(online.job().access.gateway, 443, said) == b""
    assert way_out.targets == []
    assert [event.status for event in online.seen(TwinRequest)] == [403]
    assert capfd.readouterr().err == ""


def test_a_greeting_without_an_end_is_read_no_further_than_its_bound(online: Rig, way_out: WayOut) -> None:
    """A ClientHello may say that it has 128 KB, in as many records as it likes."""
    message = b"\x01" + (131_000).to_bytes(3) + b"\x03\x03" + bytes(32) + b"\x00" + b"\xff\xfe" + bytes(70_000)
    parts = [message[at : at + 16_000] for at in range(0, len(message), 16_000)]
    said = b"".join(b"\x16\x03\x01" + len(part).to_bytes(2) + part for part in parts)
    assert knock(online.job().access.gateway, 443, said[:LIMIT]) == b""
    assert way_out.targets == []
    assert [event.status for event in online.seen(TwinRequest)] == [403]


@pytest.mark.parametrize(
    "said", [b"", b"PYSIM/1 4", b"PYSIM/1 443\n", b"PYSIM/1 443\n" + client_hello(b"example.org")[:60]]
)
def test_who_stays_silent_is_let_go(online: Rig, way_out: WayOut, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(gateway, "GREETING_SECONDS", 0.2)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(online.job().access.gateway))
        connection.sendall(said)
        with contextlib.suppress(ConnectionError):
            assert connection.recv(1) == b""
    assert way_out.targets == []
    assert [event.status for event in online.seen(TwinRequest)] == [403]


def client_context(lowest: str, highest: str, ciphers: str) -> ssl.SSLContext:
    """A client that speaks these versions of TLS alone, also such as Python warns of."""
    context = ssl.create_default_context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion[lowest], ssl.TLSVersion[highest]
    context.set_ciphers(ciphers)
    context.set_alpn_protocols(["h2", "http/1.1"])
    context.check_hostname = False
    return context


def first_words(context: ssl.SSLContext, host: str | None) -> bytes:
    """What a real client says first."""
    said = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), said, server_hostname=host)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return said.read()


@pytest.mark.parametrize(
    ("lowest", "highest", "ciphers"),
    [
        ("TLSv1", "TLSv1", "ALL:@SECLEVEL=0"),
        ("TLSv1_1", "TLSv1_1", "ALL:@SECLEVEL=0"),
        ("TLSv1_2", "TLSv1_2", "AES256-GCM-SHA384"),
        ("TLSv1_2", "TLSv1_3", "DEFAULT"),
        ("TLSv1_3", "TLSv1_3", "DEFAULT"),
    ],
)
def test_the_host_is_read_whatever_the_client_speaks(
    online: Rig, way_out: WayOut, lowest: str, highest: str, ciphers: str
) -> None:
    """What a client speaks with a host outside is between the two."""
    door, context = online.job().access.gateway, client_context(lowest, highest, ciphers)
    hello = first_words(context, "example.org")
    assert knock(door, 443, hello) == hello
    knock(door, 443, first_words(context, indexes()["pypi"].upload_host))
    assert knock(door, 443, first_words(context, None)) == b""
    assert way_out.targets == ["example.org:443"]
    assert [event.status for event in online.seen(TwinRequest)] == [200, 403]


@pytest.mark.parametrize("line", [b"PYSIM/2 443\n", b"GET / HTTP/1.1\r\n", b"PYSIM/1 443", b"PYSIM/1 22\n", b"\n"])
def test_a_connection_begins_with_the_line_and_a_port_that_is_open(online: Rig, way_out: WayOut, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(online.job().access.gateway))
        connection.sendall(line + client_hello(b"example.org"))
        connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            assert connection.recv(1) == b""
    assert way_out.targets == []


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["::1"],
        ["192.0.2.1", "127.0.0.1"],
        ["169.254.169.254"],
        ["fd00:ec2::254"],
        ["168.63.129.16"],
    ],
)
@pytest.mark.parametrize("secure", [True, False])
def test_no_name_leads_to_this_machine(
    start: Start, monkeypatch: pytest.MonkeyPatch, answers: list[str], *, secure: bool
) -> None:
    """The answers are those of a name server that gives another one each time; the last one stays."""
    nothing_is_looked_up()
    seen: list[str] = []

    def resolve(host: str | bytes, port: int, *_: object, **__: object) -> list[object]:
        if host not in {"rebound.example", b"rebound.example"}:
            raise socket.gaierror(host)
        seen.append(answers[min(len(seen), len(answers) - 1)])
        family = socket.AF_INET6 if ":" in seen[-1] else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (seen[-1], port))]

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        rig = start(offline=False, ports=(port,))
        gateway = rig.job().access.gateway
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        if secure:
            assert knock(gateway, port, client_hello(b"rebound.example")) == b""
        else:
            said = knock(gateway, port, b"GET / HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n")
            assert b"this machine" in said
        server.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            connection, _ = server.accept()
            with connection:
                assert connection.recv(1) == b"", "not a byte of the job's"
    assert [(event.twin, event.status) for event in rig.seen(TwinRequest)] == [("refused", 403)]


CLOSED_AT = "203.0.113.7"


@pytest.mark.parametrize("proxied", [True, False])
@pytest.mark.parametrize("address", [CLOSED_AT, f"::ffff:{CLOSED_AT}"])
def test_the_address_of_an_upload_host_is_closed_under_every_name(
    start: Start, way_out: WayOut, monkeypatch: pytest.MonkeyPatch, address: str, *, proxied: bool
) -> None:
    """Whom a request within TLS is for, its Host says, which pysim does not see."""
    upload = indexes()["pypi"].upload_host
    monkeypatch.setattr(socket, "getaddrinfo", resolving({upload: CLOSED_AT, "alias.example": address}))
    rig = start(offline=False, proxies={"HTTPS_PROXY": way_out.url, "HTTP_PROXY": way_out.url} if proxied else {})
    gateway = rig.job().access.gateway
    assert knock(gateway, 443, client_hello(b"alias.example")) == b""
    said = ask(gateway, 80, b"GET / HTTP/1.1\r\nHost: alias.example\r\n\r\n")
    assert f"alias.example has an address of {upload}, which never leaves pysim".encode() in said
    assert way_out.targets == []
    seen = [(event.twin, event.host, event.status) for event in rig.seen(TwinRequest)]
    assert seen == [("refused", "alias.example", 403)] * 2


@pytest.mark.parametrize("proxied", [True, False])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "0.0.0.0", "169.254.169.254", "own"])  # noqa: S104
def test_no_name_of_this_machine_goes_to_the_proxy(
    start: Start, way_out: WayOut, monkeypatch: pytest.MonkeyPatch, address: str, *, proxied: bool
) -> None:
    names = {"here.example": own_address() if address == "own" else address}
    monkeypatch.setattr(socket, "getaddrinfo", resolving(names))
    monkeypatch.setattr(socket, "gethostname", lambda: "Build-Host.example")
    rig = start(offline=False, proxies={"HTTPS_PROXY": way_out.url, "HTTP_PROXY": way_out.url} if proxied else {})
    gateway = rig.job().access.gateway
    for name in ("here.example", "build-host.example", "BUILD-HOST", "localhost", "x.localhost"):
        assert knock(gateway, 443, client_hello(name.encode())) == b""
        assert b"this machine" in ask(gateway, 80, b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % name.encode())
    assert way_out.targets == []
    assert {event.status for event in rig.seen(TwinRequest)} == {403}


def test_offline_nothing_leaves(start: Start, way_out: WayOut) -> None:
    rig = start(offline=True, proxies={"HTTPS_PROXY": way_out.url, "HTTP_PROXY": way_out.url})
    job = rig.job()
    assert knock(job.access.gateway, 443, client_hello(b"example.org")) == b""
    assert b"offline" in ask(job.access.gateway, 80, b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
    assert way_out.targets == []
    seen = [(event.twin, event.host, event.status) for event in rig.seen(TwinRequest)]
    assert seen == [("refused", "example.org", 403)] * 2


def test_a_closed_job_has_no_way_in(online: Rig) -> None:
    job = online.job()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(job.access.gateway))
        connection.settimeout(5)
        online.twins.close_job("publish")
        online.twins.close_job("publish")
        with contextlib.suppress(ConnectionError):
            assert connection.recv(1) == b""
    assert not job.access.gateway.exists()


@given(st.sampled_from(sorted({*twin_hosts(), *closed_domains()})), st.data())
def test_every_case_and_dot_of_a_sealed_host_is_sealed(host: str, data: st.DataObject) -> None:
    cased = "".join(data.draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in host)
    below = data.draw(st.sampled_from(["", "www.", "a.B."]))
    name = host_name(below + cased + "." * data.draw(st.integers(0, 3)))
    assert name is not None
    if not below or host in closed_domains():
        assert twin_of(name) is not None


@given(st.text(max_size=30))
def test_host_names_have_one_spelling(text: str) -> None:
    name = host_name(text)
    assert name is None or host_name(name) == name == name.lower()
