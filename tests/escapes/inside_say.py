"""Says something to the gateway as a process of a job would; runs inside a sandbox, beside `connections.py`.

The argument is JSON: `text` is said to `port` of any host, within TLS to the server name `tls` ("" names none) where
that is given, or to the gateway's own socket with `socket`; `hello` is a bare ClientHello for a name in its place.
Prints the answer; ends with 1 where there is none, or one that refuses.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import sys
from typing import Any

from connections import client_hello, rest  # type: ignore[import-not-found]

FORWARDER = ("127.77.0.1", "/run/pysim/gateway.sock")


def connected(said: dict[str, Any]) -> socket.socket:
    if said.get("socket"):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(FORWARDER[1])
        return connection
    port = said.get("port", 80 if "tls" not in said and "hello" not in said else 443)
    connection = socket.create_connection((FORWARDER[0], port), 5)
    if "tls" not in said:
        return connection
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(connection, server_hostname=said["tls"] or None)


def main() -> int:
    said = json.loads(sys.argv[1])
    text = said.get("text", "").encode("latin-1")
    try:
        connection = connected(said)
        connection.settimeout(5)
        connection.sendall(client_hello(said["hello"].encode("latin-1")) if "hello" in said else text)
        answer = connection.recv(65536)
        with contextlib.suppress(OSError):
            if not isinstance(connection, ssl.SSLSocket):
                connection.shutdown(socket.SHUT_WR)
            answer += rest(connection)
    except OSError as error:
        sys.stdout.write(f"{type(error).__name__} {error}\n")
        return 1
    sys.stdout.write(answer.decode("latin-1") + "\n")
    status = re.match(rb"HTTP/1.1 ([0-9]{3})", answer)
    return int(not answer or (status is not None and int(status[1]) >= 400))


if __name__ == "__main__":
    sys.exit(main())
