"""The way out of a sandbox: names, connections, and the clients that use them."""

from __future__ import annotations

import socket
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.engines.base import Engine, Sandbox, SandboxSpec
from simulator.engines.environment import FORWARDER_ADDRESS
from simulator.engines.inside.forwarder import answer
from tests.engines.driving import Gateway, connect, output, python

CLIENTS = {
    "curl": "curl -sS http://index.example/",
    "git": "git ls-remote http://index.example/owner/repo.git 2>&1 || true",
    "pip": "/opt/pysim/bin/python -m pip download --no-deps --retries 0 --index-url http://index.example/simple/"
    " --trusted-host index.example nothing 2>&1 || true",
    "requests": "/opt/pysim/bin/python -c 'import requests; print(requests.get(\"http://index.example/\").text)'",
    "urllib": "/opt/pysim/bin/python -c 'import urllib.request as u; u.urlopen(\"http://a.example/\")' 2>&1 || true",
}


def query(name: str, kind: int) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def http(client: socket.socket) -> None:
    """Answer one request with 404, whatever it asks."""
    received = b""
    while b"\r\n\r\n" not in received and (data := client.recv(65536)):
        received += data
    client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnone")


def test_every_name_has_the_one_address() -> None:
    reply = answer(query("any.name.example", 1), "127.7.7.7")
    assert reply is not None
    assert reply[:2] == b"\x12\x34"
    assert reply[3] & 0x0F == 0
    assert struct.unpack_from("!HH", reply, 4) == (1, 1)
    assert reply.endswith(socket.inet_aton("127.7.7.7"))


@pytest.mark.parametrize("kind", [28, 15, 16, 33, 65])
def test_other_questions_have_an_empty_answer(kind: int) -> None:
    reply = answer(query("any.name.example", kind), "127.7.7.7")
    assert reply is not None
    assert reply[3] & 0x0F == 0
    assert struct.unpack_from("!HH", reply, 4) == (1, 0)


@pytest.mark.parametrize("junk", [b"", b"\0" * 11, b"\0" * 12, query("a.b", 1)[:-3], b"\xff" * 40])
def test_junk_is_not_answered(junk: bytes) -> None:
    assert answer(junk, "127.7.7.7") is None


def test_names_are_resolved_over_tcp_too(sandbox: Sandbox) -> None:
    code = f"""
import socket, struct
with socket.create_connection(("{FORWARDER_ADDRESS}", 53), 5) as server:
    question = {query("any.example", 1)!r}
    server.sendall(struct.pack("!H", len(question)) + question)
    reply = server.makefile("rb").read(2 + len(question) + 16)
print(socket.inet_ntoa(reply[-4:]))
"""
    assert python(sandbox, code) == FORWARDER_ADDRESS


def test_each_connection_says_its_port_and_keeps_its_ends_apart(sandbox: Sandbox, gateway: Gateway) -> None:
    assert connect(sandbox, "one.example", 443) == "HELLO"
    assert connect(sandbox, "other.example", 80) == "HELLO"
    assert gateway.ports == [443, 80]


def test_much_data_both_ways(sandbox: Sandbox, gateway: Gateway) -> None:
    def mirror(client: socket.socket) -> None:
        with client.makefile("rb") as stream:
            client.sendall(stream.read()[::-1])

    gateway.reply = mirror
    code = """
import os, socket, threading
data = os.urandom(20_000_000)
with socket.create_connection(("big.example", 443), 30) as server:
    def send():
        server.sendall(data)
        server.shutdown(socket.SHUT_WR)
    sender = threading.Thread(target=send)
    sender.start()
    got = server.makefile("rb").read()
    sender.join()
print(got == data[::-1])
"""
    assert python(sandbox, code) == "True"


def test_many_connections_at_once(sandbox: Sandbox) -> None:
    code = """
import concurrent.futures, socket
def talk(number):
    with socket.create_connection(("many.example", 443), 30) as server:
        server.sendall(b"n%d" % number)
        server.shutdown(socket.SHUT_WR)
        return server.makefile().read() == "N%d" % number
with concurrent.futures.ThreadPoolExecutor(50) as pool:
    print(all(pool.map(talk, range(200))))
"""
    assert python(sandbox, code) == "True"


def test_a_jobs_own_servers_are_its_own(sandbox: Sandbox, gateway: Gateway) -> None:
    code = """
import http.server, threading, urllib.request
server = http.server.ThreadingHTTPServer(("127.0.0.1", 8000), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(urllib.request.urlopen("http://localhost:8000/").status)
"""
    assert python(sandbox, code).endswith("200")
    assert gateway.ports == []


def test_a_gateway_that_does_not_listen(engine: Engine, spec: SandboxSpec, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(tmp_path / "deaf.sock"))
        with engine.open(replace(spec, gateway=tmp_path / "deaf.sock")) as sandbox:
            assert connect(sandbox, "index.example", 443) in {"", "ConnectionResetError", "BrokenPipeError", "OSError"}
            assert output(sandbox, "echo more") == "more"


@pytest.mark.clients
@pytest.mark.parametrize("client", CLIENTS)
def test_clients_get_through(sandbox: Sandbox, gateway: Gateway, client: str) -> None:
    gateway.reply = http
    if client == "node" and sandbox.which("node", sandbox.environment["PATH"]) is None:
        pytest.skip("no node on this machine")
    said = output(sandbox, CLIENTS[client])
    assert "none" in said or "404" in said or "not found" in said.lower()
    assert set(gateway.ports) == {80}
