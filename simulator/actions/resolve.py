"""From a reference to an action that can run: built in, of a repository, or in the workspace."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import assert_never

from simulator.actions.builtin import registry
from simulator.actions.choice import ActionChoice
from simulator.actions.errors import (
    NOT_REHEARSED,
    ActionManifestError,
    RefusedActionError,
    UnavailableActionError,
    UnknownActionError,
)
from simulator.actions.facts import known_actions, missing_tag, newest_branch, outside_effect, refusal, retired
from simulator.actions.manifest import BuiltinNotes, dockerfile_manifest, image_manifest, load_manifest, load_shipped
from simulator.actions.model import (
    DockerReference,
    LocalReference,
    Manifest,
    OutsideRuns,
    Reference,
    RepositoryReference,
    ResolvedAction,
)
from simulator.actions.repositories import Repositories, Snapshot, read_inside
from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.remedies import Act, remedy
from simulator.spelling import closest

WorkspaceReader = Callable[[PurePosixPath], bytes]  # path in the workspace -> content; raises FileNotFoundError

_RETIRED_TEXT = (
    "This request has been automatically failed because it uses a deprecated version of `{version}`. Learn more: {page}"
)


def resolve(
    reference: Reference,
    *,
    workspace_read: WorkspaceReader | None,
    choice: ActionChoice | None = None,
    repositories: Repositories | None = None,
) -> ResolvedAction:
    """The action that a reference names; without `repositories` nothing but what is built in.

    A local one is read from the workspace when its step runs, so it needs `workspace_read`; its `folder` is unused.
    Raises UnknownActionError, UnavailableActionError, and ActionManifestError for one of a repository or the workspace.
    """
    match reference:
        case RepositoryReference():
            return _of_repository(reference, choice or ActionChoice(), repositories)
        case LocalReference():
            assert workspace_read is not None, "a local action is resolved when its step runs"
            manifest = _manifest(reference, reference.path, workspace_read)
            return ResolvedAction(reference=reference, manifest=manifest, folder=Path(), builtin=False)
        case DockerReference():
            manifest = image_manifest(reference.image)
            return ResolvedAction(reference=reference, manifest=manifest, folder=Path(), builtin=False)
        case _:
            assert_never(reference)


def declared_inputs(reference: Reference, workspace_read: WorkspaceReader) -> tuple[str, ...] | None:
    """The inputs of a built-in action, or of one in the workspace; None where they are not known without a server."""
    if isinstance(reference, DockerReference):
        return None
    try:
        return resolve(reference, workspace_read=workspace_read).manifest.input_names
    except (UnknownActionError, UnavailableActionError, ActionManifestError):
        return None


def retired_version(reference: Reference, where: Span | None = None) -> Finding | None:
    """The error for a version that GitHub has retired, or of which there never was such a tag, if it is one."""
    if not isinstance(reference, RepositoryReference):
        return None
    action = _key(reference)
    if missing_tag(action, reference.ref):
        return _no_such_tag(reference, where)
    found = retired(f"{reference.owner}/{reference.repo}".lower(), reference.ref)
    if found is None:
        return None
    through = f", which {reference} uses" if found.through else ""
    return Finding(
        code="action-retired",
        severity=Severity.ERROR,
        message=f"GitHub has retired {found.through or reference}{through}: a job that uses it fails before it starts",
        hint=f"Take {found.instead} or later.",
        where=where,
        would_show=_RETIRED_TEXT.format(version=found.through or f"{action}: {reference.ref}", page=found.page),
    )


def not_modelled(reference: Reference) -> str | None:
    """What versions the built-in action stands for, where that of a workflow is none of them.

    Branches and commits are taken as they are.
    """
    folder = registry.BUILTIN.get(_key(reference)) if isinstance(reference, RepositoryReference) else None
    if folder is None or not isinstance(reference, RepositoryReference) or (major := _major(reference)) is None:
        return None
    models = _shipped(folder)[1].models
    return None if f"v{major}" in models else f"{reference} (pysim's own stands for {_listed(models)})"


def _major(reference: RepositoryReference) -> int | None:
    pinned = re.fullmatch(r"v(\d+)(\.\d+)*", reference.ref)
    return int(pinned[1]) if pinned is not None else None


def _no_such_tag(reference: RepositoryReference, where: Span | None) -> Finding:
    name = f"{reference.owner}/{reference.repo}"
    full = f"{name}@{reference.ref}{'.0' * (2 - reference.ref.count('.'))}"
    branch = newest_branch(_key(reference))
    return Finding(
        code="action-tag",
        severity=Severity.ERROR,
        message=f"{name} has no tag {reference.ref}: from that version on its owner makes only tags of full versions",
        hint=f"Name a full version, a commit, or {name}@{branch} for the newest."
        if branch
        else f"Name a full version, such as {full}, or a commit.",
        where=where,
        would_show=f"Unable to resolve action `{name}@{reference.ref}`, unable to find version `{reference.ref}`",
    )


def _of_repository(
    reference: RepositoryReference, choice: ActionChoice, repositories: Repositories | None
) -> ResolvedAction:
    action = _key(reference)
    if choice.skips(action):
        return _recorded(reference, OutsideRuns(done="run, and you had it left out", asked=True))
    if (reason := refusal(action)) is not None:
        raise RefusedActionError(
            f"pysim does not run {reference}: {reason}",
            hint="See to it yourself that the step would go well; then accept that it is not rehearsed.",
            remedies=(remedy(Act.ACCEPT_FINDING, f"{NOT_REHEARSED}: {action}"),),
        )
    if (done := outside_effect(action)) is not None:  # whatever the choice: the real one would do it
        return _recorded(reference, OutsideRuns(done=done))
    if choice.takes_builtin(action):
        return _builtin(reference, registry.BUILTIN[action])
    if repositories is None:
        raise _unknown(reference, "it is not built in, and nothing is fetched here")
    try:
        return _real(reference, repositories.snapshot(reference.owner, reference.repo, reference.ref))
    except (UnknownActionError, UnavailableActionError) as error:
        if (meant := _meant(action)) is not None:
            error.hint = f"Did you mean {meant}? {error.hint}"
        raise


def _meant(action: str) -> str | None:
    """The known action that a name seems to misspell; none whose owner or repository has quite another name."""
    known = {*registry.BUILTIN, *known_actions()}
    meant = None if action in known else closest(action, known)
    parts = zip(action.split("/"), meant.split("/"), strict=False) if meant else ()
    return meant if all(closest(part, [other]) for part, other in parts) else None


def _recorded(reference: RepositoryReference, runs: OutsideRuns) -> ResolvedAction:
    manifest = Manifest(name=str(reference), inputs={}, outputs={}, runs=runs)
    return ResolvedAction(reference=reference, manifest=manifest, folder=registry.FOLDER, builtin=True)


def _builtin(reference: RepositoryReference, folder: Path) -> ResolvedAction:
    manifest, notes = _shipped(folder)
    return ResolvedAction(
        reference=reference,
        manifest=manifest,
        folder=folder,
        builtin=True,
        models=", ".join(notes.models),
        differs=notes.differs,
    )


@functools.cache
def _shipped(folder: Path) -> tuple[Manifest, BuiltinNotes]:
    """The manifest and the notes of a built-in action, which are the same as long as pysim runs."""
    file = folder / "action.yml"
    return load_shipped(file.read_bytes(), str(file))


def _real(reference: RepositoryReference, found: Snapshot) -> ResolvedAction:
    def read(path: PurePosixPath) -> bytes:
        return read_inside(found.folder, str(path))

    return ResolvedAction(
        reference=reference,
        manifest=_manifest(reference, reference.path, read),
        folder=found.folder,
        builtin=False,
        commit=found.commit,
        origin=found.origin,
    )


def _manifest(reference: Reference, folder: str, read: WorkspaceReader) -> Manifest:
    """The manifest in a folder, in GitHub's order of the names that it may have."""
    shown = "" if isinstance(reference, LocalReference) else f"{reference}: "
    for name in ("action.yml", "action.yaml"):
        text = _read(PurePosixPath(folder, name), read)
        if text is not None:
            return _valid_manifest(text, f"{shown}{PurePosixPath(folder, name)}")
    for name in ("Dockerfile", "dockerfile"):
        if _read(PurePosixPath(folder, name), read) is not None:
            return dockerfile_manifest(str(reference), name)
    if isinstance(reference, LocalReference):
        raise ActionManifestError(
            f"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '{folder}'. "
            "Did you forget to run actions/checkout before running your local action?",
            hint="The folder is looked for in the workspace when the step runs.",
        )
    raise ActionManifestError(
        f"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action '{reference}'.",
        hint="Check the spelling of its path and version.",
    )


def _valid_manifest(text: bytes, file: str) -> Manifest:
    manifest, problems = load_manifest(text, file)
    if manifest is None:
        listed = "; ".join(str(problem) for problem in problems)
        raise ActionManifestError(f"Fail to load {file}: {listed}", hint="Mend the manifest.", diagnostics=problems)
    return manifest


def _read(path: PurePosixPath, workspace_read: WorkspaceReader) -> bytes | None:
    try:
        return workspace_read(path)
    except FileNotFoundError:
        return None


def _unknown(reference: Reference, why: str) -> UnavailableActionError:
    return UnavailableActionError(
        f"pysim cannot run {reference}: {why}",
        hint=f"Built in are {_listed(sorted(registry.BUILTIN))}; actions of the repository (./path) run too.",
    )


def _key(reference: RepositoryReference) -> str:
    """What the registry knows an action by."""
    folder = f"/{reference.path}" if reference.path else ""
    return f"{reference.owner}/{reference.repo}{folder}".lower()


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
