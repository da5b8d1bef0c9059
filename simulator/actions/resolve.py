"""From a reference to an action that can run: built in, or in the workspace. Fetches nothing from anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import assert_never

from simulator.actions.builtin import registry
from simulator.actions.facts import retired
from simulator.actions.manifest import dockerfile_manifest, load_manifest, load_notes
from simulator.actions.model import (
    DockerReference,
    LocalReference,
    Manifest,
    Reference,
    RepositoryReference,
    ResolvedAction,
)
from simulator.diagnostics import Diagnostic
from simulator.errors import ExitCode, SimulatorError
from simulator.findings import Finding, Severity
from simulator.positions import Span

WorkspaceReader = Callable[[PurePosixPath], bytes]  # path in the workspace -> content; raises FileNotFoundError

_RETIRED_TEXT = (
    "This request has been automatically failed because it uses a deprecated version of `{action}: v{major}`. "
    "Learn more: {page}"
)


class UnknownActionError(SimulatorError):
    """pysim cannot run an action: it does not ship it, or refuses it for a reason."""


class ActionManifestError(SimulatorError):
    """An action of the workspace has no manifest, or a broken one; `diagnostics` holds every problem found."""

    exit_code = ExitCode.NO_GO

    def __init__(self, message: str, *, hint: str, diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(message, hint=hint)
        self.diagnostics = tuple(diagnostics)


def resolve(reference: Reference, *, workspace_read: WorkspaceReader | None) -> ResolvedAction:
    """The action that a reference names.

    A local one is read from the workspace when its step runs, so it needs `workspace_read`; its `folder` is unused.
    Raises UnknownActionError, and ActionManifestError for a local one.
    """
    match reference:
        case RepositoryReference():
            return _builtin(reference)
        case LocalReference():
            assert workspace_read is not None, "a local action is resolved when its step runs"
            manifest = _local_manifest(reference, workspace_read)
            return ResolvedAction(reference=reference, manifest=manifest, folder=Path(), builtin=False)
        case DockerReference():
            raise _unknown(reference, "steps that are container images are not supported yet")
        case _:
            assert_never(reference)


def check_known(reference: Reference) -> None:
    """See before anything runs that an action can be run; local ones are not there yet. Raises UnknownActionError."""
    if not isinstance(reference, LocalReference):
        resolve(reference, workspace_read=None)


def outside_models(reference: Reference, where: Span | None = None) -> Finding | None:
    """What is to be said of the version that a workflow pins: None for one that the built-in action stands for.

    A version that GitHub has retired is an error, because the release would fail; any other one that is not modelled
    is a warning. Branches and commits are taken as they are.
    """
    if not isinstance(reference, RepositoryReference):
        return None
    action = _key(reference)
    pinned = re.fullmatch(r"v(\d+)(\.\d+)*", reference.ref)
    folder = registry.BUILTIN.get(action)
    if pinned is None or folder is None:
        return None
    major = int(pinned[1])
    page = retired().get(action, {}).get(major)
    if page is not None:
        text = _RETIRED_TEXT.format(action=action, major=major, page=page)
        return Finding(
            code="action-retired",
            severity=Severity.ERROR,
            message=f"GitHub has retired {reference}: a job that uses it fails before it starts",
            hint=f"Use {action}@{_models(folder)[-1]}.",
            where=where,
            would_show=text,
        )
    models = _models(folder)
    if f"v{major}" in models:
        return None
    return Finding(
        code="action-version",
        severity=Severity.WARNING,
        message=f"pysim's {action} stands for {_listed(models)}, not for {reference.ref}",
        hint=f"The release may go another way in this step; {action}@{models[-1]} is rehearsed as it is.",
        where=where,
    )


def _builtin(reference: RepositoryReference) -> ResolvedAction:
    action = _key(reference)
    reason = registry.REFUSED.get(action)
    if reason is not None:
        raise UnknownActionError(
            f"pysim does not run {reference}: {reason}", hint="Rehearse the workflow without this step."
        )
    folder = registry.BUILTIN.get(action)
    if folder is None or reference.path:
        raise _unknown(reference, "fetching other actions is not supported yet")
    file = folder / "action.yml"
    text = file.read_bytes()
    manifest, problems = load_manifest(text, str(file), builtin=True)
    assert manifest is not None, f"broken built-in manifest: {problems}"
    notes = load_notes(text, str(file))
    return ResolvedAction(
        reference=reference,
        manifest=manifest,
        folder=folder,
        builtin=True,
        models=", ".join(notes.models),
        differs=notes.differs,
    )


def _local_manifest(reference: LocalReference, workspace_read: WorkspaceReader) -> Manifest:
    folder = PurePosixPath(reference.path)
    for name in ("action.yml", "action.yaml"):
        text = _read(folder / name, workspace_read)
        if text is not None:
            return _valid_manifest(text, str(folder / name))
    for name in ("Dockerfile", "dockerfile"):
        if _read(folder / name, workspace_read) is not None:
            return dockerfile_manifest(reference.path, name)
    raise ActionManifestError(
        f"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '{reference.path}'. "
        "Did you forget to run actions/checkout before running your local action?",
        hint="The folder is looked for in the workspace when the step runs.",
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


def _unknown(reference: Reference, why: str) -> UnknownActionError:
    return UnknownActionError(
        f"pysim cannot run {reference}: {why}",
        hint=f"Built in are {_listed(sorted(registry.BUILTIN))}; actions of the repository (./path) run too.",
    )


def _models(folder: Path) -> Sequence[str]:
    file = folder / "action.yml"
    return load_notes(file.read_bytes(), str(file)).models


def _key(reference: RepositoryReference) -> str:
    return f"{reference.owner}/{reference.repo}".lower()


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
