"""A run's artifacts on disk: blocks as they arrive, archives once they are put together. Knows no protocol."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
import zipfile
from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from simulator.archives import BROKEN, TooMuchError, opened_zip
from simulator.safe_files import existing_file, new_file
from simulator.twins.base import StoredArtifact
from simulator.twins.blobs import CHUNK, Blocks
from simulator.twins.jobs import OpenJob
from simulator.twins.twirp import TwirpError

ZIP: Final = "application/zip"
_ONE_FILE: Final = "application/octet-stream"  # of an artifact that is a file of its own name
_FORBIDDEN: Final = re.compile(r'[":<>|*?\x00-\x1f\\/]')


class ArtifactError(TwirpError):
    """A request that the artifact service refuses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """An artifact that was created; `size` and `digest` are those of the bytes that arrived, None before they did."""

    number: int
    job: OpenJob
    name: str
    content_type: str
    created: float
    expires: str  # when it may go, RFC 3339; empty for the repository's default
    path: Path
    blocks: Blocks
    size: int | None = None
    digest: str | None = None
    stored: StoredArtifact | None = None


class ArtifactStore:
    """The artifacts of a rehearsal, by number; used by the event loop and by its worker threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._artifacts: dict[int, Artifact] = {}
        self._count = 0
        self._lock = threading.Lock()

    def create(self, job: OpenJob, name: str, content_type: str, at: float, expires: str = "") -> Artifact:
        """A new artifact, waiting for its bytes. Names are the workflow run's: no two of its jobs may use the same."""
        if not name or _FORBIDDEN.search(name):
            raise ArtifactError("invalid_argument", f"the artifact name {name!r} is not valid")
        with self._lock:
            if any(other.name == name and other.job.shares_run(job) for other in self._artifacts.values()):
                raise ArtifactError("already_exists", "an artifact with this name already exists on the workflow run")
            self._count += 1
            file = f"{self._count}-{name[:40]}" + (".zip" if content_type == ZIP else "")
            artifact = Artifact(
                number=self._count,
                job=job,
                name=name,
                content_type=content_type,
                created=at,
                expires=expires,
                path=self._folder / file,
                blocks=Blocks(self._folder / f".{self._count}"),
            )
            self._artifacts[artifact.number] = artifact
        return artifact

    def get(self, number: int) -> Artifact:
        """An artifact by its number."""
        try:
            return self._artifacts[number]
        except KeyError:
            raise ArtifactError("not_found", "artifact not found") from None

    def find(self, backend_id: str, name: str) -> Artifact:
        """An artifact by the job that created it and its name."""
        for artifact in self._artifacts.values():
            if artifact.name == name and artifact.job.backend_id == backend_id:
                return artifact
        raise ArtifactError("not_found", f"artifact {name!r} not found")

    def finished(self, job: OpenJob | None = None) -> Sequence[Artifact]:
        """The finished artifacts, oldest first; of a job's workflow run alone, or all."""
        own = (artifact for artifact in self._artifacts.values() if job is None or artifact.job.shares_run(job))
        return [artifact for artifact in own if artifact.stored]

    async def receive(self, artifact: Artifact, block: str, body: AsyncIterable[bytes]) -> None:
        """Take a block in; one sent again replaces the first. Nothing is kept of a body that breaks off."""
        await artifact.blocks.receive(block, body)

    def assemble(self, artifact: Artifact, blocks: Sequence[str]) -> None:
        """Put the archive together from its blocks, in the order of the list. Raises BlobError."""
        content = artifact.blocks.assemble(blocks, artifact.path)
        self._update(replace(artifact, size=content.size, digest=f"sha256:{content.sha256}"))

    def finish(self, number: int, size: int, digest: str | None) -> StoredArtifact:
        """Make an artifact visible and final, if its bytes are those that the client says it sent."""
        artifact = self.get(number)
        if artifact.stored:
            return artifact.stored
        if artifact.size is None or artifact.digest is None:
            raise ArtifactError("failed_precondition", "the artifact's content was not uploaded")
        if size != artifact.size:
            raise ArtifactError("invalid_argument", f"the artifact has {artifact.size} bytes, not {size}")
        if digest and digest.lower() != artifact.digest:
            raise ArtifactError("invalid_argument", f"the artifact's digest is {artifact.digest}, not {digest}")
        stored = StoredArtifact(
            job_id=artifact.job.grant.job_id,
            name=artifact.name,
            size=artifact.size,
            digest=artifact.digest,
            archive=artifact.path,
            files=_files(artifact),
            workflow_run=artifact.job.workflow_run,
        )
        self._update(replace(artifact, stored=stored))
        return stored

    def supply(self, job: OpenJob, name: str, folder: Path, at: float) -> StoredArtifact:
        """A finished artifact of the files of a folder, hidden ones too, as if the job had uploaded them."""
        artifact = self.create(job, name, ZIP, at)
        artifact.path.parent.mkdir(parents=True, exist_ok=True)
        with new_file(artifact.path) as made, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                archive.write(file, file.relative_to(folder).as_posix())
        with artifact.path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        size = artifact.path.stat().st_size
        self._update(replace(artifact, size=size, digest=f"sha256:{digest}"))
        return self.finish(artifact.number, size, None)

    def adopt(self, job: OpenJob, stored: StoredArtifact, at: float) -> StoredArtifact:
        """A finished artifact that another store holds, byte for byte."""
        artifact = self.create(job, stored.name, ZIP if stored.archive.suffix == ".zip" else _ONE_FILE, at)
        artifact.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(stored.archive, artifact.path, follow_symlinks=False)  # nothing writes into a finished one
        except OSError:
            with existing_file(stored.archive) as source, new_file(artifact.path) as target:
                shutil.copyfileobj(source, target, CHUNK)
        self._update(replace(artifact, size=stored.size, digest=stored.digest))
        return self.finish(artifact.number, stored.size, stored.digest)

    def delete(self, artifact: Artifact) -> None:
        """Forget an artifact and its bytes; its name is free again."""
        with self._lock:
            self._artifacts.pop(artifact.number, None)
        artifact.path.unlink(missing_ok=True)
        artifact.blocks.remove()

    def _update(self, artifact: Artifact) -> None:
        with self._lock:
            if artifact.number in self._artifacts:
                self._artifacts[artifact.number] = artifact


def _files(artifact: Artifact) -> tuple[str, ...]:
    """The paths in an archive; an artifact that is no zip is one file of its own name."""
    if artifact.content_type != ZIP:
        return (artifact.name,)
    try:
        with opened_zip(artifact.path) as archive:
            return tuple(entry.filename for entry in archive.infolist() if not entry.is_dir())
    except (*BROKEN, TooMuchError):
        return ()
