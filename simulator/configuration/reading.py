"""What is configured: the repository's `pysim.toml` or `[tool.pysim]`, `.vars` and `.secrets`, and the user's file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from simulator.acceptance import Acceptance
from simulator.configuration import publisher_form
from simulator.configuration.declaring import Key, Node, Setter, declared, leaves, read_table
from simulator.configuration.dotenv import DotenvValue, read_dotenv
from simulator.configuration.model import (
    AS_REGISTERED,
    EnvironmentSettings,
    PublisherSettings,
    RepositorySettings,
    Settings,
)
from simulator.configuration.toml_source import TomlFile, read_toml
from simulator.configuration.values import FILE, TABLE, Configuration, Origin
from simulator.environments.model import EnvironmentRules
from simulator.errors import ConfigurationError
from simulator.paths import as_written, user_configuration
from simulator.remedies import Act, Remedy, remedy
from simulator.toml_places import Keys, dotted
from simulator.toml_reading import LARGEST
from simulator.triggers.model import RunFacts
from simulator.twins.base import Publisher

_SECRET_WORDS: Final = frozenset({"secret", "secrets", "token", "api-token", "password"})
_LOOKS_SECRET: Final = re.compile(r"pypi-AgE|gh[pousr]_\w{20}|github_pat_\w{20}|-----BEGIN [A-Z ]*PRIVATE KEY")


def load_configuration(root: Path, *, secret_file: Path | None = None) -> Configuration:
    """Read what is configured below a root and for this user; `secret_file` is read instead of `.secrets`.

    Raises ConfigurationError with file, line and a hint: for a file that cannot be read, a key that is not known or
    that the file may not set, a value of the wrong kind, a secret in the file, and when both places of the repository
    hold a configuration.
    """
    file, users = _repository_file(root), _users_file()
    settings = _settings(file, Setter.REPOSITORY)
    own = _settings(users, Setter.USER)
    environments = {name: _rules(name, each) for name, each in settings.environments.items()}
    values, secrets = _vars_file(root), _secrets(root, secret_file)
    claimed = {name: set(rules.secrets) for name, rules in environments.items()}
    owned = set[str]().union(*claimed.values())
    run = settings.run
    return Configuration(
        file=file.name if file else None,
        repository=settings.repository,
        actor=run.actor,
        run=RunFacts(
            number=run.number,
            attempt=run.attempt,
            triggering_actor=run.triggering_actor,
            ref_protected=run.ref_protected,
        ),
        publishers=_publishers(file, settings) if file else (),
        environments=environments,
        variables={**settings.vars, **{name: value.text for name, value in values.items()}},
        secrets={name: value.text for name, value in secrets.items() if name not in owned},
        environment_secrets={
            name: {secret: secrets[secret].text for secret in sorted(names) if secret in secrets}
            for name, names in claimed.items()
        },
        accepted=_accepted(file, settings) if file else (),
        install_check=settings.install.check,
        actions=settings.actions,
        local_repositories=own.local_repositories,
        images=own.images,
        origins={
            **dict(_origins_of_tables(file)),
            **dict(_origins_of_tables(users)),
            **dict(_origins_of_values("vars", values, ".vars")),
            **dict(_origins_of_values("secrets", secrets, str(secret_file or ".secrets"))),
        },
    )


# ---- files of tables


def _repository_file(root: Path) -> TomlFile | None:
    own, project = root / FILE, root / "pyproject.toml"
    has_own = own.exists() or own.is_symlink()  # a folder or a link to nothing is told of
    in_project = _read(project, project.name, TABLE) if project.is_file() and _speaks_of_pysim(project) else None
    if has_own and in_project and in_project.data:
        raise ConfigurationError(
            f"There is a configuration both in {FILE} and in [tool.pysim] of pyproject.toml.",
            hint="Keep one of them.",
        )
    if has_own:
        return _read(own, own.name)
    return in_project if in_project and in_project.data else None


def _users_file() -> TomlFile | None:
    file = user_configuration()
    return _read(file, as_written(file)) if file.exists() or file.is_symlink() else None


def _speaks_of_pysim(project: Path) -> bool:
    """A broken pyproject.toml that does not is the build's affair."""
    try:
        with project.open("rb") as stream:
            return any(b"pysim" in line for line in iter(lambda: stream.readline(LARGEST), b""))
    except OSError as error:
        raise _unreadable(project.name, error) from error


def _read(file: Path, name: str, prefix: tuple[str, ...] = ()) -> TomlFile:
    try:
        return read_toml(file, name=name, prefix=prefix)
    except OSError as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: OSError) -> ConfigurationError:
    hint = "Make it a file that can be read, or remove it."
    return ConfigurationError(f"Cannot read {name}: {error.strerror}.", hint=hint)


def _settings(file: TomlFile | None, setter: Setter) -> Settings:
    if file is None:
        return Settings()
    node = Node(file=file, keys=(), value=file.data)
    _refuse_secrets(file, file.data, ())
    known = declared(Settings)
    for child in node.children():
        if child.name in known and known[child.name].setter is not setter:
            raise _users_alone(child, known[child.name]) if setter is Setter.REPOSITORY else _repositorys(child)
    return read_table(Settings, node)


def _users_alone(node: Node, key: Key) -> ConfigurationError:
    """A repository may be a stranger's, and jobs are handed what such a key names."""
    place, table = as_written(user_configuration()), f"[{node.name}]"
    names = node.value if isinstance(node.value, dict) else ()
    remedies = [remedy(key.ask, str(name)) for name in names] if key.ask else []
    return node.key_error(
        f"The rehearsed repository may not name {key.machine} of this machine: {table} counts in {place} alone, or on "
        "the command line.",
        hint=f"Move it to {table} in {place}, or name the {key.machine} when you ask for the rehearsal.",
        remedies=remedies,
    )


def _repositorys(node: Node) -> ConfigurationError:
    return node.key_error(
        f"{node.name} is said of one repository, so it does not count in the file of this user.",
        hint=f"Move it to {FILE} of the repository, or to [{dotted(TABLE)}] of its pyproject.toml.",
    )


def _refuse_secrets(file: TomlFile, value: object, keys: Keys) -> None:
    """Refuse values that are secrets, by their key or by their looks; a list under `secrets` holds names alone."""
    if _is_secret(value, keys):
        raise file.error(
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


# ---- what the tables mean


def _publishers(file: TomlFile, settings: Settings) -> tuple[Publisher, ...]:
    found: list[Publisher] = []
    for number, each in enumerate(settings.publishers):
        keys: Keys = ("publishers", number)
        publisher = _publisher(file, keys, each, settings.repository)
        if publisher.pending and (error := publisher_form.error_beside(publisher, found)):
            raise file.error(error, keys, hint="Declare what is registered on PyPI, which would not be.")
        found.append(publisher)
    return tuple(found)


def _accepted(file: TomlFile, settings: Settings) -> tuple[Acceptance, ...]:
    return tuple(
        Acceptance(
            what=each.what,
            reason=each.reason,
            until=each.until,
            source=f"{file.name}:{file.line(('accept', number))}",
        )
        for number, each in enumerate(settings.accept)
    )


def _publisher(file: TomlFile, keys: Keys, given: PublisherSettings, own: RepositorySettings) -> Publisher:
    repository = given.repository
    if repository is None:
        repository = f"{own.owner}/{own.name}" if own.owner and own.name else ""
        for error in publisher_form.errors_of_repository(repository):
            hint = AS_REGISTERED.format("repository")
            raise file.error(f"repository: {error}", (*keys, "repository"), hint=hint)
    return Publisher(
        index=given.index,
        project=given.project,
        repository=repository,
        workflow=given.workflow,
        environment=given.environment,
        pending=given.pending,
        registered=given.registered,
    )


def _rules(name: str, given: EnvironmentSettings) -> EnvironmentRules:
    return EnvironmentRules(
        name=name,
        branches=given.branches,
        tags=given.tags,
        protected_branches=given.protected_branches,
        reviewers=given.reviewers,
        prevent_self_review=given.prevent_self_review,
        wait_timer=given.wait_timer,
        variables=given.variables,
        secrets=given.secrets,
        url=given.url,
    )


def _origins_of_tables(file: TomlFile | None) -> Iterator[tuple[str, Origin]]:
    if file is not None:
        for node in leaves(Node(file=file, keys=(), value=file.data)):
            yield dotted(node.keys), Origin(source=file.name, line=file.line(node.keys))


# ---- files of values


def _vars_file(root: Path) -> Mapping[str, DotenvValue]:
    file = _beside(root, ".vars", "Put a copy in its place.")
    return read_dotenv(file) if file else {}


def _secrets(root: Path, chosen: Path | None) -> Mapping[str, DotenvValue]:
    """Secrets by name; GitHub keeps the names in capitals."""
    hint = "Put a copy in its place, or name that file as the one that secrets are read from."
    file = chosen or _beside(root, ".secrets", hint, remedy(Act.GIVE_SECRETS))
    return {name.upper(): value for name, value in read_dotenv(file).items()} if file else {}


def _beside(root: Path, name: str, hint: str, *remedies: Remedy) -> Path | None:
    """A file that jobs may have what is in: none of the user's that a repository has a link to. None without one."""
    file = root / name
    if not file.is_file():
        return None
    if not file.resolve().is_relative_to(root.resolve()):
        said = f"{name} is a link out of the repository, and jobs would be handed what is in that file."
        raise ConfigurationError(said, hint=hint, remedies=remedies)
    return file


def _origins_of_values(table: str, values: Mapping[str, DotenvValue], source: str) -> Iterator[tuple[str, Origin]]:
    for name, value in values.items():
        yield dotted((table, name)), Origin(source=source, line=value.line)
