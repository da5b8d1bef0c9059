"""What is known to be wrong with workflow files before anything runs: GitHub's refusals, and the release rules."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from simulator.actions.survey import FAULTS, FORECASTS
from simulator.configuration.values import Configuration
from simulator.diagnostics import Diagnostic, Severity
from simulator.findings import Finding
from simulator.operations.actions import Actions, foreseen
from simulator.operations.trees import Tree
from simulator.operations.workflow_files import WorkflowFile, WorkflowFiles, each_once
from simulator.planning.tools import publishing_facts
from simulator.positions import Span
from simulator.rehearsal.git_version import git_version
from simulator.rehearsal.projects import pyproject_files
from simulator.rehearsal.rules.model import DeclaredSecrets, Subject
from simulator.rehearsal.rules.registry import check

_SAYING_NOTHING = frozenset({"GITHUB_TOKEN", "ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG"})


def problems_of(
    files: WorkflowFiles, tree: Tree, configuration: Configuration, actions: Actions, now: float
) -> tuple[Diagnostic, ...]:
    """All that is wrong with the files that an operation is about, in the order of the places, at a time.

    What keeps pysim from rehearsing an action, as far as it is on this machine, is a notice: no fault of the file.
    What is wrong with an action of the repository is one of that.
    """
    rules = ReleaseRules(tree, configuration, actions, now)
    found = [problem for file in files.asked_files for problem in file.problems]
    for file in files.asked_files:
        found += rules.broken(files, file)
        found += _of_actions(file, tree, actions, now)
    return in_order(found)


class ReleaseRules:
    """Judges the workflow files of one tree by the release rules, each file once, as they would run at a time."""

    def __init__(self, tree: Tree, configuration: Configuration, actions: Actions, now: float) -> None:
        self._tree, self._configuration, self._now = tree, configuration, now
        self._ref_state = functools.partial(actions.ref_state, now=now)
        self._judged: dict[str, tuple[Diagnostic, ...]] = {}

    def broken(self, files: WorkflowFiles, file: WorkflowFile) -> tuple[Diagnostic, ...]:
        """The rules that a file breaks; none for one without a model."""
        if file.workflow is None:
            return ()
        if file.path not in self._judged:
            self._judged[file.path] = check(
                Subject(
                    workflow=file.workflow,
                    others=files.models,
                    publishers=self._configuration.publishers,
                    git_version=self._git_version,
                    ref_state=self._ref_state,
                    now=self._now,
                    secrets=declared_secrets(self._configuration),
                    read=self._tree.read,
                    workflow_permissions=self._configuration.repository.workflow_permissions,
                )
            )
        return self._judged[file.path]

    @functools.cached_property
    def _git_version(self) -> str | None:
        """What takes the version from git: of the pyproject.toml at the root, else of all those one folder below."""
        tools = publishing_facts()["git_versions"]
        files = dict(pyproject_files(self._tree))
        near = {path: files[path] for path in files if path.count("/") == ("pyproject.toml" not in files)}
        found = [git_version(content, tools) for content in near.values()]
        return found[0] if found and all(found) else None


def declared_secrets(configuration: Configuration) -> DeclaredSecrets | None:
    """The names of the secrets that are given or declared; None where there are none, so that nothing is known.

    GITHUB_TOKEN and the switches for more of a log are no declarations.
    """
    repository = frozenset(configuration.secrets) - _SAYING_NOTHING
    environments = {
        name.casefold(): frozenset(configuration.environment_secrets.get(name, ()))
        | frozenset(rules.secrets if (rules := configuration.environments.get(name)) else ())
        for name in {*configuration.environments, *configuration.environment_secrets}
    }
    if not repository and not any(environments.values()):
        return None
    return DeclaredSecrets(repository=repository, environments=environments)


def in_order(problems: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each once, in the order of the places."""
    return tuple(sorted(each_once(problems), key=lambda each: (each.span.file, each.span.line, each.span.column)))


def as_finding(problem: Diagnostic, *, severity: Severity | None = None) -> Finding:
    """The same as a part of a verdict."""
    return Finding(
        code=problem.code,
        severity=severity or problem.severity,
        message=problem.message,
        hint=problem.hint or "",
        where=problem.span,
        remedies=problem.remedies,
    )


def _of_actions(file: WorkflowFile, tree: Tree, actions: Actions, now: float) -> Iterator[Diagnostic]:
    if file.workflow is None:
        return
    for finding in foreseen(actions, tree.read, file.workflow.jobs.values(), now):
        if finding.code in {*FORECASTS, *FAULTS} and isinstance(finding.where, Span):
            yield Diagnostic(
                code=finding.code,
                severity=Severity.NOTICE if finding.code in FORECASTS else finding.severity,
                message=finding.message,
                span=finding.where,
                hint=finding.hint,
                remedies=finding.remedies,
            )
