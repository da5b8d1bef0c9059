"""The configuration of a repository: `pysim.toml` or `[tool.pysim]`, and the files `.vars` and `.secrets` beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from simulator.actions.choice import ActionChoice, parse_choice
from simulator.actions.repositories import LocalRepository, parse_local_repository
from simulator.configuration import publisher_form
from simulator.configuration.dotenv import read_dotenv
from simulator.configuration.toml_source import Keys, TomlFile, read_toml, toml_key
from simulator.environments.model import EnvironmentRules
from simulator.errors import ConfigurationError
from simulator.indexes import IndexName
from simulator.spelling import suggest
from simulator.triggers.model import RunFacts
from simulator.twins.base import Publisher

FILE: Final = "pysim.toml"
TABLE: Final = ("tool", "pysim")

_INDEXES: Final[Mapping[str, IndexName]] = {"pypi": "pypi", "testpypi": "testpypi"}
_VISIBILITIES: Final = ("public", "private", "internal")
_TOP: Final = ("repository", "run", "publishers", "environments", "vars", "actions", "local-repositories")
_RUN: Final = ("actor", "triggering-actor", "number", "attempt", "ref-protected")
_REPOSITORY: Final = ("owner", "name", "visibility", "default-branch", "workflow-permissions")
_PUBLISHER: Final = (
    "index",
    "project",
    "repository",
    "workflow",
    "environment",
    "pending",
    "registered",
)
_ENVIRONMENT: Final = (
    *("branches", "tags", "protected-branches", "reviewers", "prevent-self-review", "wait-timer"),
    *("variables", "secrets", "url"),
)
_MAX_REVIEWERS: Final = 6
_MAX_WAIT: Final = 43_200
_SECRET_WORDS: Final = frozenset({"secret", "secrets", "token", "api-token", "password"})
_LOOKS_SECRET: Final = re.compile(r"pypi-AgE|gh[pousr]_\w{20}|github_pat_\w{20}|-----BEGIN [A-Z ]*PRIVATE KEY")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositorySettings:
    """`[repository]`: what git does not say, or says otherwise; None is not given."""

    owner: str | None = None
    name: str | None = None
    visibility: str | None = None
    default_branch: str | None = None
    workflow_permissions: str | None = None


_SWITCHES: Final = ("ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG")


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """All that is configured. `secrets` are those that every job sees, `environment_secrets` those of one environment.

    `variables` are `[vars]` with `.vars` above them; `file` is where the tables stand, None when there are none.
    `actions` and `local_repositories` say what stands for the actions of a workflow.
    """

    file: str | None = None
    repository: RepositorySettings = field(default_factory=RepositorySettings)
    actor: str | None = None
    run: RunFacts = field(default_factory=RunFacts)
    publishers: tuple[Publisher, ...] = ()
    environments: Mapping[str, EnvironmentRules] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    environment_secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    actions: ActionChoice = field(default_factory=ActionChoice)
    local_repositories: tuple[LocalRepository, ...] = ()

    def table(self, *keys: str) -> str:
        """How a table is called, and where it stands or would: `[environments.pypi] in pysim.toml`."""
        names = (*TABLE, *keys) if self.file == "pyproject.toml" else keys
        return f"[{'.'.join(map(toml_key, names))}] in {self.file or FILE}"

    @property
    def all_secrets(self) -> tuple[str, ...]:
        """Every secret value, the environments' too: what no log may show. Switches are none, as for GitHub."""
        groups = (self.secrets, *self.environment_secrets.values())
        return tuple(dict.fromkeys(v for group in groups for name, v in group.items() if name not in _SWITCHES))


def load_configuration(root: Path, *, secret_file: Path | None = None) -> Configuration:
    """Read what is configured below a root; `secret_file` is read instead of `.secrets`.

    Raises ConfigurationError with file, line and a hint: for a file that cannot be read, a key that is not known, a
    value of the wrong kind, a secret in the file, and when both places hold a configuration.
    """
    file = _find(root)
    environments = dict(_environments(file)) if file else {}
    secrets = _secrets(root, secret_file)
    claimed = {name: set(rules.secrets) for name, rules in environments.items()}
    owned = set[str]().union(*claimed.values())
    repository = _repository(file) if file else RepositorySettings()
    return Configuration(
        file=file.name if file else None,
        repository=repository,
        actor=_text(file, _run_table(file), "actor", ("run",)) if file else None,
        run=_run(file) if file else RunFacts(),
        publishers=tuple(_publishers(file, repository)) if file else (),
        environments=environments,
        variables={**(_variables(file, file.data.get("vars", {}), ("vars",)) if file else {}), **_vars_file(root)},
        secrets={name: value for name, value in secrets.items() if name not in owned},
        environment_secrets={
            name: {secret: secrets[secret] for secret in sorted(names) if secret in secrets}
            for name, names in claimed.items()
        },
        actions=_actions(file) if file else ActionChoice(),
        local_repositories=tuple(_local_repositories(file, root)) if file else (),
    )


def _read(file: Path) -> TomlFile | None:
    try:
        return read_toml(file) if file.name == FILE else _in_project(file)
    except OSError as error:
        hint = "Make it a file that can be read, or remove it."
        raise ConfigurationError(f"Cannot read {file.name}: {error.strerror}.", hint=hint) from error


def _find(root: Path) -> TomlFile | None:
    own, project = root / FILE, root / "pyproject.toml"
    has_own = own.exists() or own.is_symlink()  # a folder or a link to nothing is told of
    in_project = _read(project) if project.is_file() else None
    if has_own and in_project:
        raise ConfigurationError(
            f"There is a configuration both in {FILE} and in [tool.pysim] of pyproject.toml.",
            hint="Keep one of them.",
        )
    found = _read(own) if has_own else in_project
    if found is not None:
        _refuse_secrets(found, found.data, ())
        found.require_known(found.data, _TOP, ())
    return found


def _in_project(file: Path) -> TomlFile | None:
    """`[tool.pysim]`, when there is one; a broken pyproject.toml that does not speak of pysim is the build's affair."""
    if b"pysim" not in file.read_bytes():
        return None
    found = read_toml(file, prefix=TABLE)
    return found if found.data else None


def _refuse_secrets(file: TomlFile, value: object, keys: Keys) -> None:
    """Refuse values that are secrets, by their key or by their looks; a list under `secrets` holds names alone."""
    if _is_secret(value, keys):
        raise file.fault(
            f"Secrets do not belong in the file ({keys[-1]}).",
            keys,
            hint="Put them in .secrets, and that in .gitignore.",
        )
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        _refuse_secrets(file, item, (*keys, key))


def _is_secret(value: object, keys: Keys) -> bool:
    if isinstance(value, str) and _LOOKS_SECRET.search(value):
        return True
    named = bool(keys) and str(keys[-1]).casefold() in _SECRET_WORDS and keys[:-1] != ("environments",)
    return named and not isinstance(value, list)


# ---- tables


def _table(file: TomlFile, value: object, keys: Keys) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise file.fault(f"{keys[-1]} is to be a table.", keys, hint=f"Write [{'.'.join(map(str, keys))}].")
    return value


def _text(file: TomlFile, table: Mapping[str, object], key: str, keys: Keys) -> str | None:
    value = table.get(key)
    if value is None or isinstance(value, str):
        return value
    raise file.fault(f"{key} is to be text.", (*keys, key), hint=f'Write {key} = "...".')


def _texts(file: TomlFile, table: Mapping[str, object], key: str, keys: Keys) -> tuple[str, ...] | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise file.fault(f"{key} is to be a list of texts.", (*keys, key), hint=f'Write {key} = ["..."].')
    return tuple(value)


def _repository(file: TomlFile) -> RepositorySettings:
    keys: Keys = ("repository",)
    table = _table(file, file.data.get("repository", {}), keys)
    file.require_known(table, _REPOSITORY, keys)
    owner, name = _text(file, table, "owner", keys), _text(file, table, "name", keys)
    for fault in publisher_form.faults_of_repository(
        f"{'x' if owner is None else owner}/{'x' if name is None else name}"
    ):
        raise file.fault(
            fault, (*keys, "owner" if "owner" in fault or "user" in fault else "name"), hint="Spell it as on GitHub."
        )
    visibility = _text(file, table, "visibility", keys)
    if visibility is not None and visibility not in _VISIBILITIES:
        hint = suggest(visibility, _VISIBILITIES)
        raise file.fault(f"No repository is {visibility}.", (*keys, "visibility"), hint=hint)
    permissions = _text(file, table, "workflow-permissions", keys)
    if permissions not in {None, "read", "write"}:
        hint = 'Write "read", as new repositories have it, or "write".'
        raise file.fault(f"workflow-permissions is no {permissions}.", (*keys, "workflow-permissions"), hint=hint)
    return RepositorySettings(
        owner=owner,
        name=name,
        visibility=visibility,
        default_branch=_text(file, table, "default-branch", keys),
        workflow_permissions=permissions,
    )


def _flag(file: TomlFile, table: Mapping[str, object], key: str, keys: Keys) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise file.fault(f"{key} is to be true or false.", (*keys, key), hint="Write true or false.")
    return value


def _run_table(file: TomlFile) -> Mapping[str, object]:
    table = _table(file, file.data.get("run", {}), ("run",))
    file.require_known(table, _RUN, ("run",))
    return table


def _run(file: TomlFile) -> RunFacts:
    """`[run]`: what jobs are told of the run, and the ID tokens of theirs say."""
    table, keys = _run_table(file), ("run",)
    return RunFacts(
        number=_count(file, table, "number"),
        attempt=_count(file, table, "attempt"),
        triggering_actor=_text(file, table, "triggering-actor", keys),
        ref_protected=_flag(file, table, "ref-protected", keys),
    )


def _count(file: TomlFile, table: Mapping[str, object], key: str) -> int:
    value = table.get(key, 1)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise file.fault(f"{key} is to be a number from 1.", ("run", key), hint=f"Write {key} = 7.")
    return value


def _publishers(file: TomlFile, repository: RepositorySettings) -> Iterator[Publisher]:
    tables = file.data.get("publishers", [])
    if not isinstance(tables, list):
        raise file.fault("publishers is to be an array of tables.", ("publishers",), hint="Write [[publishers]].")
    before: list[Publisher] = []
    for number, table in enumerate(tables):
        keys: Keys = ("publishers", number)
        publisher = _publisher(file, _table(file, table, keys), keys, repository)
        if publisher.pending and (fault := publisher_form.fault_beside(publisher, before)):
            raise file.fault(fault, keys, hint="Declare what is registered on PyPI, which would not be.")
        before.append(publisher)
        yield publisher


def _publisher(file: TomlFile, table: Mapping[str, object], keys: Keys, repository: RepositorySettings) -> Publisher:
    """A publisher, checked as PyPI's form does; its repository is by default that of `[repository]`."""
    file.require_known(table, _PUBLISHER, keys)
    index = _text(file, table, "index", keys) or "pypi"
    if index not in _INDEXES:
        raise file.fault(f"There is no index {index}.", (*keys, "index"), hint=suggest(index, _INDEXES))
    own = f"{repository.owner}/{repository.name}" if repository.owner and repository.name else ""

    def checked(key: str, default: str, faults: Callable[[str], Iterator[str]]) -> str:
        value = _text(file, table, key, keys)
        text = default if value is None else value
        for fault in faults(text):
            hint = f'Write {key} = "...", with what the publisher on PyPI is registered with.'
            raise file.fault(f"{key}: {fault}", (*keys, key), hint=hint)
        return text

    return Publisher(
        index=_INDEXES[index],
        project=checked("project", "", publisher_form.faults_of_project),
        repository=checked("repository", own, publisher_form.faults_of_repository),
        workflow=checked("workflow", "", publisher_form.faults_of_workflow),
        environment=checked("environment", "", publisher_form.faults_of_environment).lower() or None,
        pending=_flag(file, table, "pending", keys),
        registered=_time(file, table, "registered", keys),
    )


def _time(file: TomlFile, table: Mapping[str, object], key: str, keys: Keys) -> float | None:
    """A date or a time; one without a zone is UTC's."""
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, date):
        raise file.fault(f"{key} is to be a date.", (*keys, key), hint=f"Write {key} = 2026-01-31, without quotes.")
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _actions(file: TomlFile) -> ActionChoice:
    """`[actions]`: `default`, and the exceptions from it by `owner/repo`."""
    table = _table(file, file.data.get("actions", {}), ("actions",))
    choice = ActionChoice()
    for name in table:
        kind = _text(file, table, name, ("actions",)) or ""
        try:
            choice = parse_choice([kind if name == "default" else f"{name}={kind}"], choice)
        except ValueError as error:
            raise file.fault(
                f"{error}.", ("actions", name), hint='Write default = "real", or "owner/repo" = "real".'
            ) from error
    return choice


def _local_repositories(file: TomlFile, root: Path) -> Iterator[LocalRepository]:
    """`[local-repositories]`: folders below the root by `owner/repo@ref`."""
    keys: Keys = ("local-repositories",)
    table = _table(file, file.data.get("local-repositories", {}), keys)
    for name in table:
        try:
            copy = parse_local_repository(f"{name}={_text(file, table, name, keys) or ''}", root)
        except ValueError as error:
            raise file.fault(f"{error}.", (*keys, name), hint='Write "owner/repo@ref" = "PATH".') from error
        if not copy.path.is_relative_to(root.resolve()):  # jobs get what is in it, and the file may be a stranger's
            said = f"{copy.path} lies outside of the repository, and jobs would be handed what is in it."
            raise file.fault(said, (*keys, name), hint=f"Name it on the command line: --local-repository {name}=PATH.")
        yield copy


def _environments(file: TomlFile) -> Iterator[tuple[str, EnvironmentRules]]:
    for name, value in _table(file, file.data.get("environments", {}), ("environments",)).items():
        keys: Keys = ("environments", name)
        yield name, _environment(file, name, _table(file, value, keys), keys)


def _environment(file: TomlFile, name: str, table: Mapping[str, object], keys: Keys) -> EnvironmentRules:
    file.require_known(table, _ENVIRONMENT, keys)
    reviewers = _texts(file, table, "reviewers", keys) or ()
    if len(reviewers) > _MAX_REVIEWERS:
        raise file.fault("GitHub takes at most 6 reviewers.", (*keys, "reviewers"), hint="Name a team.")
    wait = table.get("wait-timer", 0)
    if not isinstance(wait, int) or isinstance(wait, bool) or not 0 <= wait <= _MAX_WAIT:
        raise file.fault(
            "wait-timer is to be a number of minutes up to 43200.",
            (*keys, "wait-timer"),
            hint="Write wait-timer = 30.",
        )
    branches, tags = _texts(file, table, "branches", keys), _texts(file, table, "tags", keys)
    protected = _flag(file, table, "protected-branches", keys)
    if protected and (branches, tags) != (None, None):
        said = "protected-branches leaves no choice of branches and tags, at GitHub neither."
        raise file.fault(said, (*keys, "protected-branches"), hint="Keep one of them.")
    return EnvironmentRules(
        name=name,
        branches=branches,
        tags=tags,
        protected_branches=protected,
        reviewers=reviewers,
        prevent_self_review=_flag(file, table, "prevent-self-review", keys),
        wait_timer=wait,
        variables=_variables(file, table.get("variables", {}), (*keys, "variables")),
        secrets=tuple(_secret_names(file, table, keys)),
        url=_text(file, table, "url", keys),
    )


def _secret_names(file: TomlFile, table: Mapping[str, object], keys: Keys) -> Iterator[str]:
    for name in _texts(file, table, "secrets", keys) or ():
        _require_name(file, name, (*keys, "secrets"), "a secret")
        yield name.upper()


def _variables(file: TomlFile, value: object, keys: Keys) -> dict[str, str]:
    table = _table(file, value, keys)
    for name in table:
        _require_name(file, name, (*keys, name), "a variable")
    return {name: _text(file, table, name, keys) or "" for name in table}


def _require_name(file: TomlFile, name: str, keys: Keys, what: str) -> None:
    if not _NAME.fullmatch(name) or name.upper().startswith("GITHUB_"):
        hint = "Use letters, digits and _, no digit first, and not GITHUB_ at the beginning."
        raise file.fault(f"{name} is not the name of {what}.", keys, hint=hint)


# ---- files of values


def _vars_file(root: Path) -> dict[str, str]:
    file = _beside(root, ".vars")
    return read_dotenv(file) if file else {}


def _secrets(root: Path, chosen: Path | None) -> dict[str, str]:
    """Secrets by name; GitHub keeps the names in capitals."""
    file = chosen or _beside(root, ".secrets")
    return {name.upper(): value for name, value in read_dotenv(file).items()} if file else {}


def _beside(root: Path, name: str) -> Path | None:
    """A file that jobs may have what is in: none of the user's that a repository has a link to. None without one."""
    file = root / name
    if not file.is_file():
        return None
    if not file.resolve().is_relative_to(root.resolve()):
        raise ConfigurationError(
            f"{name} is a link out of the repository, and jobs would be handed what is in that file.",
            hint="Name a file of secrets with --secret-file." if name == ".secrets" else "Put a copy in its place.",
        )
    return file
