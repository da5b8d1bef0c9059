"""Keeps files of the workspace as an artifact of the run: the program of actions/upload-artifact.

Owns which files are meant, how they are laid out in the archive and what is said of it; the protocol is the toolkit's.
"""

from __future__ import annotations

import mimetypes
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from simulator.actions.builtin.toolkit import log, patterns, step
from simulator.actions.builtin.toolkit.archive import write_archive
from simulator.actions.builtin.toolkit.artifact_service import ArtifactService, BlobUpload
from simulator.actions.builtin.toolkit.step import ActionError

NEWEST = 7
FORBIDDEN_IN_PATHS = {
    '"': ' Double quote "',
    ":": " Colon :",
    "<": " Less than <",
    ">": " Greater than >",
    "|": " Vertical bar |",
    "*": " Asterisk *",
    "?": " Question mark ?",
    "\r": " Carriage return \\r",
    "\n": " Line feed \\n",
}
FORBIDDEN_IN_NAMES = {**FORBIDDEN_IN_PATHS, "\\": " Backslash \\", "/": " Forward slash /"}
WHY_FORBIDDEN = "Some file systems, NTFS among them, cannot hold them, and an artifact must unpack anywhere."
NO_FILES = {"warn": log.warning, "error": log.error, "ignore": log.info}


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The inputs, checked."""

    name: str
    path: str
    if_no_files_found: str
    retention_days: int
    compression_level: int
    overwrite: bool
    include_hidden_files: bool
    archive: bool


def main() -> None:
    """The action's program."""
    settings = read_settings()
    found = patterns.parse(settings.path, cwd=Path.cwd(), home=Path.home())
    files = patterns.find(found, hidden=settings.include_hidden_files)
    if not files:
        return report_no_files(settings)
    warn_of_equal_names(files)
    root = root_folder(patterns.search_paths(found), files)
    plural = "" if len(files) == 1 else "s"
    log.info(f"With the provided path, there will be {len(files)} file{plural} uploaded")
    log.debug(f"Root artifact directory is {root}")
    if not settings.archive and len(files) > 1:
        raise ActionError(
            f"When 'archive' is set to false, only a single file can be uploaded. Found {len(files)} files to upload."
        )
    return upload(settings, files, root)


def read_settings() -> Settings:
    """The inputs. Raises ActionError in the action's own words."""
    behaviour = step.text_input("if-no-files-found") or "warn"
    if behaviour not in NO_FILES:
        raise ActionError(
            f"Unrecognized if-no-files-found input. Provided: {behaviour}. Available options: {','.join(NO_FILES)}"
        )
    level = number("compression-level", 6)
    if not 0 <= level <= 9:
        raise ActionError("Invalid compression-level. Valid values are 0-9")
    return Settings(
        name=step.text_input("name"),
        path=step.text_input("path", required=True),
        if_no_files_found=behaviour,
        retention_days=number("retention-days", 0),
        compression_level=level,
        overwrite=step.flag_input("overwrite", default=False),
        include_hidden_files=step.flag_input("include-hidden-files", default=False),
        archive=step.flag_input("archive", default=True) or step.major_version(NEWEST) < NEWEST,
    )


def number(name: str, default: int) -> int:
    """An input that is a whole number."""
    text = step.text_input(name)
    try:
        return int(text) if text else default
    except ValueError:
        raise ActionError(f"Invalid {name}") from None


def report_no_files(settings: Settings) -> None:
    """Say that nothing matched; ends the step when the workflow wants that."""
    text = f"No files were found with the provided path: {settings.path}. No artifacts will be uploaded."
    NO_FILES[settings.if_no_files_found](text)
    if settings.if_no_files_found == "error":
        raise ActionError


def warn_of_equal_names(files: list[Path]) -> None:
    """Say which files differ from another one in letter case alone."""
    seen: set[str] = set()
    for file in files:
        folded = str(file).lower()
        if folded in seen:
            log.info(
                f"Uploads are case insensitive: {file} was detected that it will be overwritten by another file "
                "with the same path"
            )
        seen.add(folded)


def root_folder(searched: list[Path], files: list[Path]) -> Path:
    """The folder that paths in the archive are relative to: what the search paths, not the files, have in common."""
    if len(searched) > 1:
        log.info("Multiple search paths detected. Calculating the least common ancestor of all paths")
        root = Path(os.path.commonpath(searched))
        log.info(f"The least common ancestor is {root}. This will be the root directory of the artifact")
        return root
    return files[0].parent if files == searched else searched[0]


def upload(settings: Settings, files: list[Path], root: Path) -> None:
    """Make the artifact and say where it is."""
    name = settings.name if settings.archive else files[0].name
    check_name(name)
    members = {file: str(file.relative_to(root)) for file in files}
    for inside in members.values():
        check_path(f"/{inside}")
    service = ArtifactService()
    if settings.overwrite:
        remove_existing(service, name)
    media_type = "application/zip" if settings.archive else mimetypes.guess_type(name)[0] or "application/octet-stream"
    content = send(service, settings, members, name, media_type)
    log.info(f"SHA256 digest of uploaded artifact is {content.sha256}")
    log.info("Finalizing artifact upload")
    number_given = service.finalize(name, size=content.size, sha256=content.sha256)
    log.info(f"Artifact {name} successfully finalized. Artifact ID {number_given}")
    report(name, number_given, content)


def send(
    service: ArtifactService, settings: Settings, members: dict[Path, str], name: str, media_type: str
) -> BlobUpload:
    """Reserve the name and upload the content; versions before 7 of the action announce no media type."""
    recent = step.major_version(NEWEST) >= NEWEST
    fields: dict[str, object] = {"version": 7, "mime_type": media_type} if recent else {"version": 4}
    expires = expiration(settings.retention_days)
    url = service.create(name, **fields, **({"expires_at": expires} if expires else {}))
    log.info(f"Uploading artifact: {name}{'.zip' if settings.archive else ''}")
    with BlobUpload(url, content_type=media_type if recent else "zip") as content:
        if settings.archive:
            write_archive(content, members, settings.compression_level)
        else:
            with next(iter(members)).open("rb") as stream:
                while block := stream.read(1024 * 1024):
                    content.write(block)
    return content


def remove_existing(service: ArtifactService, name: str) -> None:
    """Delete an artifact of that name; that none is there, or that it cannot be deleted, is no error."""
    try:
        found = service.artifacts(name_filter=name)
        if not found:
            log.debug(f"Skipping deletion of '{name}', it does not exist")
            return
        service.delete(found[0])
    except ActionError as error:
        log.debug(f"Unable to delete artifact: {error}")


def expiration(days: int) -> str:
    """When the artifact may go, RFC 3339, or "" for the repository's default."""
    if not days:
        return ""
    limit = os.environ.get("GITHUB_RETENTION_DAYS", "")
    if limit.isdecimal() and 0 < int(limit) < days:
        log.warning(
            "Retention days cannot be greater than the maximum allowed retention set within the repository. "
            f"Using {limit} instead."
        )
        days = int(limit)
    moment = datetime.fromtimestamp(time.time(), UTC) + timedelta(days=days)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def check_name(name: str) -> None:
    """Refuse a name with a character that some file system cannot hold."""
    if not name:
        raise ActionError("Provided artifact name input during validation is empty")
    for character, spelled in FORBIDDEN_IN_NAMES.items():
        if character in name:
            raise ActionError(
                f"The artifact name is not valid: {name}. Contains the following character: {spelled}\n\n"
                f"Invalid characters include: {','.join(FORBIDDEN_IN_NAMES.values())}\n\n"
                f"These characters are not allowed in the artifact name. {WHY_FORBIDDEN}"
            )
    log.info("Artifact name is valid!")


def check_path(path: str) -> None:
    """Refuse a path in the archive with a character that some file system cannot hold."""
    for character, spelled in FORBIDDEN_IN_PATHS.items():
        if character in path:
            raise ActionError(
                f"The path for one of the files in artifact is not valid: {path}. "
                f"Contains the following character: {spelled}\n\n"
                f"Invalid characters include: {','.join(FORBIDDEN_IN_PATHS.values())}\n\n"
                f"These characters are not allowed in files that are uploaded. {WHY_FORBIDDEN}"
            )


def report(name: str, number_given: int, content: BlobUpload) -> None:
    """Say what was kept, and set the outputs."""
    log.info(
        f"Artifact {name} has been successfully uploaded! "
        f"Final size is {content.size} bytes. Artifact ID is {number_given}"
    )
    run = "/".join(step.variable(f"GITHUB_{part}") for part in ("SERVER_URL", "REPOSITORY"))
    address = f"{run}/actions/runs/{step.variable('GITHUB_RUN_ID')}/artifacts/{number_given}"
    step.set_output("artifact-id", str(number_given))
    step.set_output("artifact-digest", content.sha256)
    log.info(f"Artifact download URL: {address}")
    step.set_output("artifact-url", address)


if __name__ == "__main__":
    step.run(main)
