"""What the text of `uses:` names."""

from __future__ import annotations

import pytest

from simulator.actions.model import DockerReference, LocalReference, Reference, RepositoryReference
from simulator.actions.reference import ReferenceSyntaxError, parse_reference


def at(owner: str, repo: str, path: str, ref: str) -> RepositoryReference:
    return RepositoryReference(owner=owner, repo=repo, path=path, ref=ref)


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        ("actions/checkout@v4", at("actions", "checkout", "", "v4")),
        ("pypa/gh-action-pypi-publish@release/v1", at("pypa", "gh-action-pypi-publish", "", "release/v1")),
        ("octo/tools/build/wheel@main", at("octo", "tools", "build/wheel", "main")),
        ("./", LocalReference(path="./")),
        ("./.github/actions/build", LocalReference(path="./.github/actions/build")),
        ("docker://alpine:3", DockerReference(image="alpine:3")),
        ("DOCKER://ghcr.io/octo/image", DockerReference(image="ghcr.io/octo/image")),
    ],
)
def test_references(uses: str, expected: Reference) -> None:
    assert parse_reference(uses) == expected


@pytest.mark.parametrize(
    "reference", ["actions/checkout@v4", "octo/tools/build/wheel@main", "./x", "docker://alpine:3"]
)
def test_a_reference_reads_as_it_was_written(reference: str) -> None:
    assert str(parse_reference(reference)) == reference


@pytest.mark.parametrize(
    "uses", ["", "checkout", "checkout@v4", "actions/checkout", "actions/checkout@", "/x@v1", "a/b@c@d"]
)
def test_what_is_none(uses: str) -> None:
    with pytest.raises(ReferenceSyntaxError) as error:
        parse_reference(uses)
    assert str(error.value) == f"Expected format {{org}}/{{repo}}[/path]@ref. Actual '{uses}'"


def test_an_image_needs_a_name() -> None:
    with pytest.raises(ValueError, match="Expected docker://image"):
        parse_reference("docker://")
