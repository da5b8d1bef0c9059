"""The client's side of the cache service, version 2, and the archives that it keeps.

Source: the contract of actions/toolkit's packages/cache; an entry saved here is found by the real client, and the
other way round. Knows no input of an action.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from simulator.actions.builtin.toolkit import artifact_service, http, log, patterns
from simulator.actions.builtin.toolkit.step import ActionError, variable
from simulator.actions.builtin.toolkit.twirp import RETRYABLE, Service, ServiceError, field

LONGEST_KEY = 512
MOST_KEYS = 10
UPLOAD_ATTEMPTS = 2
Compression = Literal["gzip", "zstd-without-long"]
_MEGABYTE = 1024 * 1024


class CacheValidationError(ActionError):
    """A key or path that no cache can have: what ends a step, where other failures are warnings."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """An entry and where its archive can be fetched."""

    key: str
    url: str


def available() -> bool:
    """Whether there is a cache service."""
    return bool(os.environ.get("ACTIONS_RESULTS_URL"))


def restore(paths: Sequence[str], keys: Sequence[str], *, lookup_only: bool = False) -> str | None:
    """Unpack the entry for a primary key and its restore keys; its key, None when there is none.

    Raises CacheValidationError alone: what else goes wrong is a warning, and a miss.
    """
    _check_keys(keys)
    try:
        return _restore(paths, keys, lookup_only=lookup_only)
    except (ActionError, OSError, subprocess.SubprocessError) as error:
        log.warning(f"Failed to restore: {error}")
        return None


def _restore(paths: Sequence[str], keys: Sequence[str], *, lookup_only: bool) -> str | None:
    compression = compression_method()
    found = _find(keys, version(paths, compression))
    if found is None:
        log.debug(f"Cache not found for version {version(paths, compression)} of keys: {', '.join(keys)}")
        return None
    log.info(f"Cache hit for: {found.key}" if found.key == keys[0] else f"Cache hit for restore-key: {found.key}")
    if lookup_only:
        log.info("Lookup only - skipping download")
        return found.key
    with _archive(compression) as archive:
        artifact_service.download(found.url, archive)
        log.info(f"Cache Size: {_size(archive)}")
        program = ["-z"] if compression == "gzip" else ["--use-compress-program", "unzstd"]
        _tar(["-xf", str(archive), "-P", "-C", variable("GITHUB_WORKSPACE"), *program])
    log.info("Cache restored successfully")
    return found.key


def save(paths: Sequence[str], key: str) -> int | None:
    """Keep what the paths name under a key; the entry's number, None when it was not saved.

    Raises CacheValidationError; what else goes wrong is told and forgotten.
    """
    _check_keys([key])
    found = resolve_paths(paths)
    if not found:
        raise CacheValidationError(
            "Path Validation Error: Path(s) specified in the action for caching do(es) not exist, "
            "hence no cache is being saved."
        )
    try:
        return _save(paths, found, key)
    except (ActionError, OSError, subprocess.SubprocessError) as error:
        log.warning(f"Failed to save: {error}")
        return None


def _save(paths: Sequence[str], found: Sequence[str], key: str) -> int | None:
    compression, service = compression_method(), Service("CacheService")
    fields = {"key": key, "version": version(paths, compression)}
    with _archive(compression) as archive:
        manifest = archive.parent / "manifest.txt"
        manifest.write_text("\n".join(found), encoding="utf-8")
        pack = ["--posix", "-cf", str(archive), "--exclude", archive.name]
        program = ["-z"] if compression == "gzip" else ["--use-compress-program", "zstdmt"]
        _tar([*pack, "-P", "-C", variable("GITHUB_WORKSPACE"), "--files-from", str(manifest), *program])
        size = archive.stat().st_size
        try:
            url = field(service.call("CreateCacheEntry", fields), "signed_upload_url")
        except ServiceError as error:
            log.debug(f"Failed to reserve cache: {error}")
            log.info(f"Failed to save: Unable to reserve cache with key {key}, another job may be creating this cache.")
            return None
        _upload(str(url), archive)
        log.info(f"Cache Size: {_size(archive)}")
    answer = service.call("FinalizeCacheEntryUpload", {**fields, "size_bytes": str(size)})
    if not answer.get("ok"):
        raise ServiceError(str(answer.get("message") or f"Unable to finalize cache with key {key}"))
    return int(field(answer, "entry_id"))


def version(paths: Sequence[str], compression: Compression) -> str:
    """What tells caches of the same key apart: the paths as they were written, and how the archive is packed."""
    return hashlib.sha256("|".join([*paths, compression, "1.0"]).encode()).hexdigest()


def compression_method() -> Compression:
    """How archives are packed here: with zstd where that is installed."""
    try:
        shown = subprocess.run(["zstd", "--quiet", "--version"], capture_output=True, check=False)
    except OSError:
        return "gzip"
    return "zstd-without-long" if shown.stdout.strip() else "gzip"


def resolve_paths(paths: Sequence[str]) -> list[str]:
    """What there is of the paths, relative to the workspace as far as that leads."""
    workspace = variable("GITHUB_WORKSPACE")
    found = patterns.find_named(patterns.parse("\n".join(paths), cwd=Path.cwd(), home=Path.home()))
    return [os.path.relpath(path, workspace) for path in found]


def _find(keys: Sequence[str], wanted: str) -> Found | None:
    fields = {"key": keys[0], "restore_keys": list(keys[1:]), "version": wanted}
    answer = Service("CacheService").call("GetCacheEntryDownloadURL", fields)
    if not answer.get("ok"):
        return None
    return Found(key=str(field(answer, "matched_key")), url=str(field(answer, "signed_download_url")))


def _upload(url: str, archive: Path) -> None:
    """Send an archive in one piece, straight from the disk."""
    headers = {"Content-Type": "application/octet-stream", "x-ms-blob-type": "BlockBlob", "x-ms-version": "2023-11-03"}
    for attempt in range(1, UPLOAD_ATTEMPTS + 1):
        with http.session() as session, archive.open("rb") as stream:
            response = session.put(url, data=stream, headers=headers, timeout=(http.CONNECT_TIMEOUT, 300))
        if response.ok:
            return
        if response.status_code not in RETRYABLE or attempt == UPLOAD_ATTEMPTS:
            raise ServiceError(f"Blob storage refused the upload: {response.status_code} {response.reason}")


def _check_keys(keys: Sequence[str]) -> None:
    if len(keys) > MOST_KEYS:
        raise CacheValidationError("Key Validation Error: Keys are limited to a maximum of 10.")
    for key in keys:
        if len(key) > LONGEST_KEY:
            raise CacheValidationError(f"Key Validation Error: {key} cannot be larger than 512 characters.")
        if "," in key:
            raise CacheValidationError(f"Key Validation Error: {key} cannot contain commas.")


@contextmanager
def _archive(compression: Compression) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("RUNNER_TEMP")) as folder:
        yield Path(folder, "cache.tgz" if compression == "gzip" else "cache.tzst")


def _tar(arguments: Sequence[str]) -> None:
    program = shutil.which("tar") or "tar"
    log.info(f"[command]{program} {' '.join(arguments)}")
    done = subprocess.run([program, *arguments], check=False)
    if done.returncode != 0:
        raise ServiceError(f"Tar failed with error: The process '{program}' failed with exit code {done.returncode}")


def _size(archive: Path) -> str:
    size = archive.stat().st_size
    return f"~{round(size / _MEGABYTE)} MB ({size} B)"
