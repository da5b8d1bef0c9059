"""Makes one artifact of several: the program of actions/upload-artifact/merge."""

from __future__ import annotations

import tempfile
from pathlib import Path

from simulator.actions.builtin.download_artifact import main as downloading
from simulator.actions.builtin.toolkit import log, patterns, step
from simulator.actions.builtin.toolkit.artifact_service import Artifact, ArtifactService
from simulator.actions.builtin.toolkit.step import ActionError
from simulator.actions.builtin.upload_artifact import main as uploading


def main() -> None:
    """The action's program: fetch what the pattern means, upload it together, and remove it if that is wanted."""
    pattern = step.text_input("pattern", required=True)
    separate = step.flag_input("separate-directories", default=False)
    service = ArtifactService()
    newest = downloading.newest_of_each_name(service)
    artifacts = [artifact for artifact in newest if patterns.name_matches(pattern, artifact.name)]
    log.debug(f"Filtered from {len(newest)} to {len(artifacts)} artifacts")
    if not artifacts:
        raise ActionError(f"No artifacts found matching pattern '{pattern}'")
    with tempfile.TemporaryDirectory(prefix="merge-artifact", dir=Path.cwd()) as temporary:
        folder = Path(temporary)
        fetch(service, artifacts, folder, separate=separate)
        files = patterns.find(
            patterns.parse(str(folder), cwd=folder, home=folder),
            hidden=step.flag_input("include-hidden-files", default=False),
        )
        uploading.upload(settings(), files, folder)
    log.info(f"The {len(artifacts)} artifact(s) were successfully merged!")
    if step.flag_input("delete-merged", default=False):
        for artifact in artifacts:
            service.delete(artifact)
        log.info(f"The {len(artifacts)} artifact(s) were deleted")


def fetch(service: ArtifactService, artifacts: list[Artifact], folder: Path, *, separate: bool) -> None:
    """Fetch artifacts into one folder, or each into one of its own."""
    wanted = downloading.Settings(
        name="", ids="", pattern="", path=folder, merge=True, skip_decompress=False, digest_mismatch="warn"
    )
    log.info("Preparing to download the following artifacts:")
    for artifact in artifacts:
        log.info(f"- {artifact.name} (ID: {artifact.id}, Size: {artifact.size})")
    for artifact in artifacts:
        downloading.fetch(service, artifact, folder / artifact.name if separate else folder, wanted)
    log.info(f"Total of {len(artifacts)} artifact(s) downloaded")


def settings() -> uploading.Settings:
    """The inputs that say how the merged artifact is uploaded."""
    level = uploading.number("compression-level", 6)
    if not 0 <= level <= 9:
        raise ActionError("Invalid compression-level. Valid values are 0-9")
    return uploading.Settings(
        name=step.text_input("name", required=True),
        path="",
        if_no_files_found="warn",
        retention_days=uploading.number("retention-days", 0),
        compression_level=level,
        overwrite=False,
        include_hidden_files=False,
        archive=True,
    )


if __name__ == "__main__":
    step.run(main)
