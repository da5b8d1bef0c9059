"""The client's side of the artifact service, protocol version 4: JSON calls, uploads in blocks, downloads.

Source: the contract of actions/toolkit's packages/artifact. Knows no input of an action and no file of a workspace.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import time
import uuid
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from simulator.actions.builtin.toolkit import http, log
from simulator.actions.builtin.toolkit.step import ActionError
from simulator.actions.builtin.toolkit.twirp import ATTEMPTS, FIRST_WAIT, RETRYABLE, Service, ServiceError, field

BLOCK = 8 * 1024 * 1024
UPLOADS_AT_ONCE = 5
STALL = 30.0  # seconds without a byte


class ArtifactServiceError(ServiceError):
    """The service refused or did not answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackendIds:
    """Which run and which job: opaque texts, the run's shared by all its jobs."""

    run: str
    job: str

    def fields(self) -> dict[str, str]:
        return {"workflow_run_backend_id": self.run, "workflow_job_run_backend_id": self.job}


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """An artifact of the run, with the ids of the job that made it; `digest` is `sha256:<hex>` or ""."""

    id: int
    name: str
    size: int
    digest: str
    owner: BackendIds


class ArtifactService:
    """The calls of the service, for the job whose token is in the environment."""

    def __init__(self) -> None:
        service = Service("ArtifactService")
        self._call = service.call
        self._ids = backend_ids(service.token)

    def create(self, name: str, **fields: object) -> str:
        """Reserve a name in this run and return the address to upload to."""
        answer = self._call("CreateArtifact", {**self._ids.fields(), "name": name, **fields})
        return _ok("CreateArtifact", answer, "signed_upload_url")

    def finalize(self, name: str, *, size: int, sha256: str) -> int:
        """Close an upload; the artifact's id."""
        fields = {**self._ids.fields(), "name": name, "size": str(size), "hash": f"sha256:{sha256}"}
        return int(_ok("FinalizeArtifact", self._call("FinalizeArtifact", fields), "artifact_id"))

    def artifacts(self, **filters: str) -> list[Artifact]:
        """The run's artifacts, highest id first; `name_filter` and `id_filter` are the service's own."""
        answer = self._call("ListArtifacts", {**self._ids.fields(), **filters})
        found = [_artifact(entry) for entry in answer.get("artifacts") or []]
        return sorted(found, key=lambda artifact: artifact.id, reverse=True)

    def download_url(self, artifact: Artifact) -> str:
        """Where an artifact's content can be fetched without further credentials."""
        answer = self._call("GetSignedArtifactURL", {**artifact.owner.fields(), "name": artifact.name})
        return str(field(answer, "signed_url"))

    def delete(self, artifact: Artifact) -> None:
        """Remove an artifact of this run."""
        self._call("DeleteArtifact", {**artifact.owner.fields(), "name": artifact.name})


def backend_ids(token: str) -> BackendIds:
    """The run's and the job's ids out of the runtime token; its signature is not looked at. Raises ActionError."""
    invalid = ActionError("Failed to get backend IDs: The provided JWT token is invalid and/or missing claims")
    try:
        payload = token.split(".")[1]
        scopes = str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["scp"]).split(" ")
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        raise invalid from None
    for scope in scopes:
        parts = scope.split(":")
        if parts[0] == "Actions.Results" and len(parts) == 3:
            return BackendIds(run=parts[1], job=parts[2])
    raise invalid


class BlobUpload:
    """A stream that is written once and sent in blocks, a few at a time. A context manager: leaving it well sends
    the block list, leaving it with an error sends nothing more.
    """

    def __init__(self, url: str, *, content_type: str) -> None:
        self.size = 0
        self._url = url
        self._content_type = content_type
        self._hash = hashlib.sha256()
        self._buffer = bytearray()
        self._blocks: list[str] = []
        self._session = http.session()
        self._pool = ThreadPoolExecutor(UPLOADS_AT_ONCE)
        self._pending: deque[tuple[Future[None], int]] = deque()
        self._sent = 0

    @property
    def sha256(self) -> str:
        """The hex digest of all that was written."""
        return self._hash.hexdigest()

    def __enter__(self) -> Self:
        log.info("Beginning upload of artifact content to blob storage")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            self._pool.shutdown(cancel_futures=True)

    def write(self, data: bytes) -> int:
        """Take more of the content."""
        self._hash.update(data)
        self.size += len(data)
        self._buffer += data
        while len(self._buffer) >= BLOCK:
            self._send(bytes(self._buffer[:BLOCK]))
            del self._buffer[:BLOCK]
        return len(data)

    def flush(self) -> None:
        """Nothing: blocks go out when they are full."""

    def _send(self, block: bytes) -> None:
        name = base64.b64encode(f"{uuid.uuid4()}{len(self._blocks):012}".encode()).decode()
        self._blocks.append(name)
        while len(self._pending) >= UPLOADS_AT_ONCE:
            self._settle()
        address = f"{self._url}{'&' if '?' in self._url else '?'}comp=block&blockid={quote(name, safe='')}"
        self._pending.append((self._pool.submit(self._put, address, block, "application/octet-stream"), len(block)))

    def _settle(self) -> None:
        future, size = self._pending.popleft()
        future.result()
        self._sent += size
        log.info(f"Uploaded bytes {self._sent}")

    def _finish(self) -> None:
        if self._buffer:
            self._send(bytes(self._buffer))
        while self._pending:
            self._settle()
        named = "".join(f"<Latest>{name}</Latest>" for name in self._blocks)
        listing = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{named}</BlockList>'.encode()
        address = f"{self._url}{'&' if '?' in self._url else '?'}comp=blocklist"
        self._put(address, listing, "application/xml", {"x-ms-blob-content-type": self._content_type})
        log.info("Finished uploading artifact content to blob storage!")

    def _put(self, url: str, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        sent = {"Content-Type": content_type, "x-ms-version": "2023-11-03", **(headers or {})}
        for attempt in range(1, ATTEMPTS + 1):
            response = self._session.put(url, data=body, headers=sent, timeout=(http.CONNECT_TIMEOUT, 300))
            if response.ok:
                return
            if response.status_code not in RETRYABLE or attempt == ATTEMPTS:
                raise ArtifactServiceError(f"Blob storage refused the upload: {response.status_code} {response.reason}")
            time.sleep(FIRST_WAIT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Downloaded:
    """A blob on disk: its digest as `sha256:<hex>`, its media type, and the file name that the service gave it."""

    digest: str
    media_type: str
    filename: str


def download(url: str, target: Path) -> Downloaded:
    """Fetch a signed address into a file. Raises ArtifactServiceError unless the answer is 200."""
    digest = hashlib.sha256()
    with http.session() as session, session.get(url, stream=True, timeout=(http.CONNECT_TIMEOUT, STALL)) as response:
        if response.status_code != 200:
            raise ArtifactServiceError(
                f"Unexpected HTTP response from blob storage: {response.status_code} {response.reason}"
            )
        with target.open("wb") as stream:
            for chunk in response.iter_content(1024 * 1024):
                digest.update(chunk)
                stream.write(chunk)
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        filename = _filename(response.headers.get("Content-Disposition", ""))
    return Downloaded(digest=f"sha256:{digest.hexdigest()}", media_type=media_type, filename=filename)


def _filename(disposition: str) -> str:
    from email.message import Message

    header = Message()
    header["Content-Disposition"] = disposition
    return Path(header.get_filename() or "artifact").name


def _artifact(entry: Mapping[str, Any]) -> Artifact:
    owner = BackendIds(
        run=str(field(entry, "workflow_run_backend_id")), job=str(field(entry, "workflow_job_run_backend_id"))
    )
    return Artifact(
        id=int(field(entry, "database_id")),
        name=str(field(entry, "name")),
        size=int(field(entry, "size") or 0),
        digest=str(field(entry, "digest") or ""),
        owner=owner,
    )


def _ok(method: str, answer: Mapping[str, Any], name: str) -> str:
    if not answer.get("ok"):
        raise ArtifactServiceError(f"{method}: response from backend was not ok")
    return str(field(answer, name))
