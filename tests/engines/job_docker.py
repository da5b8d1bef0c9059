"""Requests of the Docker API that a job sees."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any

from simulator.engines.base import Sandbox
from simulator.engines.docker_engine import DockerEngine
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


@contextlib.contextmanager
def named(engine: DockerEngine) -> Iterator[None]:
    """Give the image of sandboxes the name IMAGE."""
    import docker

    client = docker.from_env()
    try:
        client.images.get(engine.image.partition(" ")[0]).tag(IMAGE)
        yield
        with contextlib.suppress(docker.errors.ImageNotFound):
            client.images.remove(IMAGE, force=True)
    finally:
        client.close()


def ask(sandbox: Sandbox, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """What the API answers to a request of a step."""
    done, lines = run(sandbox, PYTHON, "-c", ASK, method, path, "" if body is None else json.dumps(body))
    assert done.ok, lines
    status, said = json.loads(lines[-1])
    return status, said
