"""The static check of workflow files on disk: diagnostics of the loader, release rules, other linters. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator.configuration.reading import Configuration
from simulator.diagnostics import Diagnostic, Severity
from simulator.operations.actions import foreseen, read_actions
from simulator.operations.request import RunOptions
from simulator.planning.permissions import default_permissions
from simulator.planning.tools import publishing_facts
from simulator.positions import Span
from simulator.rehearsal.git_version import git_version
from simulator.rehearsal.rules.model import Subject
from simulator.rehearsal.rules.registry import check
from simulator.triggers.match import pattern_problems
from simulator.workflow.calls import load_calls
from simulator.workflow.loader import Loaded, load_workflow
from simulator.workflow.model import Workflow

FOLDER = Path(".github/workflows")


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What was found; `valid` says whether GitHub would take every file, `unread` names those that have no model.

    `sources` are the texts by file.
    """

    diagnostics: tuple[Diagnostic, ...]
    valid: bool
    unread: tuple[str, ...]
    sources: Mapping[str, str]


@dataclass(slots=True)
class Files:
    """The workflow files of a repository on disk, each read and loaded once; names are relative to `root`."""

    root: Path
    loaded: dict[str, Loaded] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """The workflows of the repository."""
        folder = self.root / FOLDER
        found = (path for path in folder.iterdir() if path.suffix in {".yml", ".yaml"}) if folder.is_dir() else ()
        return tuple(sorted(path.relative_to(self.root).as_posix() for path in found if path.is_file()))

    def load(self, name: str) -> Loaded:
        """A workflow. Raises OSError."""
        if name not in self.loaded:
            raw = (self.root / name).read_bytes()
            self.sources[name] = raw.decode("utf-8-sig", "replace")
            self.loaded[name] = load_workflow(raw, name)
        return self.loaded[name]

    def called(self, reference: str) -> bytes | None:
        """The text of a called workflow of this repository."""
        path = self.root / reference.removeprefix("./")
        return path.read_bytes() if reference.startswith("./") and path.is_file() else None


def check_files(files: Files, names: Sequence[str], configuration: Configuration) -> Checked:
    """Check the named files; the repository's other workflows are read for what they say of these."""
    found: list[Diagnostic] = []
    for name in names:
        found += files.load(name).diagnostics
    everything = {name: files.load(name).workflow for name in dict.fromkeys((*names, *files.names()))}
    others = {name: workflow for name, workflow in everything.items() if workflow is not None}
    version = _git_version(files.root)
    for name in names:
        workflow = others.get(name)
        if workflow is not None:
            setting = configuration.repository.workflow_permissions or "read"
            calls = load_calls(workflow, files.called, default=default_permissions(setting))
            files.sources.update(calls.sources)
            found += [*pattern_problems(workflow), *calls.diagnostics]
    valid = not any(each.severity is Severity.ERROR for each in found)
    for name in names:
        workflow = others.get(name)
        if workflow is not None:
            found += check(
                Subject(
                    workflow=workflow,
                    others=others,
                    publishers=configuration.publishers,
                    git_version=version,
                )
            )
            found += _of_actions(files, workflow, configuration)
    ordered = sorted(dict.fromkeys(found), key=lambda each: (each.span.file, each.span.line, each.span.column))
    unread = tuple(name for name in names if name not in others)
    return Checked(diagnostics=tuple(ordered), valid=valid, unread=unread, sources=files.sources)


def _of_actions(files: Files, workflow: Workflow, configuration: Configuration) -> Iterator[Diagnostic]:
    """What keeps pysim from rehearsing an action, as far as it is on this machine: no fault of the file."""

    def read(path: str) -> bytes | None:
        file = files.root / path
        return file.read_bytes() if file.is_file() else None

    actions = read_actions(RunOptions(directory=files.root), configuration, lambda _: None, offline=True)
    for finding in foreseen(actions, read, workflow.jobs.values()):
        if finding.code in {"unsupported", "action-refused"} and isinstance(finding.where, Span):
            yield Diagnostic(
                code=finding.code,
                severity=Severity.NOTICE,
                message=finding.message,
                span=finding.where,
                hint=finding.hint,
            )


def _git_version(root: Path) -> str | None:
    """What takes the version from git: of the pyproject.toml at the root, else of all those one folder below."""
    tools = publishing_facts()["git_versions"]
    at_root = root / "pyproject.toml"
    paths = [at_root] if at_root.is_file() else sorted(root.glob("*/pyproject.toml"))
    found = [git_version(path.read_bytes(), tools) for path in paths]
    return found[0] if found and all(found) else None


def reaches(diagnostics: Sequence[Diagnostic], threshold: str) -> bool:
    """Whether a diagnostic weighs as much as the threshold; "never" is more than any."""
    order = [severity.value for severity in Severity]
    return threshold in order and any(order.index(each.severity) <= order.index(threshold) for each in diagnostics)


def names_of(files: Files, given: Sequence[Path]) -> Iterator[str]:
    """Files as the user names them, relative to the root where they lie in it."""
    for path in given:
        absolute = path.resolve()
        yield absolute.relative_to(files.root).as_posix() if absolute.is_relative_to(files.root) else str(path)
