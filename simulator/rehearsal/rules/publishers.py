"""Rules of trusted publishing: the declared publisher, and workflows that are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from simulator.actions.builtin.gh_action_pypi_publish.releases import release
from simulator.diagnostics import Severity
from simulator.planning.tools import PUBLISH, action_name, given_inputs
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.release import Publishing, publishing
from simulator.twins.base import Publisher


@rule(
    "publisher-mismatch",
    Severity.ERROR,
    summary="No declared publisher has the file name and the environment of a job that publishes.",
    why="PyPI compares both, and refuses the token of a job that differs.",
)
def publisher_mismatch(subject: Subject) -> Iterator[Problem]:
    for found, declared in _with_publishers(subject):
        here = _of_this_file(subject, declared)
        if not here:
            yield _other_file(subject, found, declared)
        elif not any(_fits(each, found) for each in here):
            yield _other_environment(found, here)


@rule(
    "publisher-without-environment",
    Severity.WARNING,
    summary="A job that publishes has an environment, and no declared publisher of its file names one.",
    why="PyPI takes the token of any job of that file, with no regard to what protects the environment.",
)
def publisher_without_environment(subject: Subject) -> Iterator[Problem]:
    for found, declared in _with_publishers(subject):
        here = _of_this_file(subject, declared)
        if here and found.job.environment is not None and not any(each.environment for each in here):
            yield _any_environment(subject, found)


def _with_publishers(subject: Subject) -> Iterator[tuple[Publishing, Sequence[Publisher]]]:
    """The steps that publish with a token of trusted publishing, each with the publishers declared for its index."""
    for found in publishing(subject.workflow):
        declared = [each for each in subject.publishers if each.index == found.index]
        if found.trusted and declared:
            yield found, declared


def _of_this_file(subject: Subject, publishers: Sequence[Publisher]) -> Sequence[Publisher]:
    name = PurePosixPath(subject.workflow.path).name
    return [each for each in publishers if each.workflow == name]


def _other_file(subject: Subject, found: Publishing, declared: Sequence[Publisher]) -> Problem:
    name = PurePosixPath(subject.workflow.path).name
    files = ", ".join(dict.fromkeys(each.workflow for each in declared))
    return Problem(
        span=found.span,
        message=f"Job {found.job.id} publishes from {name}, and the declared publishers are for {files}",
        hint=f"Rename the file, or register a publisher for {name} and declare it in [[publishers]].",
    )


def _fits(publisher: Publisher, found: Publishing) -> bool:
    """PyPI compares environments without letter case; one that is computed may fit."""
    if publisher.environment is None:
        return True
    environment = found.job.environment
    if environment is None:
        return False
    return not environment.name.template.is_literal or (
        environment.name.source.casefold() == publisher.environment.casefold()
    )


def _other_environment(found: Publishing, here: Sequence[Publisher]) -> Problem:
    environment = found.job.environment
    wanted = " or ".join(dict.fromkeys(each.environment or "any" for each in here))
    has = f"has the environment {environment.name.source}" if environment else "has no environment"
    return Problem(
        span=environment.span if environment else found.job.span,
        message=f"Job {found.job.id} {has}, and the declared publisher wants {wanted}: PyPI would refuse the token",
        hint=f"Write environment: {wanted} in the job, or change the publisher.",
    )


def _any_environment(subject: Subject, found: Publishing) -> Problem:
    environment = found.job.environment
    assert environment is not None
    file, name = PurePosixPath(subject.workflow.path).name, environment.name.source
    return Problem(
        span=environment.span,
        message=f"Job {found.job.id} has the environment {name}, and the declared publisher names none: PyPI takes the "
        f"token of any job of {file}, with no regard to what protects the environment",
        hint="Name it at PyPI, and in [[publishers]]"
        + (f': environment = "{name}".' if environment.name.template.is_literal else "."),
    )


def attests(found: Publishing) -> bool:
    """Whether a trusted publishing step makes attestations, as today its action does unless it is told otherwise."""
    uses = found.step.uses.value if found.step.uses else ""
    default = release(uses.partition("@")[2]).attestations if action_name(uses) == PUBLISH else True
    given = given_inputs(found.step).get("attestations", "true" if default else "false")
    return uses != "" and default is not None and given != "false"


@rule(
    "reusable-publish",
    Severity.ERROR,
    summary=(
        "A trusted publishing job lies in a workflow that others call (a warning where it also starts by itself, or "
        "without attestations)."
    ),
    why="PyPI does not support trusted publishing from reusable workflows; attestations of one are refused.",
)
def reusable_publish(subject: Subject) -> Iterator[Problem]:
    triggers = subject.workflow.triggers
    call = triggers.get("workflow_call")
    if call is None:
        return
    for found in publishing(subject.workflow):
        if not found.trusted:
            continue
        attested = attests(found)
        alone = len(triggers) == 1
        yield Problem(
            span=found.span,
            message=f"Job {found.job.id} publishes from a workflow that others call, which PyPI's trusted publishing "
            "does not support" + (": with attestations PyPI refuses the upload" if attested else ""),
            hint="Move the publishing job into the workflow that the tag starts; the build may stay here.",
            severity=Severity.ERROR if alone and attested else Severity.WARNING,
        )
