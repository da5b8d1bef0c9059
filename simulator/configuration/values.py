"""All that is configured, and of each value where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from simulator.acceptance import Acceptance
from simulator.actions.choice import ActionChoice
from simulator.actions.repositories import LocalRepository
from simulator.configuration.model import RepositorySettings
from simulator.environments.model import EnvironmentRules
from simulator.toml_places import dotted
from simulator.triggers.model import RunFacts
from simulator.twins.base import Publisher

FILE: Final = "pysim.toml"
TABLE: Final = ("tool", "pysim")
_SWITCHES: Final = ("ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG")


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What a value came from: a file as the user knows it, with the line, or what is no file."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """All that is configured. `secrets` are those that every job sees, `environment_secrets` those of one environment.

    `variables` are `[vars]` with `.vars` above them; `file` is where the repository's tables stand, None when there
    are none. `actions`, `local_repositories` and `images` say what stands for the actions and images of a workflow.
    `origins` say of each given key, in dotted form, where its value came from; `vars.NAME` and `secrets.NAME` are the
    keys of what stands in files of values.
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
    accepted: tuple[Acceptance, ...] = ()
    install_check: str | None = None
    actions: ActionChoice = field(default_factory=ActionChoice)
    local_repositories: tuple[LocalRepository, ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def table(self, *keys: str) -> str:
        """How a table is called, and where it stands or would: `[environments.pypi] in pysim.toml`."""
        names = (*TABLE, *keys) if self.file == "pyproject.toml" else keys
        return f"[{dotted(names)}] in {self.file or FILE}"

    @property
    def all_secrets(self) -> tuple[str, ...]:
        """Every secret value, the environments' too: what no log may show. Switches are none, as for GitHub."""
        groups = (self.secrets, *self.environment_secrets.values())
        return tuple(dict.fromkeys(v for group in groups for name, v in group.items() if name not in _SWITCHES))
