"""An artifact that is not there: what its upload found, what else was uploaded, and which job was skipped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from simulator.planning.tools import UPLOAD_ARTIFACT, action_name, given_input
from simulator.rehearsal.causes.facts import Facts, RanStep
from simulator.rehearsal.causes.model import Cause, Failure, distributions_in, folders_of, listing
from simulator.spelling import closest

_MISSING: Final = re.compile(r"Artifact not found for name: (?P<name>.+)")
_EMPTY: Final = re.compile(
    r"No files were found with the provided path: (?P<path>.*?)\.? No artifacts will be uploaded", re.S
)


def artifact_without_files(failure: Failure, facts: Facts) -> Iterator[Cause]:
    """The upload found no files, by its own words: where the distributions lie instead."""
    wanted = _wanted(failure)
    for upload in facts.steps_with(UPLOAD_ARTIFACT):
        found = next(filter(None, map(_EMPTY.search, upload.messages)), None)
        if found is None or not (upload is failure.step or (wanted and _may_be(upload, wanted[0]))):
            continue
        path = " and ".join(found["path"].split("\n"))
        behind = "" if upload is failure.step or wanted is None else f", so there is no artifact {wanted[0]}"
        says = f"upload-artifact in job {upload.job_id} found no files at {path}{behind}"
        where, hint = _elsewhere(upload)
        yield Cause(
            code="artifact-empty",
            says=f"{says}: {where}",
            hint=hint,
            where=upload.place_of("path"),
            shown=wanted[1] if wanted else found[0],
            agreeing=3,
        )


def _elsewhere(upload: RanStep) -> tuple[str, str]:
    """Where the distributions lie, and what to do."""
    files = distributions_in(upload.files or ())
    if not files:
        return (
            f"no step of job {upload.job_id} left a distribution in the workspace",
            "Build before the upload, such as with `python -m build`, and see that the step is not skipped.",
        )
    folders = folders_of(files)
    where = f"the distributions lie in {listing(folders)} ({listing([file.rpartition('/')[2] for file in files])})"
    if any(part.startswith(".") and part not in {".", ".."} for part in folders[0].split("/")):
        return where, f"Add `include-hidden-files: true`, and name `path: {folders[0]}`; or build into another folder."
    return where, f"Write `path: {folders[0]}`." if len(folders) == 1 else "Name these folders as its `path`."


def artifact_of_another_name(failure: Failure, facts: Facts) -> Iterator[Cause]:
    """Others were uploaded, or none at all."""
    wanted = _wanted(failure)
    names = [artifact.name for artifact in facts.artifacts]
    if wanted is not None and not names:
        yield Cause(
            code="artifact-not-found",
            says=f"there is no artifact {wanted[0]}, as no job before it uploaded any",
            hint="Let a job that it needs upload it with actions/upload-artifact, under that name.",
            where=failure.step.place_of("name"),
            shown=wanted[1],
            agreeing=0,
        )
    if wanted is None or not names:
        return
    guess = names[0] if len(names) == 1 else closest(wanted[0], names)
    of = {artifact.name: artifact.job_id for artifact in facts.artifacts}
    yield Cause(
        code="artifact-not-found",
        says=f"there is no artifact {wanted[0]}; uploaded are "
        + listing([f"{name} (of job {of[name]})" for name in names]),
        hint=f"Write `name: {guess}`, or upload it under that name." if guess else "Give both steps one `name:`.",
        where=failure.step.place_of("name"),
        shown=wanted[1],
        agreeing=2 if guess else 1,
    )


def artifact_of_a_skipped_job(failure: Failure, facts: Facts) -> Iterator[Cause]:
    """The job that uploads it did not run."""
    wanted = _wanted(failure)
    for key, reason in facts.skipped.items() if wanted is not None else ():
        job = facts.job(key)
        for step in job.all_steps if job is not None else ():
            text = given_input(step, "name")
            name = text.source if text is not None else "artifact"
            if step.uses and action_name(step.uses.value) == UPLOAD_ARTIFACT and wanted and name in {wanted[0], ""}:
                because = f": {reason}" if reason else ""
                yield Cause(
                    code="artifact-not-found",
                    says=f"the artifact {wanted[0]} is uploaded by job {key}, which was skipped{because}",
                    hint=f"Let job {key} run for this event, or let {failure.step.job_id} be skipped with it.",
                    where=step.span,
                    shown=wanted[1],
                    agreeing=3,
                )


def _wanted(failure: Failure) -> tuple[str, str] | None:
    """The name of the artifact that a download did not find, and its words."""
    for text in failure.texts:
        if found := _MISSING.search(text):
            return found["name"].strip(), text
    return None


def _may_be(upload: RanStep, name: str) -> bool:
    """Whether an upload may be that of an artifact of this name."""
    given = upload.given("name")
    written = given.source if given is not None else "artifact"
    return written == name or "${{" in written
