"""What rules about workflows judge, and what they find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simulator.diagnostics import Severity
from simulator.positions import Span
from simulator.twins.base import Publisher
from simulator.workflow.model import Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A workflow and what is around it.

    `others` are the workflows of the repository by path, this one too. `publishers` are those that are
    declared; `git_version` is the build requirement that takes the version from git, if there is one;
    `workflow_permissions` is the repository's setting for jobs whose files give none, if it is known.
    """

    workflow: Workflow
    others: Mapping[str, Workflow] = field(default_factory=dict)
    publishers: Sequence[Publisher] = ()
    git_version: str | None = None
    workflow_permissions: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A place where a rule is broken; `severity` None is the rule's own, `events` are those of a `Diagnostic`."""

    span: Span
    message: str
    hint: str
    severity: Severity | None = None
    events: frozenset[str] | None = None
