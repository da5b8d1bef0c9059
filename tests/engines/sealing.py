"""A program that says what it reaches, and what it says where only the gateway is."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.engines.environment import FORWARDER_ADDRESS
from simulator.indexes import indexes
from tests.engines.driving import CONNECT


def upload_hosts() -> Sequence[str]:
    return sorted({host for index in indexes().values() for host in index.hosts})


SEAL = f"""
import socket, sys
print(sorted(line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]))
for host in sys.argv[1:]:
    print(sorted({{a[4][0] for a in socket.getaddrinfo(host, 443)}}))
for host, port in [("192.0.2.1", "443"), ("2001:db8::1", "443"), (sys.argv[1], "443")]:
    sys.argv = ["", host, port]
    exec({CONNECT!r})
"""
SEALED = ["['lo']", *[f"['{FORWARDER_ADDRESS}']"] * len(upload_hosts()), "OSError", "OSError", "HELLO"]
