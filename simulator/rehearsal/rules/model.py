"""What rules about workflows judge, and what they find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simulator.diagnostics import Severity
from simulator.planning.index_settings import Read
from simulator.planning.uploads import nothing_read
from simulator.positions import Span
from simulator.twins.base import Publisher
from simulator.workflow.model import Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredSecrets:
    """The names of secrets that are given or declared: of the repository, and of environments by name in lower case."""

    repository: frozenset[str]
    environments: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A workflow and what is around it.

    `others` are the workflows of the repository by path, this one too. `publishers` are those that are
    declared; `git_version` is the build requirement that takes the version from git, if there is one. `secrets` are
    those that are declared, None where nothing is. `read` reads files of the repository.
    """

    workflow: Workflow
    others: Mapping[str, Workflow] = field(default_factory=dict)
    publishers: Sequence[Publisher] = ()
    git_version: str | None = None
    secrets: DeclaredSecrets | None = None
    read: Read = nothing_read


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A place where a rule is broken; `severity` None is the rule's own."""

    span: Span
    message: str
    hint: str
    severity: Severity | None = None
