"""The workflow files of a repository, read once and the same for every operation: what one says of a file, all say.

A file that cannot be read is kept with what is wrong with it, and does not keep the others from being read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from simulator.diagnostics import Diagnostic, Severity
from simulator.errors import InvalidWorkflowError, UsageError
from simulator.operations.trees import Tree
from simulator.planning.permissions import default_permissions
from simulator.planning.provenance import is_generator
from simulator.positions import Span
from simulator.remedies import Act, remedy
from simulator.spelling import suggest
from simulator.triggers.bare_copy import temporary_copy
from simulator.triggers.match import pattern_problems
from simulator.triggers.model import RepositoryIdentity, Source
from simulator.triggers.repository import find_ref, is_git_root, list_folder, read_file
from simulator.workflow.calls import CalledFile, CalledWorkflow, Resolver, load_calls
from simulator.workflow.loader import load_workflow, read_events
from simulator.workflow.model import Trigger, Workflow

FOLDER = ".github/workflows"
Calls: TypeAlias = Mapping[str, Mapping[str, CalledWorkflow]]  # by the path of the caller's file, then by job id


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkflowFile:
    """A workflow file: its model, what is wrong with it, and what its jobs call, by job id, with what is wrong there.

    `workflow` is None for a file of which no model could be made. `events` are those of its `on`, also of such a file;
    None where they cannot be read either.
    """

    path: str
    workflow: Workflow | None
    own_problems: tuple[Diagnostic, ...]
    events: Mapping[str, Trigger] | None
    calls: Mapping[str, CalledWorkflow] = field(default_factory=dict)
    problems_of_calls: tuple[Diagnostic, ...] = ()

    @property
    def problems(self) -> Sequence[Diagnostic]:
        """All that is wrong with it."""
        return tuple(dict.fromkeys((*self.own_problems, *self.problems_of_calls)))

    @property
    def is_valid(self) -> bool:
        """Whether GitHub would take it, and what its jobs call."""
        return not any(problem.severity is Severity.ERROR for problem in self.problems)


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkflowFiles:
    """The workflow files of a repository by path, and the texts of all files that were read, called ones too.

    `asked` are the paths that the operation is about, in order; the others are there for what they say of these.
    """

    files: Mapping[str, WorkflowFile]
    sources: Mapping[str, str]
    asked: Sequence[str]

    @property
    def asked_files(self) -> Sequence[WorkflowFile]:
        """The files that the operation is about."""
        return [self.files[path] for path in self.asked]

    @property
    def models(self) -> Mapping[str, Workflow]:
        """Every file that has a model, by path."""
        return {path: file.workflow for path, file in self.files.items() if file.workflow is not None}

    def valid(self) -> Sequence[Workflow]:
        """The workflows that the operation is about, those of valid files."""
        return [file.workflow for file in self.asked_files if file.workflow is not None and file.is_valid]

    def calls(self) -> Calls:
        """What the jobs of the files call."""
        return {path: file.calls for path, file in self.files.items()}

    def invalid(self, paths: Collection[str]) -> InvalidWorkflowError:
        """The error for files that are not valid: with all that is wrong with them."""
        problems = each_once(problem for path in paths for problem in self.files[path].problems)
        return InvalidWorkflowError(
            "The workflow is not valid.",
            hint="Mend the places above; GitHub would refuse it too.",
            diagnostics=problems,
            sources=self.sources,
        )

    def with_calls(self, paths: Iterable[str], resolve: Resolver, identity: RepositoryIdentity) -> WorkflowFiles:
        """The same, with what the jobs of some files call looked up by another resolver."""
        files, sources = dict(self.files), dict(self.sources)
        for path in paths:
            if (workflow := files[path].workflow) is not None:
                files[path] = _with_calls(files[path], workflow, resolve, identity, sources)
        return replace(self, files=files, sources=sources)


def each_once(problems: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The problems without those that are told already: one of a called file is also one of every caller."""
    found: dict[tuple[str, Severity, str, Span], Diagnostic] = {}
    for each in problems:
        found.setdefault((each.code, each.severity, each.message, each.span), each)
    return list(found.values())


def read_workflow_files(
    tree: Tree, paths: Sequence[str], asked: Sequence[str], identity: RepositoryIdentity, resolve: Resolver
) -> WorkflowFiles:
    """Read and load files of a tree, and what their jobs call as far as `resolve` has it. Raises OSError."""
    files: dict[str, WorkflowFile] = {}
    sources: dict[str, str] = {}
    for path in dict.fromkeys((*asked, *paths)):
        content = tree.read(path) or b""
        sources[path] = content.decode("utf-8-sig", "replace")
        loaded = load_workflow(content, path)
        workflow = loaded.workflow
        file = WorkflowFile(
            path=path,
            workflow=workflow,
            own_problems=(*loaded.diagnostics, *(pattern_problems(workflow) if workflow else ())),
            events=read_events(sources[path], path) if workflow is None else workflow.triggers,
        )
        files[path] = file if workflow is None else _with_calls(file, workflow, resolve, identity, sources)
    return WorkflowFiles(files=files, sources=sources, asked=tuple(asked))


def _with_calls(
    file: WorkflowFile, workflow: Workflow, resolve: Resolver, identity: RepositoryIdentity, sources: dict[str, str]
) -> WorkflowFile:
    setting = identity.workflow_permissions
    called = load_calls(workflow, resolve, default=default_permissions(setting), default_is_known=setting is not None)
    sources.update(called.sources)
    return replace(file, calls=called.calls, problems_of_calls=called.diagnostics)


# ---- which files


def files_of_commit(
    tree: Tree, source: Source, chosen: Sequence[str], identity: RepositoryIdentity, resolve: Resolver
) -> WorkflowFiles:
    """The workflow files of the rehearsed commit; the operation is about all, or about the chosen ones, by name.

    Raises UsageError where there is none, or none of a chosen name.
    """
    paths = [path for path in list_folder(source, FOLDER) if path.endswith((".yml", ".yaml"))]
    if not paths and (source.root / FOLDER).is_dir() and not source.snapshot:
        raise UsageError(
            f"Commit {source.sha[:10]} holds no workflow in {FOLDER}, though the folder does.",
            hint="Commit it, or rehearse the files as they are.",
            remedies=(remedy(Act.USE_WORKTREE),),
        )
    if not paths:
        raise no_workflow(source.root)
    return read_workflow_files(tree, paths, _chosen(paths, chosen), identity, resolve)


def names_on_disk(root: Path) -> tuple[str, ...]:
    """The workflow files in a folder, relative to it."""
    folder = root / FOLDER
    found = (path for path in folder.iterdir() if path.suffix in {".yml", ".yaml"}) if folder.is_dir() else ()
    return tuple(sorted(path.relative_to(root).as_posix() for path in found if path.is_file()))


def no_workflow(root: Path) -> UsageError:
    """The error for a repository without workflows."""
    return UsageError(
        f"There is no workflow in {FOLDER} of {root}.",
        hint="Add one and commit it, or name another repository.",
        remedies=(remedy(Act.NAME_REPOSITORY),),
    )


def _chosen(paths: Sequence[str], wanted: Sequence[str]) -> list[str]:
    if not wanted:
        return list(paths)
    names = {PurePosixPath(path).name: path for path in paths}
    for name in wanted:
        if PurePosixPath(name).name not in names:
            raise UsageError(f"There is no workflow {name} in {FOLDER}.", hint=suggest(name, names))
    return [names[PurePosixPath(name).name] for name in wanted]


# ---- what their jobs call


def nothing_fetched(_reference: str) -> None:
    """A resolver for files of other repositories that has none."""


def called_in_commit(source: Source, identity: RepositoryIdentity, fetch: Resolver) -> Resolver:
    """Finds the files that jobs call: in the rehearsed commit, in this repository at another ref, else by `fetch`."""

    def find(reference: str) -> str | bytes | CalledFile | None:
        if reference.startswith("./"):
            return read_file(source, reference.removeprefix("./"))
        return _of_repository(reference, source, identity, fetch)

    return find


def called_on_disk(tree: Tree, root: Path, identity: RepositoryIdentity) -> Resolver:
    """The same for the files of a folder, of which those of other repositories are not at hand."""

    def find(reference: str) -> str | bytes | CalledFile | None:
        if reference.startswith("./"):
            return tree.read(reference.removeprefix("./"))
        if not is_git_root(root):
            return None
        with temporary_copy(root, objects=True) as (_, clone):
            source = Source(root=root, clone=clone, sha="HEAD", dirty=(), snapshot=False)
            return _of_repository(reference, source, identity, nothing_fetched)

    return find


def _of_repository(
    reference: str, source: Source, identity: RepositoryIdentity, fetch: Resolver
) -> str | bytes | CalledFile | None:
    """A file of this repository at the ref that is named, else what `fetch` has."""
    place, _, ref = reference.partition("@")
    owner, name, path = place.split("/", 2)
    if is_generator(reference):  # it is not carried out, whatever is in it
        return None
    if f"{owner}/{name}".lower() != identity.full_name.lower():
        return fetch(reference)
    found = find_ref(source, ref)
    if found is None:
        return None
    full, sha = found
    text = read_file(replace(source, sha=sha), path)
    return None if text is None else CalledFile(text=text, ref=full, sha=sha)
