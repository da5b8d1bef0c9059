"""A job that its environment keeps out is a finding with what to do."""

from __future__ import annotations

import pytest

from simulator.positions import Span
from simulator.rehearsal.gates import refused_deployment


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("The deployment to pypi waits for a review by ada.", "leave `reviewers` out of [environments.pypi]"),
        ('Tag "v1" is not allowed to deploy to pypi due to environment protection rules.', "that pypi takes"),
    ],
)
def test_what_to_do(reason: str, hint: str) -> None:
    place = Span(file="w.yml", line=4, column=5)
    finding = refused_deployment("pypi", reason, place)
    assert (finding.message, finding.where) == (reason, place)
    assert hint in finding.hint
    assert refused_deployment("pypi", reason, None).where == "environment pypi"
