"""Findings about what an index or GitHub refused, each from the event that tells of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from simulator.findings import Finding, Severity
from simulator.indexes import TITLES, IndexName
from simulator.positions import Span
from simulator.rehearsal.addresses import right_address, wrong_address
from simulator.rehearsal.explanations import EXCHANGES, explain, explain_upload
from simulator.remedies import Act, Remedy, remedy
from simulator.run_events import FileUploaded, TokenExchanged, TwinRequest

_NO_PUBLISHER: Final = "no corresponding publisher"


def cancelled_by_group(job_id: str, reason: str) -> Finding:
    """The finding for a job that its concurrency group cancelled."""
    hint = "Let one request at a time ask for the group, or give them groups of their own."
    if "deadlock" in reason:
        hint = (
            "Name another group where it is asked for inside: a called workflow sees its caller's `github.workflow`, "
            "so a group that is made of it is the caller's."
        )
    return Finding(
        code="concurrency",
        severity=Severity.ERROR,
        message=f"Job {job_id} was cancelled by a concurrency group: {reason}",
        where=f"job {job_id}",
        would_show=reason,
        hint=hint,
    )


def refusal_without_failure(refusal: Finding) -> Finding:
    """The same of a step that went on all the same."""
    return replace(
        refusal,
        severity=Severity.NOTICE,
        message=f"{refusal.message} (the step went on)",
        hint="Nothing to do if that was meant, as with skip-existing or continue-on-error.",
        remedies=(),
    )


def forgiven(failure: Finding) -> Finding:
    """The same of a job that may fail, for which GitHub ends no run."""
    return replace(
        failure,
        severity=Severity.WARNING if failure.severity is Severity.ERROR else failure.severity,
        message=f"{failure.message} (and its job ends well: continue-on-error)",
    )


def refused_exchange(event: TokenExchanged, where: Span | str) -> Finding:
    """The finding for an exchange that an index refused."""
    hint, remedies = _after_refused_exchange(event)
    return Finding(
        code="publisher-mismatch" if _NO_PUBLISHER in (event.error or "") else "exchange-refused",
        severity=Severity.ERROR,
        message=f"{TITLES[event.index]} refused job {event.job_id} an upload token: {event.error}",
        where=where,
        would_show=event.error,
        hint=hint,
        remedies=remedies,
    )


def _after_refused_exchange(event: TokenExchanged) -> tuple[str, tuple[Remedy, ...]]:
    """What is to be done, in words and as remedies."""
    known = explain(EXCHANGES, event.error or "")
    if known:
        return known.hint, known.remedies
    differs = "; ".join(
        f"{check.claim} is {check.value or 'missing'}, the publisher says {check.expected or 'nothing'}"
        for check in event.claims
        if not check.ok
    )
    if differs:
        return f"Make the workflow and the registered publisher agree: {differs}.{_agreeing(event)}", ()
    if event.claims and _NO_PUBLISHER in (event.error or ""):
        hint = (
            "The claims fit that publisher, so it is not in force: a pending one expires 30 days after it was "
            "registered. Register it again, with the new day in its `registered`."
        )
        return hint, ()
    hint = (
        f"Register a trusted publisher at {TITLES[event.index]} for this repository, workflow file and environment, "
        "and declare it to pysim, which explains the job's token with the values for the form."
    )
    return hint, (remedy(Act.ADD_PUBLISHER, index=_not_pypi(event.index)), remedy(Act.EXPLAIN_TOKENS))


def _agreeing(event: TokenExchanged) -> str:
    """How a workflow and a publisher come to agree, by the first claim that differs."""
    check = next(check for check in event.claims if not check.ok)
    if check.value.lower() == check.expected.lower():
        return f" They differ in upper and lower case alone: register the publisher as {check.value}."
    if check.claim == "environment" and check.expected:
        return f" Write `environment: {check.expected}` in the job, or change the publisher."
    if check.claim == "workflow" and " / " in event.job_id:
        return f" Move the job into {check.expected}: PyPI supports no publishing from a workflow that another calls."
    if check.claim == "workflow":
        return f" Register the publisher with {check.value}, or publish from {check.expected}."
    return ""


def _not_pypi(index: str) -> IndexName | None:
    return "testpypi" if index == "testpypi" else None


def colliding_publishers(event: TokenExchanged, where: Span | str) -> Finding | None:
    """New projects whose pending publishers would have the same values: the index registers one of them."""
    new = [form.project for form in event.forms if form.pending]
    if len(new) < 2:
        return None
    title = TITLES[event.index]
    return Finding(
        code="pending-publishers",
        severity=Severity.WARNING,
        message=f"Job {event.job_id} publishes {', '.join(new)}, which are new on {title} as far as pysim knows, and "
        "one pending publisher alone can be registered for it",
        where=where,
        would_show=f"The form would refuse the second one, and {title} the files of {', '.join(new[1:])}.",
        hint="Give each new project a workflow or an environment of its own; import those that are there already.",
        remedies=(remedy(Act.IMPORT_PROJECT, index=_not_pypi(event.index)),),
    )


def asked_wrong_address(event: TwinRequest, where: Span | str) -> Finding:
    """The finding for an upload to an address at which no index takes one."""
    asked = f"https://{event.host}{event.path}"
    return Finding(
        code="index-address",
        severity=Severity.ERROR,
        message=f"Job {event.job_id} asked {asked}, {wrong_address(asked) or 'where no upload is taken'}",
        where=where,
        hint=f"Publish to {right_address(event.host)}",
    )


def refused_upload(event: FileUploaded, where: Span | str) -> Finding:
    """The finding for a file that an index refused."""
    if event.index not in TITLES:
        return Finding(
            code="upload-refused",
            severity=Severity.ERROR,
            message=f"Job {event.job_id} was refused by the stand-in for {event.index} with {event.status}: "
            f"{event.message}",
            where=where,
            would_show=f"{event.status} {event.message}",
            hint="Hand the step a user and a password, or a token, of that index: it has none, or an empty one.",
        )
    known = explain_upload(event.message)
    return Finding(
        code="upload-refused",
        severity=Severity.ERROR,
        message=f"{TITLES[event.index]} refused {event.filename} with {event.status}: {event.message}",
        where=where,
        would_show=f"{event.status} {event.message}",
        hint=known.hint,
        remedies=known.remedies,
    )
