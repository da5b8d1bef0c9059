"""What it means that an environment keeps a job out, lets it wait, or protects nothing."""

from __future__ import annotations

from dataclasses import replace

from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.remedies import Act, remedy


def refused_deployment(
    environment: str, reason: str, place: Span | None, *, table: str, rejected_by: str | None = None
) -> Finding:
    """The finding for a job that its environment keeps out; `reason` is the sentence that says why.

    `rejected_by` says who rejected the deployment, and what for; `table` is where the rules are declared.
    """
    if rejected_by is not None:
        hint = f"{rejected_by} rejected the deployment to {environment}. See to the reason, or give another answer."
    elif reason.startswith("Nobody"):
        hint = f"Name another reviewer at GitHub and under {table}, or let somebody else start the run."
    else:
        hint = (
            f"Release from a tag or branch that {environment} takes, or change its rules at GitHub and under {table}."
        )
    return _finding("deployment-refused", Severity.ERROR, reason, hint, environment, place)


def paused_deployment(environment: str, reason: str, place: Span | None) -> Finding:
    """The finding for a job that waits for a review which nobody here could give."""
    hint = (
        "Rehearse it in a terminal to be asked, or approve or reject the deployment beforehand. GitHub lets the job "
        "wait up to 30 days."
    )
    found = _finding("deployment-waiting", Severity.WARNING, reason, hint, environment, place)
    return replace(found, would_show="Waiting for review", remedies=(remedy(Act.ANSWER_REVIEW, environment),))


def unprotected(environment: str, place: Span | None, *, table: str, others: bool) -> Finding:
    """The finding for an environment that nobody declares in `table`: GitHub makes one that protects nothing.

    A warning where `others` are declared, so that this one may be misspelt; else a notice, as nearly all declare none.
    """
    found = _finding(
        "environment-unprotected",
        Severity.WARNING if others else Severity.NOTICE,
        f"The environment {environment} is not declared, so it is rehearsed as GitHub creates one that it does not "
        "know: without any protection.",
        f"Import what is set up there, as `gh api repos/OWNER/REPO/environments` prints it, or declare {table}.",
        environment,
        place,
    )
    return replace(found, remedies=(remedy(Act.IMPORT_ENVIRONMENTS),))


def _finding(
    code: str,
    severity: Severity,
    message: str,
    hint: str,
    environment: str,
    place: Span | None,
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        message=message,
        where=place or f"environment {environment}",
        hint=hint,
    )
