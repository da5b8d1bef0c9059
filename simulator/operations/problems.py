"""What is known to be wrong with workflow files before anything runs: GitHub's refusals, and the release rules."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from simulator.actions.survey import MANIFEST
from simulator.configuration.values import Configuration
from simulator.diagnostics import Diagnostic, Severity
from simulator.findings import Finding
from simulator.operations.actions import Actions, foreseen
from simulator.operations.trees import Tree
from simulator.operations.workflow_files import WorkflowFile, WorkflowFiles, each_once
from simulator.planning.tools import publishing_facts
from simulator.positions import Span
from simulator.rehearsal.git_version import git_version
from simulator.rehearsal.rules.model import Subject
from simulator.rehearsal.rules.registry import check

OF_PYSIM = frozenset({"unsupported", "action-refused"})
"""The codes of what is no fault of a file: pysim cannot rehearse it."""


def problems_of(
    files: WorkflowFiles, tree: Tree, configuration: Configuration, actions: Actions
) -> tuple[Diagnostic, ...]:
    """All that is wrong with the files that an operation is about, in the order of the places.

    What keeps pysim from rehearsing an action, as far as it is on this machine, is a notice: no fault of the file.
    What is wrong with an action of the repository is one of that.
    """
    rules = ReleaseRules(tree, configuration)
    found = [problem for file in files.asked_files for problem in file.problems]
    for file in files.asked_files:
        found += rules.broken(files, file)
        found += _of_actions(file, tree, actions)
    return in_order(found)


class ReleaseRules:
    """Judges the workflow files of one tree by the release rules, each file once."""

    def __init__(self, tree: Tree, configuration: Configuration) -> None:
        self._tree, self._configuration = tree, configuration
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
                    workflow_permissions=self._configuration.repository.workflow_permissions,
                )
            )
        return self._judged[file.path]

    @functools.cached_property
    def _git_version(self) -> str | None:
        """What takes the version from git: of the pyproject.toml at the root, else of all those one folder below."""
        tools = publishing_facts()["git_versions"]
        named = [path for path in self._tree.paths() if path.rpartition("/")[2] == "pyproject.toml"]
        paths = ["pyproject.toml"] if "pyproject.toml" in named else sorted(p for p in named if p.count("/") == 1)
        found = [git_version(self._tree.read(path) or b"", tools) for path in paths]
        return found[0] if found and all(found) else None


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


def _of_actions(file: WorkflowFile, tree: Tree, actions: Actions) -> Iterator[Diagnostic]:
    if file.workflow is None:
        return
    for finding in foreseen(actions, tree.read, file.workflow.jobs.values()):
        if finding.code in {*OF_PYSIM, MANIFEST} and isinstance(finding.where, Span):
            yield Diagnostic(
                code=finding.code,
                severity=finding.severity if finding.code == MANIFEST else Severity.NOTICE,
                message=finding.message,
                span=finding.where,
                hint=finding.hint,
                remedies=finding.remedies,
            )
