"""Names of images as Docker reads them, and where their registries lead."""

from __future__ import annotations

import pytest

from simulator.engines.base import ContainerError
from simulator.engines.references import check_registry, read_reference

DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("name", "repository", "tag"),
    [
        ("python", "docker.io/library/python", "latest"),
        ("python:3.12-slim", "docker.io/library/python", "3.12-slim"),
        ("docker.io/python", "docker.io/library/python", "latest"),
        ("index.docker.io/me/x:1", "docker.io/me/x", "1"),
        ("me/x", "docker.io/me/x", "latest"),
        ("ghcr.io/me/x:1", "ghcr.io/me/x", "1"),
        ("GHCR.io/me/x", "ghcr.io/me/x", "latest"),
        ("r.example:5000/x:1", "r.example:5000/x", "1"),
        ("localhost/x", "localhost/x", "latest"),
        ("Machine/x", "machine/x", "latest"),
        (f"me/x@{DIGEST}", "docker.io/me/x", DIGEST),
        (f"me/x:1@{DIGEST}", "docker.io/me/x", DIGEST),
    ],
)
def test_names_are_read_as_docker_does(name: str, repository: str, tag: str) -> None:
    found = read_reference(name)
    assert (found.repository, found.tag) == (repository, tag)


@pytest.mark.parametrize("name", ["", "/x", "x/", "a//b", "[::1]:5000/x", "r.example./x", "http://x/y", "x:y/z:1", "X"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(ContainerError, match="no name of an image"):
        read_reference(name)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.0.0.2:80", "127.1:5000", "2130706433:5000", "0x7f000001:5000", "0.0.0.0:80", "localhost",
        "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200", "168.63.129.16", "224.0.0.1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("by_proxy", [False, True])
def test_no_registry_is_of_this_machine_or_its_network(host: str, by_proxy: bool) -> None:
    with pytest.raises(ContainerError, match="and not the job's"):
        check_registry(read_reference(f"{host}/x"), by_proxy=by_proxy)


def test_a_name_that_is_not_known_here_is_the_proxys_business() -> None:
    unknown = read_reference("registry.invalid/x")
    with pytest.raises(ContainerError, match="cannot be seen"):
        check_registry(unknown, by_proxy=False)
    check_registry(unknown, by_proxy=True)
    for name in ("unheard-of:80/x", "some.localhost/x", "1.2.3.4.5/x"):
        with pytest.raises(ContainerError):
            check_registry(read_reference(name), by_proxy=True)


def test_indexes_are_no_registries() -> None:
    with pytest.raises(ContainerError, match="no registry of images"):
        check_registry(read_reference("upload.pypi.org/x"), by_proxy=True)


def test_addresses_of_the_internet_and_the_default_registry_pass() -> None:
    check_registry(read_reference("8.8.8.8/x"), by_proxy=False)
    check_registry(read_reference("python"), by_proxy=False)
