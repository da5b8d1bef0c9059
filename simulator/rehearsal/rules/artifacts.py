"""Rules of artifacts: names that meet, jobs that wait for the uploader, files where the publishing step looks.

Silent wherever an action or a called workflow may upload artifacts that cannot be seen in the file.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.actions.facts import uploads as uploads_of
from simulator.diagnostics import Severity
from simulator.expressions.language import ExpressionError, Scope
from simulator.planning.artifact_names import ANY, is_of_stars, may_take, pattern_of
from simulator.planning.matrix import MatrixError, expand
from simulator.planning.tools import DOWNLOAD_ARTIFACT, UPLOAD_ARTIFACT, action_name, given_input, given_inputs
from simulator.positions import Span
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.release import (
    distributions_folder,
    jobs_before,
    plain_folder,
    publishing_of,
)
from simulator.spelling import closest
from simulator.workflow.model import Job, Step, Workflow

_ELSEWHERE = frozenset({"run-id", "repository", "github-token", "artifact-ids"})
_FOLDER = re.compile(r"(?:\w+[-_])?(?:s?dists?|wheels?|wheelhouse|sources?|build|out|output|packages?)", re.IGNORECASE)
"""Names that are those of folders; another one without a slash behind it may be a file's."""
_OLD = re.compile(r"v[123](?:\.|$)")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Upload:
    """An artifact that a step uploads; `name` may hold ANY."""

    job: Job
    step: Step
    name: str
    span: Span

    @property
    def shown(self) -> str:
        return self.name.replace(ANY, "${{ }}")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Download:
    """What a step downloads: one artifact by its `name`, or those that fit a `pattern`, or all (both None)."""

    job: Job
    step: Step
    name: str | None
    pattern: str | None
    span: Span

    def may_take(self, upload: _Upload) -> bool:
        return may_take(self.name, self.pattern, upload.name)

    def surely_takes(self, upload: _Upload) -> bool:
        if self.name is not None:
            return ANY not in self.name + upload.name and self.name == upload.name
        if self.pattern is None or not is_of_stars(self.pattern) or ANY in self.pattern:
            return False
        return fnmatch.fnmatchcase(upload.name.replace(ANY, "x"), self.pattern)


def _uploads(workflow: Workflow) -> Iterator[_Upload]:
    for job in workflow.jobs.values():
        for step in job.all_steps:
            name = action_name(step.uses.value) if step.uses else ""
            if step.uses is None:
                continue
            if name == UPLOAD_ARTIFACT:
                text = given_input(step, "name")
                span = text.span if text else step.uses.span
                yield _Upload(job=job, step=step, name=pattern_of(text) if text else "artifact", span=span)
            else:
                for fixed in uploads_of(name) or ():
                    yield _Upload(job=job, step=step, name=f"{fixed}{ANY}", span=step.uses.span)


def _downloads(workflow: Workflow) -> Iterator[_Download]:
    """The downloads from the same run."""
    for job in workflow.jobs.values():
        for step in job.all_steps:
            if step.uses is None or action_name(step.uses.value) != DOWNLOAD_ARTIFACT:
                continue
            inputs = {key.lower(): value for key, value in step.with_.items()}
            if inputs.keys() & _ELSEWHERE:
                continue
            name, pattern = inputs.get("name"), inputs.get("pattern")
            text = name or pattern
            yield _Download(
                job=job,
                step=step,
                name=pattern_of(name) if name and name.source else None,
                pattern=pattern_of(pattern) if pattern and pattern.source else None,
                span=text.span if text else step.uses.span,
            )


def _all_are_seen(workflow: Workflow) -> bool:
    """Whether the uploads in the file are all that there can be: a workflow that others call shares theirs."""
    return "workflow_call" not in workflow.triggers and all(
        job.uses is None and all(map(_is_seen, job.all_steps)) for job in workflow.jobs.values()
    )


def _is_seen(step: Step) -> bool:
    if step.uses is None:
        return True
    if step.uses.value.startswith("docker://"):
        return True
    name = action_name(step.uses.value)
    return name in {UPLOAD_ARTIFACT, DOWNLOAD_ARTIFACT} or uploads_of(name) is not None


@rule(
    "artifact-name",
    Severity.ERROR,
    summary="A job downloads an artifact that no job uploads.",
    why="download-artifact fails with `Artifact not found`.",
)
def artifact_name(subject: Subject) -> Iterator[Problem]:
    if not _all_are_seen(subject.workflow):
        return
    found = list(_uploads(subject.workflow))
    for wanted in _downloads(subject.workflow):
        if any(wanted.may_take(upload) for upload in found):
            continue
        names = list(dict.fromkeys(upload.shown for upload in found))
        what = wanted.name or wanted.pattern
        said = f"Job {wanted.job.id} downloads {what.replace(ANY, '${{ }}')}" if what else "Artifacts are downloaded"
        guess = closest(what or "", names)
        listed = f"uploaded are: {', '.join(names)}" if names else "the workflow uploads none"
        yield Problem(
            span=wanted.span,
            message=f"{said}, and no job uploads it: {listed}",
            hint=f"Did you mean {guess}?" if guess else "Give upload-artifact and download-artifact one name.",
        )


@rule(
    "artifact-not-needed",
    Severity.ERROR,
    summary="A job downloads an artifact without needing the job that uploads it (a warning where only some may "
    "be late).",
    why="Jobs start as soon as their needs are done: the download runs first and finds nothing.",
)
def artifact_not_needed(subject: Subject) -> Iterator[Problem]:
    if not _all_are_seen(subject.workflow):
        return
    found = list(_uploads(subject.workflow))
    for wanted in _downloads(subject.workflow):
        before = {*jobs_before(subject.workflow, wanted.job), wanted.job.id}
        possible = [upload for upload in found if wanted.may_take(upload)]
        late = [upload for upload in possible if upload.job.id not in before]
        if possible and len(late) == len(possible):
            yield _late(wanted, late[0], Severity.ERROR)
        elif wanted.pattern is not None:
            for upload in late:
                if wanted.surely_takes(upload):
                    yield _late(wanted, upload, Severity.WARNING)


def _late(wanted: _Download, upload: _Upload, severity: Severity) -> Problem:
    verb = "may" if severity is Severity.WARNING else "does"
    return Problem(
        span=wanted.span,
        message=f"Job {wanted.job.id} downloads {upload.shown}, which job {upload.job.id} uploads, and "
        + ("may run before it" if verb == "may" else "does not wait for it"),
        hint=f"Add {upload.job.id} to the needs of {wanted.job.id}.",
        severity=severity,
    )


@rule(
    "artifact-twice",
    Severity.ERROR,
    summary="Two jobs, or the jobs of a matrix, upload artifacts of one name.",
    why="Since version 4 an artifact cannot be added to: the second upload fails.",
)
def artifact_twice(subject: Subject) -> Iterator[Problem]:
    seen: dict[str, _Upload] = {}
    for upload in _uploads(subject.workflow):
        if not _is_certain(upload):
            continue
        count = _combinations(upload.job)
        first = seen.setdefault(upload.name, upload)
        if count > 1:
            who = f"each of the {count} jobs of the matrix of {upload.job.id} uploads"
            hint = f"Make the name differ: {upload.name}-${{{{ strategy.job-index }}}}, and download with a pattern."
        elif first is not upload:
            who = f"both job {first.job.id} and job {upload.job.id} upload"
            hint = "Give each its own name, and download with a pattern."
        else:
            continue
        yield Problem(
            span=upload.span,
            message=f"{who[0].upper()}{who[1:]} {upload.name}: GitHub refuses the second one (409 Conflict)",
            hint=hint,
        )


def _is_certain(upload: _Upload) -> bool:
    """An upload that happens whenever its job runs, under a fixed name, and replaces nothing."""
    step, job = upload.step, upload.job
    assert step.uses is not None
    old = _OLD.match(step.uses.value.partition("@")[2])
    replaces = given_inputs(step).get("overwrite", "false") != "false"
    plain = not step.condition.source and not job.condition.source and action_name(step.uses.value) == UPLOAD_ARTIFACT
    return plain and not old and not replaces and ANY not in upload.name


def _combinations(job: Job) -> int:
    """How many jobs the matrix makes; 1 where only a run can tell."""
    matrix = job.strategy.matrix if job.strategy else None
    if matrix is None:
        return 1
    try:
        return len(expand(matrix, Scope(contexts={})))
    except (MatrixError, ExpressionError):
        return 1


@rule(
    "nested-download",
    Severity.ERROR,
    summary="A download puts folders where the publishing step takes files.",
    why="Without a name, each artifact lands in a folder of its own, and paths in several folders keep these: the "
    "upload fails on a folder in dist/.",
)
def nested_download(subject: Subject) -> Iterator[Problem]:
    workflow = subject.workflow
    uploads = list(_uploads(workflow))
    for job in workflow.jobs.values():
        for found in publishing_of(workflow, job):
            folder = distributions_folder(found.step)
            if folder is None:
                continue
            for download in _downloads_before(workflow, job, found.step):
                path, inputs = _target(download), given_inputs(download.step)
                if path is None or not (path == folder or path.startswith(f"{folder}/")):
                    continue
                if path != folder:
                    yield _nested(download, f"into {path}/", folder, "Download into the folder itself.")
                elif download.name is None and inputs.get("merge-multiple", "false") == "false":
                    hint = "Add merge-multiple: true, or name the one artifact."
                    yield _nested(download, "each artifact into a folder of its own", folder, hint)
                else:
                    yield from _with_folders(download, uploads, folder)


def _nested(download: _Download, how: str, folder: str, hint: str) -> Problem:
    return Problem(
        span=download.span,
        message=f"Job {download.job.id} downloads {how}, and the publishing step takes files that lie directly in "
        f"{folder}/",
        hint=hint,
    )


def _with_folders(download: _Download, uploads: Sequence[_Upload], folder: str) -> Iterator[Problem]:
    """What is wrong where an artifact that is surely downloaded has folders in it."""
    for upload in uploads:
        inner = _folders_in(upload) if download.surely_takes(upload) else ()
        if inner:
            places = " and ".join(f"{folder}/{each}/" if folder != "." else f"{each}/" for each in inner)
            hint = (
                f"Let {upload.job.id} upload from one folder, or one artifact a folder; nothing flattens an artifact."
            )
            yield _nested(download, f"{upload.shown}, whose files land in {places}", folder, hint)
            return


def _folders_in(upload: _Upload) -> Sequence[str]:
    """The folders of an artifact, whose root is what the uploaded paths have in common; none if not known."""
    path = given_inputs(upload.step).get("path", "") if action_name(_uses(upload)) == UPLOAD_ARTIFACT else ""
    lines = [line.strip() for line in path.splitlines()]
    patterns = [line for line in lines if line and not line.startswith(("!", "#"))]
    if any("${{" in line or "**" in line or line.startswith(("/", "~")) or "\\" in line for line in patterns):
        return ()
    split = [_searched(pattern) for pattern in patterns]
    root = os.path.commonpath([head for head, _ in split]) if split else ""
    found = [_below(root, head, tail) for head, tail in split]
    return [each for each in dict.fromkeys(found) if each]


def _uses(upload: _Upload) -> str:
    return upload.step.uses.value if upload.step.uses else ""


def _searched(pattern: str) -> tuple[str, str]:
    """The folder in which a pattern searches, "" for the workspace, and the folders below it that the pattern names."""
    parts = [part for part in pattern.split("/") if part not in {"", "."}]
    first = next((place for place, part in enumerate(parts) if re.search(r"[*?\[]", part)), None)
    if first is None:
        is_folder = pattern.endswith("/") or not parts or _FOLDER.fullmatch(parts[-1])
        return "/".join(parts if is_folder else parts[:-1]), ""
    return "/".join(parts[:first]), "/".join(parts[first:-1])


def _below(root: str, head: str, tail: str) -> str:
    inner = head[len(root) :].strip("/")
    return f"{inner}/{tail}".strip("/")


def _downloads_before(workflow: Workflow, job: Job, publish: Step) -> Sequence[_Download]:
    """The downloads of a job in front of its publishing step; none when commands may move files in between."""
    found = [each for each in _downloads(workflow) if each.job.id == job.id and each.step.number < publish.number]
    if not found:
        return ()
    between = [step for step in job.all_steps if found[0].step.number < step.number < publish.number]
    moves = any(step.run and re.search(r"\b(?:mv|cp|rsync|find|shutil|rename|tar|unzip)\b", step.run.source)
                for step in between)  # fmt: skip
    return () if moves else found


def _target(download: _Download) -> str | None:
    path = given_inputs(download.step).get("path", ".")
    path = re.sub(r"^\$\{\{\s*github\.workspace\s*\}\}/?", "./", path)
    return None if "${{" in path or path.startswith(("/", "~")) else plain_folder(path)


@rule(
    "download-elsewhere",
    Severity.ERROR,
    summary="A download puts the files beside the folder that the publishing step takes.",
    why="An artifact of `path: dist/` holds the files, not the folder; the publishing step finds no dist/.",
)
def download_elsewhere(subject: Subject) -> Iterator[Problem]:
    workflow = subject.workflow
    found = list(_uploads(workflow))
    for job in workflow.jobs.values():
        if any(step.run for step in job.all_steps):
            continue
        for publish in publishing_of(workflow, job):
            folder = distributions_folder(publish.step)
            downloads = _downloads_before(workflow, job, publish.step)
            if folder is None or len(downloads) != 1 or downloads[0].name is None:
                continue
            sources = [upload for upload in found if downloads[0].surely_takes(upload)]
            path = _target(downloads[0])
            if path != "." or len(sources) != 1 or _root_of(sources[0]) != folder:
                continue
            yield Problem(
                span=downloads[0].span,
                message=f"Job {job.id} downloads the files into the workspace, and the publishing step looks for them "
                f"in {folder}/: an artifact of `path: {folder}/` holds no folder {folder}",
                hint=f"Add path: {folder}/ to the download.",
            )


def _root_of(upload: _Upload) -> str | None:
    """The folder whose content an upload holds, for a single plain path."""
    path = given_inputs(upload.step).get("path", "")
    if "\n" in path or "${{" in path or path.startswith(("!", "/", "~")):
        return None
    head, star, _ = path.partition("*")
    return plain_folder(head) if not star or head.endswith("/") else None
