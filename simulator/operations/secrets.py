"""The secrets that jobs get: the configured ones, but tokens of the local indexes in the place of real ones."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from simulator.configuration.provenance import with_answers
from simulator.configuration.values import Configuration
from simulator.errors import UsageError
from simulator.indexes import TITLES, IndexName, indexes
from simulator.operations.ask import Ask
from simulator.operations.prepared import PreparedRehearsal
from simulator.operations.problems import declared_secrets
from simulator.planning.calls import foreseen_jobs
from simulator.planning.index_settings import Read
from simulator.rehearsal.credentials import TOKEN_PREFIX, TokenSecret, passed_as, token_secrets
from simulator.remedies import Act, remedy
from simulator.run_events import EventSink, Notice
from simulator.triggers.repository import read_file
from simulator.workflow.calls import CalledWorkflow
from simulator.workflow.model import Job, Workflow

Mint = Callable[[Sequence[IndexName]], str]
USER: Final = "__token__"
"""The user name that goes with a token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Secrets:
    """Secrets of the repository, those of environments by the environment's name, and the tokens among them."""

    repository: Mapping[str, str]
    environments: Mapping[str, Mapping[str, str]]
    tokens: tuple[str, ...] = ()


def rehearsal_secrets(prepared: PreparedRehearsal, mint: Mint, emit: EventSink) -> Secrets:
    """The secrets of a rehearsal; `mint` makes an upload token that some of the local indexes know.

    An index token is replaced wherever it is given, as no rehearsal needs a real one. Where nothing at all is declared,
    what the jobs hand to an index is assumed to be a token of it, or the user name that goes with one; so is what an
    environment declares without a value. Any other value stays as it is: the index will refuse it.
    """
    configuration = prepared.configuration
    repository = dict(configuration.secrets)
    environments = {name: dict(group) for name, group in configuration.environment_secrets.items()}
    uses, withheld = _used(prepared)
    minted = _Minted(mint)
    for notice in withheld:
        emit(notice)
    for environment, group in ((None, repository), *environments.items()):
        for name in [name for name, value in group.items() if value.startswith(TOKEN_PREFIX)]:
            group[name] = minted.token(_readers(uses, name, environment, environments))
    for name, readers in _not_given(prepared, uses, repository, environments).items():
        claimed = [environments.setdefault(each, {}) for each in _claiming(prepared, name)]
        is_user = all(use.user for use in readers)
        for group in claimed or [repository]:
            group[name] = USER if is_user else minted.token(readers)
        emit(_assumed(readers, is_user=is_user))
    for name, missing in _without_value(prepared, environments):
        emit(_missing(name, missing, prepared))
    return Secrets(repository=repository, environments=environments, tokens=tuple(minted.tokens))


class _Minted:
    """Tokens of the local indexes: one for each set of uses, for the index that these surely have in common.

    Where it is not written which index that is, the token is one of all that it may be.
    """

    def __init__(self, mint: Mint) -> None:
        self._mint = mint
        self.tokens: list[str] = []

    def token(self, uses: Sequence[TokenSecret]) -> str:
        """A new token."""
        self.tokens.append(self._mint(indexes_for(uses)))
        return self.tokens[-1]


def indexes_for(uses: Sequence[TokenSecret]) -> tuple[IndexName, ...]:
    """The indexes that one value of a secret is a token of.

    A value is a token of one index: of the first that is surely meant. Jobs of different environments have values of
    their own, though the secret's name be the same.
    """
    sure: dict[str | None, IndexName] = {}
    for use in uses:
        if use.sure and not use.user:
            sure.setdefault(use.environment, use.indexes[0])
    possible = dict.fromkeys(index for use in uses for index in use.indexes)
    return tuple(dict.fromkeys(sure.values())) or tuple(possible) or tuple(indexes())


def _readers(
    uses: Sequence[TokenSecret], name: str, environment: str | None, environments: Mapping[str, Mapping[str, str]]
) -> Sequence[TokenSecret]:
    """The uses that get the value of an environment, or, for None, that of the repository."""
    same = [use for use in uses if use.name == name]
    if environment is not None:
        return [use for use in same if use.environment in {environment.casefold(), ""}]
    owned = {each.casefold() for each, group in environments.items() if name in group}
    return [use for use in same if use.environment not in owned]


def _not_given(
    prepared: PreparedRehearsal,
    uses: Sequence[TokenSecret],
    repository: Mapping[str, str],
    environments: Mapping[str, Mapping[str, str]],
) -> Mapping[str, Sequence[TokenSecret]]:
    """The uses of secrets that have no value and may be assumed to have one, by name."""
    given = {*repository, *(name for group in environments.values() for name in group)}
    nothing = declared_secrets(prepared.configuration) is None
    found: dict[str, list[TokenSecret]] = {}
    for use in uses:
        if use.name not in given and (nothing or _is_declared_for(prepared, use)):
            found.setdefault(use.name, []).append(use)
    return found


def _is_declared_for(prepared: PreparedRehearsal, use: TokenSecret) -> bool:
    """Whether the environment of the job declares the secret."""
    claiming = {name.casefold() for name in _claiming(prepared, use.name)}
    return use.environment in claiming or (use.environment == "" and bool(claiming))


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


def _used(prepared: PreparedRehearsal) -> tuple[list[TokenSecret], list[Notice]]:
    """The uses of secrets by their names in the repository, or in an environment that has one of the name.

    Of those that no caller hands to the workflow that reads them, a notice says so.
    """
    rules = prepared.configuration.environments.values()
    groups = prepared.configuration.environment_secrets.values()
    given = {name for group in groups for name in group} | {name for each in rules for name in each.secrets}
    read = functools.partial(read_file, prepared.source)
    found: list[TokenSecret] = []
    withheld: list[Notice] = []
    for item in prepared.plans:
        callers = [(job.job, item.calls.get(job.job.id)) for job in item.jobs if job.decision != "skip"]
        found += _used_by(item.workflow, callers, given, read, withheld)
    return list(dict.fromkeys(found)), list(dict.fromkeys(withheld))


def _used_by(
    workflow: Workflow,
    jobs: Iterable[tuple[Job, CalledWorkflow | None]],
    given: Collection[str],
    read: Read,
    withheld: list[Notice],
) -> Iterator[TokenSecret]:
    for job, called in jobs:
        if called is None:
            yield from token_secrets(workflow, job, read)
            continue
        inside = [(each, called.calls.get(each.id)) for each in called.workflow.jobs.values()]
        for secret in _used_by(called.workflow, inside, given, read, withheld):
            own, handed = secret.name in given and secret.environment is not None, passed_as(job, secret.name)
            if own:
                yield secret
            elif not handed:
                withheld.append(_withheld(job, secret))
            yield from (replace(secret, name=name) for name in handed)


def _withheld(job: Job, secret: TokenSecret) -> Notice:
    return Notice(
        message=f"The secret {secret.name} ({secret.span.file}:{secret.span.line}) is empty: job {job.id} calls that "
        "workflow without handing it over.",
        hint=f"Add `secrets: inherit` to the job {job.id}, or name {secret.name} below its `secrets:`.",
    )


def _assumed(uses: Sequence[TokenSecret], *, is_user: bool) -> Notice:
    secret = uses[0]
    place = f"{secret.name} ({secret.span.file}:{secret.span.line})"
    if is_user:
        return Notice(
            message=f"The secret {place} is assumed to hold the user name {USER}.",
            hint="See that it is set at GitHub: gh secret list",
        )
    hosts = [host for use in uses for host in use.hosts]
    known = any(use.indexes for use in uses)
    titles = " and ".join(TITLES[index] for index in indexes_for(uses))
    return Notice(
        message=f"The secret {place} is assumed to hold a credential of {hosts[0]}; the job gets one that its stand-in "
        "takes."
        if hosts and not known
        else f"The secret {place} is assumed to hold a token of {titles}; the job gets one of the local {titles}.",
        hint="See that it is set at GitHub: gh secret list",
    )
