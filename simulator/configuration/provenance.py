"""Where each value of a configuration came from, and what the request of a run puts over it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from simulator.actions.choice import ActionChoice, parse_choice
from simulator.actions.repositories import LocalRepository
from simulator.toml_places import dotted

if TYPE_CHECKING:
    from simulator.configuration.reading import Configuration


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What a value came from: a file as the user knows it, with the line, or what is no file."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"


COMMAND_LINE: Final = Origin(source="command line")
TERMINAL: Final = Origin(source="terminal")  # asked there


@dataclass(frozen=True, kw_only=True, slots=True)
class Requested:
    """What the request of a run says of what can also be configured; `actions` as `parse_choice` reads them."""

    variables: Mapping[str, str] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    local_repositories: tuple[LocalRepository, ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)


def with_request(configuration: Configuration, asked: Requested) -> Configuration:
    """The configuration with what was asked for above it. Raises ValueError for actions that make no sense.

    To do it twice changes nothing more.
    """
    copies = (*asked.local_repositories, *configuration.local_repositories)
    return dataclasses.replace(
        configuration,
        variables={**configuration.variables, **asked.variables},
        actions=parse_choice(asked.actions, configuration.actions),
        local_repositories=tuple(dict.fromkeys(copies)),
        images={**configuration.images, **asked.images},
        origins={**configuration.origins, **dict.fromkeys(_keys(asked), COMMAND_LINE)},
    )


def with_answers(configuration: Configuration, secrets: Mapping[str, Mapping[str, str]]) -> Configuration:
    """The configuration with secrets of environments that were asked for on the terminal."""
    before = {name for group in configuration.environment_secrets.values() for name in group}
    new = [dotted(("secrets", name)) for group in secrets.values() for name in group if name not in before]
    origins = {**configuration.origins, **dict.fromkeys(new, TERMINAL)}
    return dataclasses.replace(configuration, environment_secrets=secrets, origins=origins)


def _keys(asked: Requested) -> Iterator[str]:
    choice = parse_choice(asked.actions, ActionChoice())
    groups: tuple[tuple[str, Iterable[str]], ...] = (
        ("vars", asked.variables),
        ("actions", choice.exceptions),
        ("local-repositories", map(_name, asked.local_repositories)),
        ("images", asked.images),
    )
    for table, names in groups:
        for name in names:
            yield dotted((table, name))
    if any("=" not in word for word in asked.actions):
        yield "actions.default"


def _name(copy: LocalRepository) -> str:
    return f"{copy.owner}/{copy.repo}{f'@{copy.ref}' if copy.ref else ''}"
