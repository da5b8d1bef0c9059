"""What rules about workflows judge, and what they find."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from simulator.actions.refs import RefState
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

    `others` are the workflows of the repository by path, this one too. `publishers` are those that are declared;
    `git_version` is the build requirement that takes the version from git, if there is one. `ref_state` says of the
    text of a `uses:` whether the action has that ref, None where that cannot be said; `now` is when the workflow
    would run, in seconds since the epoch. `secrets` are those that are declared, None where nothing is. `read` reads
    files of the repository, and `workflow_permissions` is the repository's setting for jobs whose files give none, if
    it is known.
    """

    workflow: Workflow
    others: Mapping[str, Workflow] = field(default_factory=dict)
    publishers: Sequence[Publisher] = ()
    git_version: str | None = None
    ref_state: Callable[[str], RefState | None] = lambda _: None
    now: float = field(default_factory=time.time)
    secrets: DeclaredSecrets | None = None
    read: Read = nothing_read
    workflow_permissions: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A place where a rule is broken; `severity` None is the rule's own, `events` are those of a `Diagnostic`."""

    span: Span
    message: str
    hint: str
    severity: Severity | None = None
    events: frozenset[str] | None = None
