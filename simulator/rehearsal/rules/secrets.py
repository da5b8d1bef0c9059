"""Rules of the secrets that a job reads: GitHub gives an empty text for one that there is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from simulator.diagnostics import Severity
from simulator.positions import Span
from simulator.rehearsal.credentials import TokenSecret, environment_of, token_secrets
from simulator.rehearsal.job_uploads import secrets_of, uploads_of
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules.destinations import is_trusted
from simulator.rehearsal.rules.model import DeclaredSecrets, Problem, Subject
from simulator.rehearsal.rules.release import called_by, may_mint
from simulator.spelling import closest
from simulator.workflow.model import Job, Text, Workflow

_ALWAYS = frozenset({"GITHUB_TOKEN", "ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG"})


@rule(
    "secret-empty",
    Severity.WARNING,
    summary="A job reads a secret that it has not, where others are given or declared (an error where it is the only "
    "credential of a publishing step).",
    why="GitHub gives an empty text for it, without a word.",
)
def secret_empty(subject: Subject) -> Iterator[Problem]:
    if subject.secrets is None or "workflow_call" in subject.workflow.triggers:
        return  # what a called workflow has, its callers say
    for job in subject.workflow.jobs.values():
        yield from _of_job(subject, subject.secrets, subject.workflow, job, None)
        called = called_by(job, subject.others)
        if called is not None and job.secrets == "inherit":
            for inner in called.jobs.values():
                yield from _of_job(subject, subject.secrets, called, inner, job)


def _of_job(
    subject: Subject, secrets: DeclaredSecrets, workflow: Workflow, job: Job, caller: Job | None
) -> Iterator[Problem]:
    """Of a job, or of one in the workflow that `caller` calls: then what is said stands at the call."""
    known = _known(secrets, job)
    missing = {name: span for name, span in _read(workflow, job, known).items() if name not in known}
    if caller is not None and caller.uses is not None:
        missing = dict.fromkeys(missing, caller.uses.span)
    uses = {use.name: use for use in token_secrets(workflow, job, subject.read) if not use.user}
    needed = [name for name in missing if name in uses and _is_needed(workflow, job, uses[name])]
    who = f"Job {job.id}" if caller is None else f"Job {job.id} of {workflow.path}"
    for name in needed:
        yield Problem(
            span=missing[name],
            message=f"{who} publishes with the secret {name}, {_why(secrets, job, [name])}",
            hint=_hint(secrets, job, name),
            severity=Severity.ERROR,
        )
    others = [name for name in missing if name not in needed]
    if others:
        yield Problem(
            span=missing[others[0]],
            message=f"{who} reads the secret{'s' if len(others) > 1 else ''} {', '.join(others)}, "
            f"{_why(secrets, job, others)}",
            hint=_hint(secrets, job, others[0]),
        )


def _known(secrets: DeclaredSecrets, job: Job) -> frozenset[str]:
    environment = environment_of(job)
    named = (
        frozenset().union(*secrets.environments.values())
        if environment == ""
        else secrets.environments.get(environment or "", frozenset())
    )
    return _ALWAYS | secrets.repository | named


def _read(workflow: Workflow, job: Job, known: frozenset[str]) -> Mapping[str, Span]:
    """The secrets that a job reads, each with its first place; none that has something else in its place."""
    found: dict[str, Span] = {}
    for text in _texts(workflow, job):
        for expression in text.template.expressions:
            names = tuple(secrets_of(expression))
            if "||" in expression.source and (known.intersection(names) or len(expression.references()) > len(names)):
                continue
            for name in names:
                found.setdefault(name, text.span)
    return found


def _texts(workflow: Workflow, job: Job) -> Iterator[Text]:
    for step in job.all_steps:
        yield from (*step.with_.values(), *step.env.values(), *([step.run] if step.run else []))
    yield from (*job.env.values(), *job.with_.values())
    if job.secrets != "inherit":
        yield from job.secrets.values()
    for container in (*([job.container] if job.container else []), *job.services.values()):
        given = container.credentials
        yield from (text for text in (given.username, given.password) if text) if given else ()
        yield from container.env.values()
    if job.id == next(iter(workflow.jobs)):
        yield from workflow.env.values()


def _is_needed(workflow: Workflow, job: Job, use: TokenSecret) -> bool:
    """Whether a step publishes with this secret and cannot without: it surely runs, and gets no ID token instead."""
    step = use.step
    if step is not None and (step.condition.source or step.continue_on_error is not None):
        return False
    steps = uploads_of(workflow, job)
    tools = [each.tool for found in steps for each in found.destinations if step is None or found.step == step]
    return not (may_mint(workflow, job) and tools and all(map(is_trusted, tools)))


def _why(secrets: DeclaredSecrets, job: Job, names: Iterable[str]) -> str:
    """The end of a sentence about secrets that are empty."""
    names = list(names)
    holders = [each for each, held in secrets.environments.items() if held.issuperset(names)]
    are, they = ("are", "they are") if len(names) > 1 else ("is", "it is")
    if not holders:
        return f"which {are} neither given nor declared: {they} empty"
    environment = environment_of(job)
    other = f"is in the environment {environment}" if environment else "names no environment"
    return f"which {are} of the environment {holders[0]}, and the job {other}: {they} empty"


def _hint(secrets: DeclaredSecrets, job: Job, name: str) -> str:
    holder = next((each for each, held in secrets.environments.items() if name in held), None)
    if holder is not None:
        return f"Give the job `environment: {holder}`, or set the secret for the repository."
    guess = closest(name, _known(secrets, job) - _ALWAYS)
    meant = f"Did you mean {guess}? Else set" if guess is not None else "Set"
    return (
        f"{meant} it at GitHub (gh secret set {name}) and write it to .secrets; of a token the beginning will do, as "
        "pysim replaces what begins with pypi-."
    )
