"""Nothing to upload, or something else beside the distributions: what lies in which folder."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Final

from simulator.planning.tools import DOWNLOAD_ARTIFACT, PUBLISH, UPLOAD_ARTIFACT
from simulator.positions import Span
from simulator.rehearsal.causes.facts import Facts
from simulator.rehearsal.causes.model import Cause, Failure, distributions_in, folders_of, listing

_NOTHING: Final = re.compile(r"Cannot find file \(or expand pattern\): '(?P<path>[^']+)'")
_NO_DISTRIBUTION: Final = re.compile(
    r"Unknown distribution format: '(?P<name>[^']+)'|Is a directory: '(?P<folder>[^']+)'"
)


def nothing_to_upload(failure: Failure, facts: Facts) -> Iterator[Cause]:
    """The folder is empty or not there: where the distributions are instead."""
    shown = next((text for text in failure.texts if _NOTHING.search(text)), "")
    found = _NOTHING.search(shown)
    if found is None or failure.step.files is None:
        return
    job_id, folder = failure.step.job_id, posixpath.dirname(found["path"]) or "."
    if posixpath.normpath(folder).startswith(("/", "..")):
        yield from _outside(failure, folder, shown)
        return
    files = [path for path in distributions_in(failure.step.files) if posixpath.dirname(path) != folder]
    if files:
        yield _in_other_folders(failure, facts, folder, files, shown)
        return
    held = [artifact for artifact in facts.artifacts if distributions_in(artifact.files)]
    if held and not list(facts.steps_with(DOWNLOAD_ARTIFACT, job_id)):
        names = listing([f"`{artifact.name}` of job {artifact.job_id}" for artifact in held])
        yield _cause(
            failure,
            f"{folder}/ is empty in job {job_id}: the distributions are in the artifact {names}, and the job downloads "
            "none",
            f"Add a step before it: actions/download-artifact with `name: {held[0].name}` and `path: {folder}/`.",
            shown,
            agreeing=3,
        )
    elif not held:
        yield _cause(
            failure,
            f"{folder}/ is empty in job {job_id}, and no job of this run built a distribution that was handed on",
            "Let a job build them and upload them with actions/upload-artifact, or build in this one.",
            shown,
        )


def _outside(failure: Failure, folder: str, shown: str) -> Iterator[Cause]:
    """The publishing action runs in a container; of what else lies outside of the workspace nothing is known."""
    if failure.step.uses(PUBLISH):
        yield _cause(
            failure,
            f"{folder}/ lies outside of the workspace, and the container of the action sees that alone",
            "Build into a folder of the workspace, and name that as `packages-dir`.",
            shown,
            where=failure.step.place_of("packages-dir"),
            agreeing=3,
        )


def _in_other_folders(failure: Failure, facts: Facts, folder: str, files: Sequence[str], shown: str) -> Cause:
    job_id, folders = failure.step.job_id, folders_of(files)
    downloads = list(facts.steps_with(DOWNLOAD_ARTIFACT, job_id))
    lie = "the workspace itself" if folders == ["./"] else listing(folders)
    says = f"{folder}/ holds no distribution in job {job_id}: they lie in {lie}"
    inside = [each for each in folders if each.startswith(f"{folder}/") and each != f"{folder}/"]
    if downloads and inside:
        unnamed = not any(step.given("name") for step in downloads)
        hint = (
            "Without a name, download-artifact gives each artifact a folder: add `merge-multiple: true`, or a `name:`."
            if unnamed
            else "An artifact keeps the folders that its upload had below the common one: upload from one folder."
        )
        return _cause(failure, says, hint, shown, where=downloads[0].place_of("path"), agreeing=3)
    if downloads and folders == ["./"]:
        hint = f"Add `path: {folder}/` to download-artifact."
        return _cause(failure, says, hint, shown, where=downloads[0].place_of("path"), agreeing=3)
    hint = f"Name that folder to the publishing step (`packages-dir: {folders[0]}` of its action)."
    return _cause(failure, says, hint, shown, where=failure.step.place_of("packages-dir"), agreeing=2)


def no_distribution(failure: Failure, facts: Facts) -> Iterator[Cause]:
    """Something else lies beside the distributions: what, and which artifact brought it."""
    match = next(filter(None, map(_NO_DISTRIBUTION.search, failure.texts)), None)
    if match is None or not failure.step.files:
        return
    shown = next(text for text in failure.texts if match[0] in text)
    name = posixpath.basename((match["name"] or match["folder"]).rstrip("/"))
    folder = next((posixpath.dirname(path.rstrip("/")) for path in failure.step.files if _is(path, name)), None)
    if folder is None:
        return
    beside = [posixpath.basename(path.rstrip("/")) + "/" * path.endswith("/") for path in failure.step.files
              if posixpath.dirname(path.rstrip("/")) == folder and not distributions_in([path])]  # fmt: skip
    verb = "is no distribution" if len(beside) == 1 else "are no distributions"
    says = f"{folder or '.'}/ holds {listing(beside)}, which {verb}"
    source = next(
        (artifact for artifact in facts.artifacts if any(_is_below(path, name) for path in artifact.files)), None
    )
    uploads = [step for step in facts.steps_with(UPLOAD_ARTIFACT) if source and step.job_id == source.job_id]
    if source is not None and uploads:
        yield _cause(
            failure,
            f"{says}, and came with the artifact {source.name} of job {source.job_id}",
            "Upload the distributions alone: `path:` with the two lines dist/*.whl and dist/*.tar.gz, of one folder.",
            shown,
            where=uploads[0].place_of("path"),
            agreeing=3,
        )
    elif any(artifact.name == name for artifact in facts.artifacts):
        downloads = list(facts.steps_with(DOWNLOAD_ARTIFACT, failure.step.job_id))
        yield _cause(
            failure,
            f"{says}: without a name, download-artifact gives each artifact a folder",
            "Add `merge-multiple: true` to download-artifact, or name the one artifact.",
            shown,
            where=downloads[0].span if downloads else None,
            agreeing=3,
        )
    else:
        yield _cause(failure, says, "Remove it before the publishing step, or build into a folder of its own.", shown)


def _is(path: str, name: str) -> bool:
    return posixpath.basename(path.rstrip("/")) == name


def _is_below(path: str, name: str) -> bool:
    """Whether a file of an artifact is the one of that name at its root, or lies in such a folder there."""
    return path.partition("/")[0] == name


def _cause(
    failure: Failure, says: str, hint: str, shown: str, *, where: Span | None = None, agreeing: int = 1
) -> Cause:
    return Cause(
        code="invalid-distribution" if _NO_DISTRIBUTION.search(shown) else "nothing-to-upload",
        says=says,
        hint=hint,
        where=where or failure.step.span,
        shown=shown,
        agreeing=agreeing,
    )
