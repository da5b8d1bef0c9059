"""A name is looked up without anything waiting for a name server that does not answer."""

from __future__ import annotations

import asyncio
import socket
import sys

import pytest

from simulator import process
from simulator.twins.addresses import look_up, resolved

SILENT = """\
import asyncio, socket, time
socket.getaddrinfo = lambda *_, **__: time.sleep(120)
from simulator.twins.addresses import resolved
print(asyncio.run(resolved("index.example")))
"""


def test_a_process_ends_though_a_name_server_is_silent() -> None:
    done = process.run([sys.executable, "-P", "-c", SILENT], timeout=100)
    assert done.text == "()"


def test_a_name_that_is_there_and_one_that_is_not() -> None:
    assert "127.0.0.1" in asyncio.run(resolved("localhost"))
    assert asyncio.run(resolved("no-such-name.invalid")) == ()
    assert asyncio.run(resolved("." * 300)) == ()
    with pytest.raises(socket.gaierror):
        asyncio.run(look_up("no-such-name.invalid", 443))
