"""Every key that pysim can be configured by, declared once: its type, its checks and hints, and who may set it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from simulator.actions.choice import ActionChoice, parse_choice
from simulator.actions.repositories import LocalRepository, parse_local_repository
from simulator.configuration import publisher_form
from simulator.configuration.declaring import (
    Node,
    by_name,
    checked,
    flag,
    key,
    moment,
    one_of,
    table,
    tables,
    text,
    texts,
    user_key,
    whole_number,
)
from simulator.indexes import IndexName
from simulator.remedies import Act
from simulator.spelling import suggest
from simulator.twins.base import RULES

_INDEXES: Final[Mapping[str, IndexName]] = {"pypi": "pypi", "testpypi": "testpypi"}
_VISIBILITIES: Final = {name: name for name in ("public", "private", "internal")}
_TARGETS: Final[Mapping[str, Literal["branch", "tag"]]] = {"branch": "branch", "tag": "tag"}
_PERMISSIONS: Final = {name: name for name in ("read", "write")}
_MOST_REVIEWERS: Final = 6
_LONGEST_WAIT: Final = 43_200
_DAY: Final = 24 * 60 * 60
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_AS_ON_GITHUB: Final = "Spell it as on GitHub."
AS_REGISTERED: Final = 'Write {} = "...", with what the publisher on PyPI is registered with.'


def require_name(node: Node, name: str, what: str) -> None:
    """Raise ConfigurationError for a name that GitHub gives no secret and no variable."""
    if not _NAME.fullmatch(name) or name.upper().startswith("GITHUB_"):
        hint = "Use letters, digits and _, no digit first, and not GITHUB_ at the beginning."
        raise node.key_error(f"{name} is not the name of {what}.", hint=hint)


def _variable(node: Node) -> None:
    require_name(node, node.name, "a variable")


def _secret_names(node: Node) -> tuple[str, ...]:
    names = texts(node)
    for number, name in enumerate(names):
        require_name(node.child(number, name), name, "a secret")
    return tuple(name.upper() for name in names)


def _reviewers(node: Node) -> tuple[str, ...]:
    names = texts(node)
    if len(names) > _MOST_REVIEWERS:
        raise node.error(f"GitHub takes at most {_MOST_REVIEWERS} reviewers.", hint="Name a team.")
    return names


def _environment_name(node: Node) -> str | None:
    """Lower case, as PyPI keeps it; None for its "Any"."""
    return checked(publisher_form.errors_of_environment, AS_REGISTERED, named=True)(node).lower() or None


def _action_choice(node: Node) -> ActionChoice:
    """`default`, and the exceptions from it by `owner/repo`."""
    choice = ActionChoice()
    for child in node.children():
        kind = text(child)
        try:
            choice = parse_choice([kind if child.name == "default" else f"{child.name}={kind}"], choice)
        except ValueError as error:
            raise child.error(f"{error}.", hint='Write default = "real", or "owner/repo" = "real".') from error
    return choice


def _local_repositories(node: Node) -> tuple[LocalRepository, ...]:
    """Folders by `owner/repo@ref`; a relative one lies beside the file."""
    found = []
    for child in node.children():
        try:
            found.append(parse_local_repository(f"{child.name}={text(child)}", node.file.folder))
        except ValueError as error:
            raise child.error(f"{error}.", hint='Write "owner/repo@ref" = "PATH".') from error
    return tuple(found)


def _images(node: Node) -> Mapping[str, str]:
    """The image of this machine by the name that it stands for."""
    found = {}
    for child in node.children():
        image = text(child)
        if not child.name or not image:
            raise child.error("An image without a name stands for none.", hint='Write "name" = "image".')
        found[child.name.removeprefix("docker://")] = image
    return found


def _rules(node: Node) -> tuple[str, ...]:
    names = texts(node)
    for number, name in enumerate(names):
        if name not in RULES:
            hint = suggest(name, RULES)
            raise node.child(number, name).error(f"pysim holds no rule {name}.", hint=f"{hint} Leave out any other.")
    return names


@dataclass(frozen=True, kw_only=True, slots=True)
class RulesetSettings:
    """`[[repository.rulesets]]`: an active ruleset, as `Ruleset` has it."""

    name: str = key(text, "")
    target: Literal["branch", "tag"] = key(one_of(_TARGETS, "No ruleset is of a {}."), "branch")
    include: tuple[str, ...] = key(texts, ("~DEFAULT_BRANCH",))
    exclude: tuple[str, ...] = key(texts, ())
    rules: tuple[str, ...] = key(_rules, (), needed=True)
    bypass: tuple[str, ...] = key(texts, ())


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositorySettings:
    """`[repository]`: what git does not say, or says otherwise; None is not given."""

    owner: str | None = key(checked(publisher_form.errors_of_owner, _AS_ON_GITHUB), None)
    name: str | None = key(checked(publisher_form.errors_of_name, _AS_ON_GITHUB), None)
    visibility: str | None = key(one_of(_VISIBILITIES, "No repository is {}."), None)
    default_branch: str | None = key(text, None)
    workflow_permissions: str | None = key(
        one_of(
            _PERMISSIONS, "workflow-permissions is no {}.", 'Write "read", as new repositories have it, or "write".'
        ),
        None,
    )
    immutable_releases: bool = key(flag, default=False)
    rulesets: tuple[RulesetSettings, ...] = key(tables(RulesetSettings), ())


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSettings:
    """`[run]`: what jobs are told of the run, and the ID tokens of theirs say."""

    actor: str | None = key(text, None)
    triggering_actor: str | None = key(text, None)
    number: int = key(whole_number("a number from 1", 1, such_as=7), 1)
    attempt: int = key(whole_number("a number from 1", 1, such_as=7), 1)
    ref_protected: bool = key(flag, default=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class PublisherSettings:
    """`[[publishers]]`: one, checked as PyPI's form does; its repository is by default that of `[repository]`."""

    index: IndexName = key(one_of(_INDEXES, "There is no index {}."), "pypi")
    project: str = key(checked(publisher_form.errors_of_project, AS_REGISTERED, named=True), "", needed=True)
    repository: str | None = key(checked(publisher_form.errors_of_repository, AS_REGISTERED, named=True), None)
    workflow: str = key(checked(publisher_form.errors_of_workflow, AS_REGISTERED, named=True), "", needed=True)
    environment: str | None = key(_environment_name, None)
    pending: bool = key(flag, default=False)
    registered: float | None = key(moment, None)


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentSettings:
    """`[environments.NAME]`: the rules of one, as `EnvironmentRules` has them."""

    branches: tuple[str, ...] | None = key(texts, None)
    tags: tuple[str, ...] | None = key(texts, None)
    protected_branches: bool = key(flag, default=False)
    reviewers: tuple[str, ...] = key(_reviewers, ())
    prevent_self_review: bool = key(flag, default=False)
    wait_timer: int = key(whole_number(f"a number of minutes up to {_LONGEST_WAIT}", 0, _LONGEST_WAIT, such_as=30), 0)
    variables: Mapping[str, str] = key(by_name(text, _variable), {})
    secrets: tuple[str, ...] = key(_secret_names, ())
    url: str | None = key(text, None)


def _one_choice_of_refs(node: Node, rules: EnvironmentSettings) -> None:
    if rules.protected_branches and (rules.branches, rules.tags) != (None, None):
        said = "protected-branches leaves no choice of branches and tags, at GitHub neither."
        raise node.child("protected-branches", value=True).error(said, hint="Keep one of them.")


def _filled(node: Node) -> str:
    value = text(node).strip()
    if not value:
        raise node.error(f"{node.name} is empty.", hint=f'Write {node.name} = "...".')
    return value


def _last_day(node: Node) -> float:
    """A day is over when it ends."""
    day = isinstance(node.value, date) and not isinstance(node.value, datetime)
    return moment(node) + (_DAY if day else 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class AcceptSettings:
    """`[[accept]]`: a finding that is known, as `Acceptance` has it."""

    what: str = key(_filled, "", needed=True)
    reason: str = key(_filled, "", needed=True)
    until: float | None = key(_last_day, None)


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallSettings:
    """`[install]`: what is tried of a release that was installed, in the sandbox."""

    check: str | None = key(_filled, None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The tables of a file: those of the repository's, and at the end those of the user's alone."""

    repository: RepositorySettings = key(table(RepositorySettings), RepositorySettings())
    run: RunSettings = key(table(RunSettings), RunSettings())
    publishers: tuple[PublisherSettings, ...] = key(tables(PublisherSettings), ())
    environments: Mapping[str, EnvironmentSettings] = key(by_name(table(EnvironmentSettings, _one_choice_of_refs)), {})
    vars: Mapping[str, str] = key(by_name(text, _variable), {})
    accept: tuple[AcceptSettings, ...] = key(tables(AcceptSettings), ())
    install: InstallSettings = key(table(InstallSettings), InstallSettings())
    actions: ActionChoice = key(_action_choice, ActionChoice())
    local_repositories: tuple[LocalRepository, ...] = user_key(
        _local_repositories, (), machine="folders", ask=Act.USE_COPY
    )
    images: Mapping[str, str] = user_key(_images, {}, machine="images", ask=Act.USE_IMAGE)
