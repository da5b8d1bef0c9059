"""The secrets that a job hands to an index as its credential; a rehearsal has no use for the real ones."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from simulator.indexes import IndexName
from simulator.planning.index_settings import Read
from simulator.planning.outside import simple_commands
from simulator.planning.publish_commands import Part, PublishCommand, expanded
from simulator.planning.tools import publishing_facts
from simulator.planning.uploads import Destination, nothing_read
from simulator.positions import Span
from simulator.rehearsal.job_uploads import StepUploads, secrets_in, uploads_of
from simulator.workflow.model import Job, Step, Text, Workflow

TOKEN_PREFIX: Final = "pypi-"  # noqa: S105 - what the tokens of both indexes begin with
_NAMED: Final = re.compile(r"POETRY_(?:PYPI_TOKEN|HTTP_BASIC)_(\w+?)(?:_PASSWORD|_USERNAME)?")
_PARTS: Final[tuple[Part, ...]] = ("credential", "user")
_USER_LINE: Final = re.compile(r"(?i)\buser(name)?\b\s*[=:]")


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenSecret:
    """A secret that a job hands to an index, in the place `span`.

    `indexes` are those that it may be for, none where that is not known; it is `sure` where the one index is written.
    `user` says that it is the user name that goes with a token. `environment` is the job's, in lower case: None for
    none, "" where it is not known. `step` is the one that is given it, if it publishes.
    """

    name: str
    indexes: tuple[IndexName, ...]
    sure: bool
    span: Span
    environment: str | None = None
    user: bool = False
    step: Step | None = field(default=None, compare=False)
    hosts: tuple[str, ...] = ()


def token_secrets(workflow: Workflow, job: Job, read: Read = nothing_read) -> tuple[TokenSecret, ...]:
    """The secrets that the steps of a job use so, each use once; `read` reads files of the commit."""
    steps = uploads_of(workflow, job, read)
    of_job = [each for step in steps for each in step.destinations]
    found: list[TokenSecret] = []
    for step in steps:
        uses = (*_given(step), *_set(step, of_job)) if of_job else _by_name(step)
        for name, destinations, user in uses:
            known = tuple(dict.fromkeys(each.index for each in destinations if each.index))
            found.append(
                TokenSecret(
                    name=name,
                    indexes=known,
                    sure=len(known) == 1 and all(each.index for each in destinations),
                    span=_span(workflow, job, step.step, name),
                    environment=environment_of(job),
                    user=user,
                    step=step.step if step.destinations else None,
                    hosts=tuple(dict.fromkeys(each.host for each in destinations if each.is_foreign)),
                )
            )
    return tuple(dict.fromkeys(found))


def indexes_of(workflow: Workflow, job: Job, read: Read = nothing_read) -> tuple[IndexName, ...]:
    """The indexes that the publishing steps of a job upload to; none for other indexes.

    Of an address that only the run knows, what is written tells whether TestPyPI is meant.
    """
    destinations = (each for step in uploads_of(workflow, job, read) for each in step.destinations)
    return tuple(dict.fromkeys(index for each in destinations if (index := each.index or _guessed(each))))


def _guessed(destination: Destination) -> IndexName | None:
    if destination.host:
        return None
    return "testpypi" if re.search(r"test[-_.]?pypi", destination.said.lower()) else "pypi"


def passed_as(job: Job, name: str) -> tuple[str, ...]:
    """The secrets that a job hands to the workflow it calls under this name."""
    if job.secrets == "inherit":
        return (name,)
    return tuple(
        parts[1].upper()
        for given, text in job.secrets.items()
        if given.upper() == name
        for expression in text.template.expressions
        for parts in expression.references()
        if parts[0] == "secrets" and len(parts) > 1
    )


def environment_of(job: Job) -> str | None:
    """The environment of a job in lower case: None for none, "" where an expression names it."""
    if job.environment is None:
        return None
    name = job.environment.name
    return name.source.casefold() if name.template.is_literal else ""


_Use = tuple[str, Sequence[Destination], bool]


def _given(step: StepUploads) -> Iterator[_Use]:
    """What a publishing step hands over itself: the secret, where it goes, and whether it is a user name."""
    for part, names in step.credential_inputs.items():
        for name in names:
            value = expanded(step.inputs.get(name, ""), step.variables)
            yield from ((secret, step.destinations, part == "user") for secret in secrets_in(value))
    for command, destination in _pairs(step):
        for part in _PARTS:
            values = [expanded(value, command.variables) for value in command.written(part)]
            names = command.variable_names(part)
            values += [command.variables[name] for name in names if _is_for(name, destination)]
            for value in values:
                text = expanded(value, command.variables)
                yield from ((secret, (destination,), part == "user") for secret in secrets_in(text))


def _by_name(step: StepUploads) -> Iterator[_Use]:
    """What a tool would take from the variables of a step, where a script of the repository may run one."""
    for name, value in step.variables.items() if step.script else ():
        for part in _PARTS:
            if _is_variable(name, part):
                yield from ((secret, (), part == "user") for secret in secrets_in(value))


def _pairs(step: StepUploads) -> Iterator[tuple[PublishCommand, Destination]]:
    for command in step.commands:
        yield from ((command, each) for each in step.destinations if each.tool == command.tool)


def _is_for(variable: str, destination: Destination) -> bool:
    """Whether a variable that has the name of an index in it, as poetry's, is for this one."""
    named = _NAMED.fullmatch(variable)
    wanted = re.sub(r"[.-]", "_", destination.said or "pypi").upper()
    return named is None or named[1] == wanted or "$" in destination.said


def _set(step: StepUploads, of_job: Sequence[Destination]) -> Iterator[_Use]:
    """What a script sets up for the publishing commands of its job: by `config`, in a `.pypirc`, in GITHUB_ENV."""
    for words in simple_commands(step.script):
        if len(words) > 1 and words[1] == "config":
            values = [expanded(word, step.variables) for word in words]
            key = next((word for word in words[2:] if "." in word), "")
            given = [secret for value in values for secret in secrets_in(value)]
            for number, secret in enumerate(given):
                user = "http-basic" in key and number == 0 and len(given) > 1
                yield secret, _named(key, of_job), user or key.endswith((".username", ".user"))
    if "pypirc" in step.script:
        for line in step.script.splitlines():
            for secret in secrets_in(expanded(line, step.variables)):
                yield secret, of_job, bool(_USER_LINE.search(line))
    elif "GITHUB_ENV" in step.script:
        for name, value in re.findall(r"(\w+)=([^\"'\s]+)", step.script):
            if _is_variable(name, "credential"):
                yield from ((secret, of_job, False) for secret in secrets_in(expanded(value, step.variables)))


def _named(key: str, of_job: Sequence[Destination]) -> Sequence[Destination]:
    """The destinations that a key such as `pypi-token.NAME` is about; all where it names none of them."""
    names = set(key.split("."))
    return [each for each in of_job if (each.said or "pypi") in names] or of_job


def _is_variable(variable: str, part: Part) -> bool:
    """Whether a tool reads a credential, or a user name, from a variable."""
    patterns = [name for tool in publishing_facts()["tools"].values() for name in tool[part]["variables"]]
    return any(fnmatch.fnmatchcase(variable, pattern) for pattern in patterns)


def _span(workflow: Workflow, job: Job, step: Step, secret: str) -> Span:
    """Where a secret is read for a step: in the step, else in the variables of the job or of the workflow."""
    texts: list[Text] = [*step.with_.values(), *([step.run] if step.run else []), *step.env.values()]
    texts += [*job.env.values(), *workflow.env.values()]
    places = (text.span for text in texts if f"secrets.{secret}" in text.source.upper().replace("SECRETS.", "secrets."))
    fallback = (text.span for text in texts if secret in text.source.upper())
    return next(places, None) or next(fallback, step.span)
