"""The readers of what a job says to Docker: no bytes bring up an exception that they do not name."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulator.engines import dockerfiles
from simulator.engines.base import ContainerError, ContainerImage
from simulator.engines.builds import logins
from simulator.engines.http_requests import LARGEST_JSON, HttpConnection, Refused
from simulator.engines.options import read_options
from simulator.engines.policy import ContainerSettings, admit, forwards
from simulator.engines.references import read_reference
from tests.fuzzing import fuzzed, json_objects, written

DOCKERFILE = (
    "FROM ", "a", "scratch", " AS ", "b", "\n", "RUN ", "COPY ", "--from=", "--chown=", "ADD ", "http://x", "ARG ",
    "A", "=", "${A}", "${A:-", "}", "$A", "ENV ", "ONBUILD ", "# escape=`\n", "# syntax=docker/dockerfile\n", "\\\n",
    "`\n", "<<E\n", "\r\n", "\ufeff", "'", '"', "--platform=", "linux/amd64", "[", "]", ",", "LABEL ", "\t", "\v",
    "\0", "ü", ":", "@", "/", ".",
)  # fmt: skip


@fuzzed
@given(written(DOCKERFILE), st.dictionaries(st.sampled_from(["A", "B"]), st.text(max_size=5)))
def test_dockerfiles(content: bytes, arguments: dict[str, str]) -> None:
    def image(name: str) -> ContainerImage:
        return ContainerImage(id="sha256:" + "0" * 64, environment={}, triggers=("RUN true",))

    with contextlib.suppress(ContainerError):
        dockerfiles.rewrite(
            content.decode(errors="replace"), "Dockerfile", image=image, arguments=arguments, first=["LABEL a=b"]
        )


@fuzzed
@given(
    written(
        ("a", "/", ":", "@", ".", "-", "_", "localhost", "sha256:", "0" * 64, "A", "127.0.0.1", "[::1]", "ü", "9" * 9)
    )
)
def test_names_of_images(name: bytes) -> None:
    with contextlib.suppress(ContainerError):
        read_reference(name.decode(errors="replace"))


OPTIONS = (
    "--env", "-e", "--health-cmd", "--health-interval", "--memory", "--publish", "-p", "--ulimit", "--mount",
    "--tmpfs", "--volume", "--cpus", "--user", "--label", "--security-opt", " ", "=", "a", "1", "s", "m", "9" * 400,
    "1e400", "nan", "80:80", "::", "[", "type=bind", ",", "'", '"', "\\", "\0", "-1", "٣", "65536-1", "1-99999999999",
)  # fmt: skip


@fuzzed
@given(written(OPTIONS))
def test_options_of_containers(text: bytes) -> None:
    with contextlib.suppress(ContainerError):
        read_options(text.decode(errors="replace"))


BODY = (
    "Image", "Cmd", "Env", "HostConfig", "Binds", "Mounts", "Type", "Source", "Target", "ReadOnly", "PortBindings",
    "HostPort", "ExposedPorts", "80/tcp", "NetworkMode", "CapAdd", "SecurityOpt", "Ulimits", "Tmpfs", "Volumes",
    "NetworkingConfig", "VolumeOptions", "Labels", "RestartPolicy", "LogConfig", "Privileged",
    "/home/runner/work/a:/b", "bind", "volume", "a:/b:ro", "container:x",
)  # fmt: skip


@fuzzed
@given(json_objects(BODY))
def test_requests_for_containers(body: dict[str, Any]) -> None:
    """The API answers 400 for these kinds of errors, and a workflow has what `read_options` made alone."""
    settings = ContainerSettings(
        network="n", labels={"a": "b"}, ca_bundle="/ca", variables={"A": "b"}, host_path=str, volume_prefix="p-"
    )
    given_body = json.loads(json.dumps(body))
    with contextlib.suppress(ContainerError, ValueError, TypeError, AttributeError, KeyError):
        json.dumps(admit(given_body, {}, settings).body)
    with contextlib.suppress(ContainerError, ValueError, TypeError, AttributeError, KeyError):
        for _ in zip(forwards(given_body), range(100_000), strict=False):
            pass


class Sent:
    """A client that has sent all that it sends."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._data.read(size)

    def write(self, data: bytes) -> None:
        """Nobody hears the answer."""

    def end(self) -> None:
        """Nothing more comes."""


HTTP = (
    "GET ", "POST ", "/v1.41/containers/create", "/_ping", "http://x/", "*", "?a=%zz&b", "%00", "/../", " HTTP/1.1",
    " HTTP/1.0", "\r\n", "\n", "Host: a\r\n", "Content-Length: 3\r\n", "Content-Length: " + "9" * 5000 + "\r\n",
    "Transfer-Encoding: chunked\r\n", "Expect: 100-continue\r\n", "3\r\nabc\r\n", "0\r\n\r\n", "{}", "X: \xff\r\n",
    "\0", "[" * 2000, "//[", "Upgrade: tcp\r\n",
)  # fmt: skip


@fuzzed
@given(written(HTTP))
def test_requests_of_http(data: bytes) -> None:
    connection = HttpConnection(Sent(data))
    with contextlib.suppress(Refused):
        request = connection.request()
        if request is not None:
            request.json()
            with request.body(LARGEST_JSON):
                pass


@fuzzed
@given(written(("e30=", "eyJhIjoxfQ==", "=", "-", "_", "bnVsbA==", "W10=")), st.text(max_size=20))
def test_logins_of_builds(header: bytes, image: str) -> None:
    with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError):
        logins(header.decode(errors="replace"))(image)
