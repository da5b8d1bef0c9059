"""Which called workflows are SLSA's generator."""

from __future__ import annotations

import pytest

from simulator.planning.provenance import is_generator

WORKFLOWS = "slsa-framework/slsa-github-generator/.github/workflows"


@pytest.mark.parametrize(
    ("reference", "is_it"),
    [
        (f"{WORKFLOWS}/generator_generic_slsa3.yml@v2.1.0", True),
        (f"{WORKFLOWS}/generator_container_slsa3.yml@v2.0.0", True),
        (f"{WORKFLOWS}/builder_go_slsa3.yml@v2.0.0", False),
        ("octo/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@v2.1.0", False),
        ("./.github/workflows/generator_generic_slsa3.yml", False),
    ],
)
def test_the_generator_is_known_by_its_place(reference: str, is_it: bool) -> None:
    assert is_generator(reference) is is_it
