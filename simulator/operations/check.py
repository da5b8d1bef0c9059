"""The static check of workflow files on disk: diagnostics of the loader, release rules, other linters. Runs nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.configuration.reading import load_configuration
from simulator.diagnostics import Diagnostic, Severity
from simulator.errors import UsageError
from simulator.operations.actions import read_actions
from simulator.operations.problems import in_order, problems_of
from simulator.operations.request import unheard
from simulator.operations.source import identity_of
from simulator.operations.trees import FolderTree
from simulator.operations.workflow_files import FOLDER, called_on_disk, names_on_disk, no_workflow, read_workflow_files
from simulator.rehearsal.linters.registry import find_linter, lint
from simulator.rehearsal.rules.registry import RULES
from simulator.remedies import Act, remedy
from simulator.spelling import suggest
from simulator.triggers.repository import find_root


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckRequest:
    """Which workflow files are checked: those of `files`, else all of the repository.

    `repository` is a folder in it, or None for that of the first file. A file is a path, or the name of a workflow.
    `linters` are names of programs that are asked as well.
    """

    repository: Path | None = None
    files: tuple[Path, ...] = ()
    linters: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What was found in the files, by path relative to the root, in the order of the places.

    `valid` says whether GitHub would take every file, `unread` names those that have no model, to which no release
    rule was applied. `sources` are the texts by file, `summaries` what the codes of the rules mean.
    """

    files: tuple[str, ...]
    problems: tuple[Diagnostic, ...]
    valid: bool
    unread: tuple[str, ...]
    sources: Mapping[str, str]
    summaries: Mapping[str, str]


def check(request: CheckRequest) -> Checked:
    """Check workflow files as they are on disk. Raises UsageError for a file or a program that is not there."""
    programs = {name: find_linter(name) for name in request.linters}
    root = _root(request)
    given = [_file(path, request.repository or Path(), root) for path in request.files]
    names = tuple(dict.fromkeys(_names(root, given))) or names_on_disk(root)
    if not names:
        raise no_workflow(root)
    configuration = load_configuration(root)
    identity, tree = identity_of(root, configuration), FolderTree(root)
    files = read_workflow_files(tree, names_on_disk(root), names, identity, called_on_disk(tree, root, identity))
    actions = read_actions(configuration, unheard, offline=True, owner=identity.owner)
    found = problems_of(files, tree, configuration, actions, time.time())
    linted = [each for name, program in programs.items() for each in lint(name, program, root, names)]
    return Checked(
        files=names,
        problems=in_order((*found, *linted)),
        valid=all(file.is_valid for file in files.asked_files),
        unread=tuple(file.path for file in files.asked_files if file.workflow is None),
        sources=files.sources,
        summaries={code: rule.summary for code, rule in RULES.items()},
    )


def reaches(problems: Sequence[Diagnostic], threshold: Severity | None) -> bool:
    """Whether a problem weighs as much as the threshold; None is more than any."""
    order = list(Severity)
    return threshold is not None and any(order.index(each.severity) <= order.index(threshold) for each in problems)


def _root(request: CheckRequest) -> Path:
    """The repository that is named, else that of the first file."""
    if request.files and request.repository is None and request.files[0].is_file():
        return find_root(request.files[0].parent)
    return find_root(request.repository or Path())


def _file(path: Path, directory: Path, root: Path) -> Path:
    """A file as it is given: a path from here or from the repository's folder, or the name of a workflow."""
    if path.is_dir():
        hint = "To check the workflows of a repository, name it as the repository."
        raise UsageError(f"{path} is a folder.", hint=hint, remedies=(remedy(Act.NAME_REPOSITORY, str(path)),))
    places = [path, directory / path, *([root / FOLDER / path] if path.name == str(path) else [])]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        known = [name.rpartition("/")[2] for name in names_on_disk(root)]
        raise UsageError(f"There is no file {path}.", hint=suggest(path.name, known))
    return found


def _names(root: Path, given: Sequence[Path]) -> Iterator[str]:
    """Files as the user names them, relative to the root where they lie in it."""
    for path in given:
        absolute = path.resolve()
        yield absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else str(path)
