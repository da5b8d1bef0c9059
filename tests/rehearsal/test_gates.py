"""What an environment does to a release is a finding with what to do."""

from __future__ import annotations

import pytest

from simulator.findings import Severity
from simulator.positions import Span
from simulator.rehearsal.gates import paused_deployment, refused_deployment, unprotected
from simulator.remedies import Act, remedy

TABLE = "[environments.pypi] in pysim.toml"
PLACE = Span(file="w.yml", line=4, column=5)


@pytest.mark.parametrize(
    ("reason", "by", "hint"),
    [
        ('Tag "v1" is not allowed to deploy to pypi due to environment protection rules.', None, "that pypi takes"),
        (
            "The deployment was rejected or didn't satisfy other protection rules.",
            "ada (too early)",
            "ada (too early) rejected the deployment to pypi",
        ),
        ("Nobody may approve the deployment to pypi: ada starts", None, "Name another reviewer"),
    ],
)
def test_what_to_do_where_it_refuses(reason: str, by: str | None, hint: str) -> None:
    finding = refused_deployment("pypi", reason, PLACE, table=TABLE, rejected_by=by)
    assert (finding.message, finding.where, finding.severity) == (reason, PLACE, Severity.ERROR)
    assert hint in finding.hint
    assert refused_deployment("pypi", reason, None, table=TABLE).where == "environment pypi"


def test_what_to_do_where_it_waits() -> None:
    finding = paused_deployment("pypi", "waits", PLACE)
    assert finding.severity is Severity.WARNING
    assert "approve or reject the deployment beforehand" in finding.hint
    assert finding.remedies == (remedy(Act.ANSWER_REVIEW, "pypi"),)


def test_an_environment_that_nobody_declares_is_said_to_protect_nothing() -> None:
    finding = unprotected("pypi", PLACE, table=TABLE, others=False)
    assert (finding.severity, finding.code) == (Severity.NOTICE, "environment-unprotected")
    assert unprotected("pypi", PLACE, table=TABLE, others=True).severity is Severity.WARNING
    assert "without any protection" in finding.message
    assert finding.hint.endswith(f"or declare {TABLE}.")
    assert finding.remedies == (remedy(Act.IMPORT_ENVIRONMENTS),)
