"""Where an operation reads from: who the repository is, and a private clone of what is rehearsed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from simulator.configuration.values import Configuration
from simulator.expressions.language import Value
from simulator.indexes import indexes
from simulator.operations.notices import notices
from simulator.operations.request import Request
from simulator.run_events import Notice
from simulator.runner.contexts import github_context
from simulator.triggers.model import Event, RepositoryIdentity, Source
from simulator.triggers.repository import read_file, read_identity, take_source
from simulator.workflow.model import Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """Who the repository is, the commit that is asked about, the `vars` context, and what should be known of it."""

    identity: RepositoryIdentity
    source: Source
    variables: Mapping[str, str]
    notices: tuple[Notice, ...] = ()

    def contexts(self, workflow: Workflow, event: Event) -> dict[str, Value]:
        """The contexts that GitHub evaluates on its server: github, vars, inputs."""
        return {
            "github": github_context(workflow, event, self.identity),
            "vars": dict(self.variables),
            "inputs": dict(event.inputs),
        }


def lines_of(source: Source) -> Callable[[str, int], str | None]:
    """A function that gives a line of a file of what is rehearsed; None for what is no line of a text there."""
    return partial(_line, lru_cache(partial(read_file, source)))


def _line(read: Callable[[str], bytes | None], file: str, number: int) -> str | None:
    content = None if file.startswith("/") else read(file)
    lines = [] if content is None or b"\0" in content else content.decode(errors="replace").splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else None


def read_repository(request: Request, root: Path, configuration: Configuration, clone: Path) -> Repository:
    """Clone what the request is about into `clone`. Raises UsageError."""
    identity = identity_of(root, configuration)
    source = take_source(
        root,
        clone,
        tag=request.tag,
        branch=request.branch,
        worktree=request.source == "worktree",
        default_branch=identity.default_branch,
    )
    named = configuration.repository.owner is not None
    site = f"https://{indexes()['pypi'].main_host}"
    return Repository(
        identity=identity,
        source=source,
        # PYPI_URL is where a workflow finds PyPI's site.
        variables={"PYPI_URL": site, **configuration.variables},
        notices=tuple(notices(identity, source, tag=request.tag, named=named, table=configuration.table("repository"))),
    )


def identity_of(root: Path, configuration: Configuration) -> RepositoryIdentity:
    """Who the repository in a folder is: what is configured, else what git says."""
    given = configuration.repository
    identity = read_identity(
        root,
        owner=given.owner,
        name=given.name,
        visibility=given.visibility,
        default_branch=given.default_branch,
    )
    return replace(
        identity,
        actor=configuration.actor or identity.actor,
        run=configuration.run,
        workflow_permissions=given.workflow_permissions or identity.workflow_permissions,
    )
