"""Requests of the Docker API that a job sees."""

from __future__ import annotations

import json
import os
from typing import Any

from simulator.engines.base import Sandbox
from tests.engines.driving import PYTHON, run

IMAGE = f"pysim-test/in-a-job:{os.getpid()}"  # each process of the tests removes its own
ASK = """
import http.client, json, socket, sys
class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/var/run/docker.sock")
connection = Connection("docker")
method, path, body = sys.argv[1:]
connection.request(method, path, body, {"Content-Type": "application/json"})
answer = connection.getresponse()
text = answer.read().decode()
print(json.dumps([answer.status, json.loads(text) if text else None]))
"""


def ask(sandbox: Sandbox, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """What the API answers to a request of a step."""
    done, lines = run(sandbox, PYTHON, "-c", ASK, method, path, "" if body is None else json.dumps(body))
    assert done.ok, lines
    status, said = json.loads(lines[-1])
    return status, said
