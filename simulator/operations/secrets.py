"""The secrets that jobs get: the configured ones, but tokens of the local indexes in the place of real ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from simulator.configuration.provenance import with_answers
from simulator.configuration.values import Configuration
from simulator.errors import UsageError
from simulator.indexes import TITLES, IndexName
from simulator.operations.ask import Ask
from simulator.operations.prepared import PreparedRehearsal
from simulator.planning.calls import foreseen_jobs
from simulator.rehearsal.credentials import TOKEN_PREFIX, TokenSecret, passed_as, token_secrets
from simulator.remedies import Act, remedy
from simulator.run_events import EventSink, Notice
from simulator.workflow.calls import CalledWorkflow
from simulator.workflow.model import Job, Workflow

Mint = Callable[[IndexName], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Secrets:
    """Secrets of the repository, those of environments by the environment's name, and the tokens among them."""

    repository: Mapping[str, str]
    environments: Mapping[str, Mapping[str, str]]
    tokens: tuple[str, ...] = ()


def rehearsal_secrets(prepared: PreparedRehearsal, mint: Mint, emit: EventSink) -> Secrets:
    """The secrets of a rehearsal; `mint` makes an upload token of a local index.

    A secret that a publishing step uses as its token is replaced when it holds an index token, which no rehearsal
    needs, and assumed when it is not given. Any other value stays as it is: the index will refuse it.
    """
    configuration = prepared.configuration
    repository = dict(configuration.secrets)
    environments = {name: dict(group) for name, group in configuration.environment_secrets.items()}
    tokens: list[str] = []
    for secret in _used(prepared):
        holders = [group for group in (repository, *environments.values()) if secret.name in group]
        if holders and not any(group[secret.name].startswith(TOKEN_PREFIX) for group in holders):
            continue
        tokens.append(mint(secret.index))
        claimed = [environments.setdefault(name, {}) for name in _claiming(prepared, secret.name)]
        for group in holders or claimed or [repository]:
            group[secret.name] = tokens[-1]
        if not holders:
            emit(_assumed(secret))
    for name, missing in _without_value(prepared, environments):
        emit(_missing(name, missing, prepared))
    return Secrets(repository=repository, environments=environments, tokens=tuple(tokens))


def asked_secrets(configuration: Configuration, ask: Ask | None) -> Configuration:
    """The configuration with values, from `ask`, for secrets of environments that have none; an empty one is none.

    Raises UsageError where nobody can be asked.
    """
    if ask is None:
        raise UsageError("Secrets are to be asked for, and there is nobody to ask.", hint="Write them to .secrets.")
    groups = {name: dict(group) for name, group in configuration.environment_secrets.items()}
    for name, rules in configuration.environments.items():
        group = groups.setdefault(name, {})
        for secret in rules.secrets:
            value = group.get(secret) or ask.secret(secret, name)
            if value:
                group[secret] = value
    return with_answers(configuration, groups)


def _claiming(prepared: PreparedRehearsal, secret: str) -> list[str]:
    """The environments that declare a secret as theirs."""
    return [name for name, rules in prepared.configuration.environments.items() if secret in rules.secrets]


def _without_value(
    prepared: PreparedRehearsal, environments: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, list[str]]]:
    """The environments that jobs enter, with those of their secrets that have no value."""
    entered = {
        job.environment.casefold() for item in prepared.plans for _, job in foreseen_jobs(item) if job.environment
    }
    for name, rules in prepared.configuration.environments.items():
        missing = [secret for secret in rules.secrets if secret not in environments.get(name, {})]
        if missing and name.casefold() in entered:
            yield name, missing


def _missing(environment: str, names: Collection[str], prepared: PreparedRehearsal) -> Notice:
    file = prepared.request.secret_file or ".secrets"
    verb = "has" if len(names) == 1 else "have"
    return Notice(
        message=f"{', '.join(names)} of the environment {environment} {verb} no value, so jobs find nothing there.",
        hint=f"Write NAME=VALUE to {file}, or let pysim ask for them.",
        remedies=(remedy(Act.ASK_SECRETS),),
    )


def _used(prepared: PreparedRehearsal) -> list[TokenSecret]:
    """The secrets by their names in the repository, or in an environment that has one of the name."""
    given = {name for group in prepared.configuration.environment_secrets.values() for name in group}
    found: dict[str, TokenSecret] = {}
    for item in prepared.plans:
        callers = [(job.job, item.calls.get(job.job.id)) for job in item.jobs if job.decision != "skip"]
        for secret in _used_by(item.workflow, callers, given):
            found.setdefault(secret.name, secret)
    return list(found.values())


def _used_by(
    workflow: Workflow, jobs: Iterable[tuple[Job, CalledWorkflow | None]], given: Collection[str]
) -> Iterator[TokenSecret]:
    for job, called in jobs:
        if called is None:
            yield from token_secrets(workflow, job)
            continue
        inside = [(each, called.calls.get(each.id)) for each in called.workflow.jobs.values()]
        for secret in _used_by(called.workflow, inside, given):
            if secret.name in given:
                yield secret
            yield from (replace(secret, name=name) for name in passed_as(job, secret.name))


def _assumed(secret: TokenSecret) -> Notice:
    title = TITLES[secret.index]
    return Notice(
        message=f"The secret {secret.name} ({secret.span.file}:{secret.span.line}) is assumed to hold a token of "
        f"{title}; the job gets one of the local {title}.",
        hint="See that it is set at GitHub: gh secret list",
    )
