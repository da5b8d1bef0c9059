"""Fetches artifacts of the run into the workspace: the program of actions/download-artifact.

Owns which artifacts are meant, where they go and what is said of it; the protocol is the toolkit's.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from simulator.actions.builtin.toolkit import log, patterns, step
from simulator.actions.builtin.toolkit.artifact_service import Artifact, ArtifactService, Downloaded, download
from simulator.actions.builtin.toolkit.step import ActionError

NEWEST = 8
RAW_SINCE = 8  # earlier versions unpack whatever arrives
FLAT_SINCE = 5  # from here on a single artifact needs no folder of its own, however it was chosen
ATTEMPTS = 5
WAIT = 0.5
ZIP_TYPES = {"application/zip", "application/x-zip-compressed", "application/zip-compressed"}
MISMATCH = ("ignore", "info", "warn", "error")
NOT_FOUND = """Artifact not found for name: {name}
        Please ensure that your artifact is not expired and the artifact was uploaded using a compatible version of \
toolkit/upload-artifact.
        For more information, visit the GitHub Artifacts FAQ: \
https://github.com/actions/toolkit/blob/main/packages/artifact/docs/faq.md"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The inputs, checked; `path` is absolute."""

    name: str
    ids: str
    pattern: str
    path: Path
    merge: bool
    skip_decompress: bool
    digest_mismatch: str


def main() -> None:
    """The action's program; whatever goes wrong is told in one sentence."""
    try:
        fetch_artifacts(read_settings())
    except (ActionError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise ActionError(f"Unable to download artifact(s): {error}") from error


def read_settings() -> Settings:
    """The inputs. Raises ActionError in the action's own words."""
    mismatch = step.text_input("digest-mismatch") or "error"
    if mismatch not in MISMATCH:
        raise ActionError(
            f"Invalid value for 'digest-mismatch': '{mismatch}'. Valid options are: {', '.join(MISMATCH)}"
        )
    settings = Settings(
        name=step.text_input("name"),
        ids=step.text_input("artifact-ids"),
        pattern=step.text_input("pattern"),
        path=destination(step.text_input("path")),
        merge=step.flag_input("merge-multiple", default=False),
        skip_decompress=step.flag_input("skip-decompress", default=False),
        digest_mismatch=mismatch if step.major_version(NEWEST) >= NEWEST else "warn",
    )
    if settings.name and settings.ids:
        raise ActionError("Inputs 'name' and 'artifact-ids' cannot be used together. Please specify only one.")
    refuse_other_runs()
    return settings


def destination(path: str) -> Path:
    """The folder to unpack into, absolute."""
    if not path:
        return Path(step.variable("GITHUB_WORKSPACE")).absolute()
    return Path(os.path.normpath(Path.cwd() / Path(path.replace("~", str(Path.home()), 1) if path[0] == "~" else path)))


def refuse_other_runs() -> None:
    """End the step when the workflow asks for artifacts of a run that pysim does not hold."""
    if not step.text_input("github-token"):
        return
    repository = step.text_input("repository")
    if repository.count("/") != 1 or not all(repository.split("/")):
        raise ActionError(f"Invalid repository: '{repository}'. Must be in format owner/repo")
    wanted = (repository.lower(), step.text_input("run-id"))
    here = (step.variable("GITHUB_REPOSITORY").lower(), step.variable("GITHUB_RUN_ID"))
    if wanted != here:
        raise ActionError(
            f"pysim holds only the artifacts of the run that it rehearses ({here[0]}, run {here[1]}), "
            f"not those of {wanted[0]}, run {wanted[1]}"
        )


def fetch_artifacts(settings: Settings) -> None:
    """Choose, fetch, unpack, and compare digests."""
    service = ArtifactService()
    artifacts = choose(service, settings)
    if artifacts:
        log.info("Preparing to download the following artifacts:")
    for artifact in artifacts:
        details = f"ID: {artifact.id}, Size: {artifact.size}, Expected Digest: {artifact.digest or 'undefined'}"
        log.info(f"- {artifact.name} ({details})")
    flat = settings.merge or bool(settings.name)
    flat = flat or (len(artifacts) == 1 and step.major_version(NEWEST) >= FLAT_SINCE)
    spoilt: list[str] = []
    for artifact in artifacts:
        folder = settings.path if flat else settings.path / artifact.name
        if not fetch(service, artifact, folder, settings):
            spoilt.append(artifact.name)
    judge_digests(spoilt, settings.digest_mismatch)
    log.info(f"Total of {len(artifacts)} artifact(s) downloaded")
    step.set_output("download-path", str(settings.path))
    log.info("Download artifact has finished successfully")


def choose(service: ArtifactService, settings: Settings) -> list[Artifact]:
    """The artifacts that the inputs mean. Raises ActionError when a named one is not there."""
    if settings.name:
        log.info("Downloading single artifact")
        named = service.artifacts(name_filter=settings.name)
        if not named:
            raise ActionError(NOT_FOUND.format(name=settings.name))
        return named[:1]
    if settings.ids:
        log.info("Downloading artifacts by ID")
        return choose_by_id(newest_of_each_name(service), settings.ids)
    artifacts = newest_of_each_name(service)
    if settings.pattern:
        log.info(f"Filtering artifacts by pattern '{settings.pattern}'")
        return [artifact for artifact in artifacts if patterns.name_matches(settings.pattern, artifact.name)]
    log.info("No input name, artifact-ids or pattern filtered specified, downloading all artifacts")
    if not settings.merge:
        log.info("An extra directory with the artifact name will be created for each download")
    return artifacts


def newest_of_each_name(service: ArtifactService) -> list[Artifact]:
    """All artifacts of the run; of several with one name the last."""
    newest: dict[str, Artifact] = {}
    for artifact in service.artifacts():
        newest.setdefault(artifact.name, artifact)
    log.info(f"Found {len(newest)} artifact(s)")
    return list(newest.values())


def choose_by_id(artifacts: list[Artifact], ids: str) -> list[Artifact]:
    """The artifacts with the given numbers; numbers that do not exist are warned of while one does."""
    texts = [text.strip() for text in ids.split(",") if text.strip()]
    if not texts:
        raise ActionError("No valid artifact IDs provided in 'artifact-ids' input")
    for text in texts:
        if not text.isdecimal():
            raise ActionError(f"Invalid artifact ID: '{text}'. Must be a number.")
    wanted = [int(text) for text in texts]
    found = [artifact for artifact in artifacts if artifact.id in wanted]
    if not found:
        raise ActionError("None of the provided artifact IDs were found")
    missing = [str(number) for number in wanted if number not in {artifact.id for artifact in found}]
    if missing:
        log.warning(f"Could not find the following artifact IDs: {', '.join(missing)}")
    return found


def fetch(service: ArtifactService, artifact: Artifact, folder: Path, settings: Settings) -> bool:
    """Fetch one artifact into a folder; whether it is what was uploaded."""
    folder.mkdir(parents=True, exist_ok=True)
    url = service.download_url(artifact)
    log.info(f"Redirecting to blob download url: {urlsplit(url)._replace(query='').geturl()}")
    log.info(f"Starting download of artifact to: {folder}")
    with tempfile.TemporaryDirectory(dir=os.environ.get("RUNNER_TEMP")) as scratch:
        archive = Path(scratch, "artifact")
        try:
            content = unpack_with_retries(url, archive, folder, settings)
        except ActionError as error:
            raise ActionError(f"Unable to download and extract artifact: {error}") from error
    log.info(f"SHA256 digest of downloaded artifact is {content.digest.removeprefix('sha256:')}")
    log.info("Artifact download completed successfully.")
    return not artifact.digest or artifact.digest == content.digest


def unpack_with_retries(url: str, archive: Path, folder: Path, settings: Settings) -> Downloaded:
    """Download and unpack; tried several times, because a download can break off."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            content = download(url, archive)
            unpack(content, archive, folder, url, settings)
        except (ActionError, OSError, zipfile.BadZipFile) as error:
            log.debug(f"Failed to download artifact after {attempt} retries due to {error}.")
            time.sleep(WAIT)
        else:
            return content
    raise ActionError(f"Artifact download failed after {ATTEMPTS} retries.")


def unpack(content: Downloaded, archive: Path, folder: Path, url: str, settings: Settings) -> None:
    """Put the content into the folder; modes and links of the archive are not restored, as with the real action."""
    zipped = content.media_type in ZIP_TYPES or urlsplit(url).path.lower().endswith(".zip")
    recent = step.major_version(NEWEST) >= RAW_SINCE
    if recent and (settings.skip_decompress or not zipped):
        target = folder / content.filename
        log.info(f"Downloading raw file (non-zip) to: {target}")
        shutil.copyfile(archive, target)
        return
    with zipfile.ZipFile(archive) as members:
        members.extractall(folder)


def judge_digests(spoilt: list[str], behaviour: str) -> None:
    """Say which artifacts are not what was uploaded; ends the step when that is wanted."""
    for name in spoilt:
        text = f"Artifact '{name}' digest validation failed. Please verify the integrity of the artifact."
        if behaviour == "info":
            log.info(text)
        elif behaviour == "warn":
            log.warning(text)
    if spoilt and behaviour == "error":
        raise ActionError(
            f"Digest validation failed for artifact(s): {', '.join(spoilt)}. "
            "Use 'digest-mismatch: warn' to continue on mismatch."
        )


if __name__ == "__main__":
    step.run(main)
