"""What it means that the protection rules of an environment keep a job out."""

from __future__ import annotations

from simulator.findings import Finding, Severity
from simulator.positions import Span


def refused_deployment(environment: str, reason: str, place: Span | None) -> Finding:
    """The finding for a job that its environment keeps out; `reason` is the sentence that says why."""
    rules = f"[environments.{environment}] in pysim.toml"
    if "review" in reason:
        hint = f"Approve the deployment at GitHub; to rehearse what follows it, leave `reviewers` out of {rules}."
    else:
        hint = (
            f"Release from a tag or branch that {environment} takes, or change its rules at GitHub and under {rules}."
        )
    return Finding(
        code="deployment-refused",
        severity=Severity.ERROR,
        message=reason,
        where=place or f"environment {environment}",
        hint=hint,
    )
