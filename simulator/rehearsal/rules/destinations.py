"""Rules of where a step publishes to, and with what credential."""

from __future__ import annotations

import re
from collections.abc import Iterator

from simulator.diagnostics import Severity
from simulator.planning.publish_commands import PublishCommand
from simulator.planning.tools import publishing_facts
from simulator.positions import Span
from simulator.rehearsal.addresses import right_address, wrong_address
from simulator.rehearsal.job_uploads import StepUploads, uploads_of
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.release import may_mint
from simulator.workflow.model import Job

_GIVING = re.compile(
    r"pypirc|keyring|\bconfig\b[^\n;&|]*(?:pypi-token|http-basic|publish|repository)"
    r"|(?:TOKEN|PASSWORD|AUTH)(?s:.)*GITHUB_ENV|GITHUB_ENV(?s:.)*(?:TOKEN|PASSWORD|AUTH)",
    re.IGNORECASE,
)
_HANDING = re.compile(r"(?i)secret|vault|credential")
_CREDENTIAL = re.compile(r"POETRY_(?:PYPI_TOKEN|HTTP_BASIC)|HATCH_INDEX_AUTH|FLIT_PASSWORD")


@rule(
    "index-address",
    Severity.ERROR,
    summary="A step uploads to an address that looks like one of PyPI or TestPyPI, and is none.",
    why="Each index takes uploads at one address alone: elsewhere there is no such host, or no such page.",
)
def index_address(subject: Subject) -> Iterator[Problem]:
    for job in subject.workflow.jobs.values():
        for step in uploads_of(subject.workflow, job, subject.read):
            for each in step.destinations:
                wrong = wrong_address(each.written or "")
                if wrong is not None:
                    yield Problem(
                        span=_span(step, each.said),
                        message=f"Job {job.id} uploads to {each.address}, {wrong}",
                        hint=f"Write {right_address(each.host)}",
                        severity=_weight(step),
                    )


@rule(
    "no-credential",
    Severity.ERROR,
    summary="A command publishes without a credential, and its tool does no trusted publishing by itself.",
    why="The tool asks for a password, or for a keyring, which a runner has not.",
)
def no_credential(subject: Subject) -> Iterator[Problem]:
    for job in subject.workflow.jobs.values():
        if _is_own_machine(job):
            continue
        steps = uploads_of(subject.workflow, job, subject.read)
        if any(_may_give(step) for step in steps):
            continue
        for step in steps:
            for command in step.commands:
                if not command.facts["trusted"] and not _has_credential(step, command):
                    yield _uncredited(subject, job, step, command)


def _uncredited(subject: Subject, job: Job, step: StepUploads, command: PublishCommand) -> Problem:
    program = command.tool.split(" ")[0]
    useless = ", so the job's id-token: write is of no use to it" if may_mint(subject.workflow, job) else ""
    names = [name.replace("*", "PYPI") for name in command.facts["credential"]["variables"]]
    given = f"Give it a token: `{names[0]}: ${{{{ secrets.PYPI_TOKEN }}}}` in `env:`. Or" if names else "Else"
    return Problem(
        span=_span(step, command.tool),
        message=f"Job {job.id} runs {command.tool} without a credential, and {program} does no trusted publishing by "
        f"itself{useless}",
        hint=f"{given} publish what it builds with pypa/gh-action-pypi-publish, which exchanges the job's ID token.",
        severity=_weight(step),
    )


def _has_credential(step: StepUploads, command: PublishCommand) -> bool:
    """Whether anything gives one, or nothing is published."""
    words = set(command.words) | set(step.script.split())
    if words & {"--dry-run", "--help", "-h"}:
        return True
    return any(command.written("credential")) or bool(command.variable_names("credential"))


def _may_give(step: StepUploads) -> bool:
    """Whether a step may set up a credential for those after it: a script writes one, an action hands one out.

    Such are actions of one's own, those that are given the name of a variable, and those that are named for secrets.
    """
    uses = step.step.uses.value if step.step.uses else ""
    computed = step.step.env.whole or step.step.env.computed
    given = _CREDENTIAL.search(" ".join([*step.inputs.values(), *step.step.env])) if uses else None
    handing = given or _HANDING.search(uses)
    return bool(computed or handing or _GIVING.search(step.script)) or uses.startswith(("./", "$/"))


def _is_own_machine(job: Job) -> bool:
    """Whether a job runs where settings may be that no file shows: a runner of one's own, or a container."""
    labels = [label.source for label in job.runs_on]
    hosted = ("ubuntu-", "macos-", "windows-")
    return job.container is not None or not all(label.startswith(hosted) for label in labels) or not labels


def _weight(step: StepUploads) -> Severity | None:
    """A warning where the step may not run, or may fail."""
    unsure = step.step.condition.source or step.step.continue_on_error is not None
    return Severity.WARNING if unsure else None


def _span(step: StepUploads, said: str) -> Span:
    """Where a step names its index, else its script or its action."""
    texts = [*step.step.with_.values(), *step.step.env.values()]
    named = (text.span for text in texts if said and said in text.source)
    run = step.step.run.span if step.step.run else None
    uses = step.step.uses.span if step.step.uses else None
    return next(named, None) or run or uses or step.step.span


def is_trusted(tool: str) -> bool:
    """Whether a tool, or an action, fetches an ID token itself where it has no credential."""
    facts = publishing_facts()
    row = facts["tools"].get(tool) or facts["action_inputs"].get(tool) or {}
    return bool(row.get("trusted"))
