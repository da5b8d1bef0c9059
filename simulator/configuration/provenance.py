"""Where each value of a configuration came from, and what the request of a run puts over it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final

from simulator.actions.choice import EVERY, Implementation
from simulator.actions.repositories import LocalRepository
from simulator.configuration.values import Configuration, Origin
from simulator.toml_places import dotted

REQUEST: Final = Origin(source="request")
ANSWER: Final = Origin(source="answer")  # of a person who was asked


def with_request(
    configuration: Configuration,
    *,
    variables: Mapping[str, str],
    actions: Mapping[str, Implementation],
    local_repositories: Sequence[LocalRepository],
    images: Mapping[str, str],
) -> Configuration:
    """The configuration with what was asked for above it; `actions` as `ActionChoice.over` takes them.

    To do it twice changes nothing more. Raises ValueError for actions that make no sense.
    """
    keys = [
        *(("vars", name) for name in variables),
        *(("actions", "default" if name == EVERY else name) for name in actions),
        *(("local-repositories", _name(copy)) for copy in local_repositories),
        *(("images", name) for name in images),
    ]
    copies = (*local_repositories, *configuration.local_repositories)
    return dataclasses.replace(
        configuration,
        variables={**configuration.variables, **variables},
        actions=configuration.actions.over(actions),
        local_repositories=tuple(dict.fromkeys(copies)),
        images={**configuration.images, **images},
        origins={**configuration.origins, **dict.fromkeys(map(dotted, keys), REQUEST)},
    )


def with_answers(configuration: Configuration, secrets: Mapping[str, Mapping[str, str]]) -> Configuration:
    """The configuration with secrets of environments that a person was asked for."""
    before = {name for group in configuration.environment_secrets.values() for name in group}
    new = [dotted(("secrets", name)) for group in secrets.values() for name in group if name not in before]
    origins = {**configuration.origins, **dict.fromkeys(new, ANSWER)}
    return dataclasses.replace(configuration, environment_secrets=secrets, origins=origins)


def _name(copy: LocalRepository) -> str:
    return f"{copy.owner}/{copy.repo}{f'@{copy.ref}' if copy.ref else ''}"
