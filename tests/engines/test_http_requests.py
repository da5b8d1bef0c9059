"""What a job's Docker API makes of requests that no real client sends: each bound, at the API's own socket."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from simulator.engines.docker_api import DockerApi
from simulator.engines.http_requests import LARGEST_BODY, LARGEST_JSON, HttpConnection, Refused, Request

MEBIBYTE = 1 << 20
CREATE = b"POST /networks/create HTTP/1.1\r\nHost: docker\r\n"
BODY = b'{"Name": "some"}'


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Callable[[], socket.socket]]:
    """Connects to an API that is asked for nothing for which it needs a daemon."""
    path = tmp_path / "docker.sock"
    listener = DockerApi.listen(path)
    api = DockerApi(cast("Any", None), cast("Any", None))
    serving = threading.Thread(target=api.serve, args=(listener,))
    serving.start()
    with contextlib.ExitStack() as stack:

        def connect() -> socket.socket:
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.settimeout(10)
            client.connect(str(path))
            return client

        yield connect
    listener.shutdown(socket.SHUT_RDWR)
    serving.join()
    listener.close()


def answer_of(client: socket.socket) -> tuple[int, str]:
    """The status and the message that come up to the end."""
    head, _, body = read(client).partition(b"\r\n\r\n")
    return int(head.split()[1]), str(json.loads(body).get("message", "")) if body else ""


def read(client: socket.socket) -> bytes:
    with client.makefile("rb") as stream:
        return stream.read()


def asked(client: socket.socket, *pieces: bytes) -> tuple[int, str]:
    """The answer to what is sent, with the end behind it."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for piece in pieces:
            client.sendall(piece)
        client.shutdown(socket.SHUT_WR)
    return answer_of(client)


Connect = Callable[[], socket.socket]


@pytest.mark.parametrize("length", [b"-1", b"+16", b"0x10", b"sixteen", b"1" * 30, b"16, 17"])
def test_a_length_that_is_none(connect: Connect, length: bytes) -> None:
    status, message = asked(connect(), CREATE, b"Content-Length: " + length + b"\r\n\r\n", BODY)
    assert status == 400
    assert "Content-Length" in message


@pytest.mark.parametrize(
    "more", [b"Content-Length: 17\r\n", b"Transfer-Encoding: chunked\r\n"], ids=["two lengths", "length and chunks"]
)
def test_a_body_of_two_lengths(connect: Connect, more: bytes) -> None:
    status, message = asked(connect(), CREATE, b"Content-Length: 16\r\n", more, b"\r\n", BODY)
    assert status == 400
    assert "Content-Length" in message


def test_a_coding_that_is_unknown(connect: Connect) -> None:
    assert asked(connect(), CREATE, b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")[0] == 501


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /networks/create HT",
        CREATE,
        CREATE + b"Content-Length: 17\r\n\r\n" + BODY,
        CREATE + b"Transfer-Encoding: chunked\r\n\r\n10\r\n" + BODY,
    ],
    ids=["in the first line", "in the head", "in the body", "among the chunks"],
)
def test_an_early_end(connect: Connect, sent: bytes) -> None:
    status, message = asked(connect(), sent)
    assert status == 400
    assert "closed connection" in message


def test_nothing_is_no_request(connect: Connect) -> None:
    client = connect()
    client.shutdown(socket.SHUT_WR)
    assert read(client) == b""


def test_a_head_that_is_too_large(connect: Connect) -> None:
    assert asked(connect(), CREATE, b"X: ", b"x" * 200_000, b"\r\n\r\n")[0] == 431


def test_a_head_of_too_many_headers(connect: Connect) -> None:
    length = b"Content-Length: 16\r\n"
    assert asked(connect(), CREATE, b"X: x\r\n" * 98, length, b"\r\n", BODY)[0] == 201
    assert asked(connect(), CREATE, b"X: x\r\n" * 99, length, b"\r\n", BODY)[0] == 431


def peak(work: Callable[[], None]) -> int:
    """The most bytes that it held at once."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("framing", "status"), [(b"Content-Length: -1", 400), (b"Transfer-Encoding: chunked", 413)], ids=["-1", "chunked"]
)
def test_a_body_without_end_is_not_held(connect: Connect, framing: bytes, status: int) -> None:
    chunk = b"100000\r\n" + b" " * MEBIBYTE + b"\r\n"

    def send() -> None:
        assert asked(connect(), CREATE, framing, b"\r\n\r\n", *[chunk] * 24, b"0\r\n\r\n")[0] == status

    assert peak(send) < 6 * MEBIBYTE


def test_a_body_that_says_it_is_too_large_is_not_asked_for(connect: Connect) -> None:
    client = connect()
    length = str(LARGEST_JSON + 1).encode()
    client.sendall(CREATE + b"Content-Length: " + length + b"\r\nExpect: 100-continue\r\n\r\n")
    assert answer_of(client)[0] == 413


def test_a_client_may_wait_to_be_asked_for_the_body(connect: Connect) -> None:
    client = connect()
    client.sendall(CREATE + b"Content-Length: 16\r\nExpect: 100-continue\r\n\r\n")
    with client.makefile("rb") as stream:
        assert [stream.readline(), stream.readline()] == [b"HTTP/1.1 100 Continue\r\n", b"\r\n"]
        client.sendall(BODY)
        assert stream.readline() == b"HTTP/1.1 201 Created\r\n"


def test_a_body_in_chunks(connect: Connect) -> None:
    chunks = [b"1;of=some\r\n" + bytes([each]) + b"\r\n" for each in BODY]
    client = connect()
    client.sendall(b"".join([CREATE, b"Transfer-Encoding: chunked\r\n\r\n", *chunks, b"0\r\nTrailer: x\r\n\r\n"]))
    assert answer_of(client)[0] == 201


@pytest.mark.parametrize("body", [b"[" * 200_000, b"{", b"\xff"], ids=["deep", "open", "no text"])
def test_a_body_that_is_no_json(connect: Connect, body: bytes) -> None:
    status, message = asked(connect(), CREATE, b"Content-Length: %d\r\n\r\n" % len(body), body)
    assert status == 400
    assert "no JSON" in message


def test_an_answer_without_a_body(connect: Connect) -> None:
    client = connect()
    client.sendall(b"HEAD /none HTTP/1.1\r\nHost: docker\r\n\r\n")
    head, _, body = read(client).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert body == b""


class Sent:
    """A stream that is no socket: a request whose body has so many bytes."""

    def __init__(self, head: bytes, size: int) -> None:
        self._pieces = itertools.chain(
            [head], (bytes(min(MEBIBYTE, size - start)) for start in range(0, size, MEBIBYTE))
        )
        self._rest = b""

    def read(self, size: int) -> bytes:
        data = self._rest or next(self._pieces, b"")
        self._rest = data[size:]
        return data[:size]

    def write(self, data: bytes) -> None:
        raise AssertionError(data)

    def end(self) -> None:
        raise AssertionError


def request_of(size: int, declared: int) -> Request:
    head = b"PUT /containers/x/archive HTTP/1.1\r\nHost: docker\r\nContent-Length: %d\r\n\r\n" % declared
    request = HttpConnection(Sent(head, size)).request()
    assert request is not None
    return request


def test_a_large_body_lies_on_disk() -> None:
    def take() -> None:
        with request_of(24 * MEBIBYTE, 24 * MEBIBYTE).body() as body:
            assert body.seek(0, io.SEEK_END) == 24 * MEBIBYTE

    assert peak(take) < 4 * MEBIBYTE


@pytest.mark.parametrize(("declared", "at_most"), [(LARGEST_BODY + 1, LARGEST_BODY), (1001, 1000)])
def test_a_body_has_a_bound(declared: int, at_most: int) -> None:
    with pytest.raises(Refused, match=str(at_most)) as refused:
        request_of(0, declared).body(at_most)
    assert refused.value.status == 413
