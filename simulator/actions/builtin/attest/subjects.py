"""What is attested: names and digests, from files, from a digest, from a list of checksums or from the runner's list.

Knows no service.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.actions.builtin.attest.settings import Settings
from simulator.actions.builtin.toolkit import patterns
from simulator.actions.builtin.toolkit.step import ActionError

LENGTHS = {"sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128, "sha512_224": 56, "sha512_256": 64}
MOST_PER_CHECKSUM = 512  # bytes
HEX = re.compile(r"[0-9a-fA-F]+")


@dataclass(frozen=True, slots=True)
class Subject:
    """What an attestation is about."""

    name: str
    algorithm: str
    digest: str  # hexadecimal

    @property
    def shown(self) -> str:
        """The name with the digest, as the log has it."""
        return f"{self.name}@{self.algorithm}:{self.digest}"

    @property
    def described(self) -> dict[str, object]:
        """The form of an in-toto statement."""
        return {"name": self.name, "digest": {self.algorithm: self.digest}}


def find_subjects(settings: Settings) -> list[Subject]:
    """What the inputs mean, each once. Raises ActionError."""
    given = [value for value in (settings.paths, settings.digest, settings.checksums) if value]
    known = "subject-path, subject-digest, or subject-checksums"
    if not settings.version.checksums:
        known = "subject-path or subject-digest"
    if not given:
        if settings.version.sha2 and (listed := _of_runner(settings)):
            return listed
        raise ActionError(f"Error: One of {known} must be provided")
    if len(given) > 1:
        raise ActionError(f"Error: Only one of {known} may be provided")
    if settings.digest and not settings.name:
        raise ActionError("Error: subject-name must be provided when using subject-digest")
    if settings.digest:
        return [_of_digest(settings)]
    found = _of_files(settings) if settings.paths else _of_checksums(settings.checksums, settings.version.most)
    return found if settings.version.each else list(dict.fromkeys(found))


# ---- files


def _of_files(settings: Settings) -> list[Subject]:
    lines = "\n".join(_fields(settings.paths))
    found = patterns.find(patterns.parse(lines, cwd=Path.cwd(), home=Path.home()), hidden=True)
    files = [path for path in found if path.is_file()]
    if len(files) > settings.version.most:
        raise _too_many(settings)
    if not files:
        raise ActionError(f"Error: Could not find subject at path {settings.paths}")
    return [Subject(settings.name or path.name, "sha256", _hash(path)) for path in files]


def _fields(text: str) -> Iterator[str]:
    """The patterns of the input: lines of fields between commas, as csv-parse reads them."""
    for record in csv.reader(text.splitlines()):
        yield from (field.strip() for field in record if field)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---- digests


def _of_digest(settings: Settings) -> Subject:
    parts = settings.digest.split(":")
    if not settings.version.sha2:
        if not re.fullmatch(r"sha256:[A-Za-z0-9]{64}", settings.digest):
            raise ActionError('Error: subject-digest must be in the format "sha256:<hex-digest>"')
        return Subject(settings.name, *parts)
    if len(parts) != 2 or not all(parts):
        raise ActionError('Error: subject-digest must be in the format "algorithm:hex_digest"')
    algorithm, digest = parts
    length = LENGTHS.get(algorithm)
    if length is None:
        raise ActionError(f'Error: subject-digest has unsupported algorithm "{algorithm}"')
    if not HEX.fullmatch(digest):
        raise ActionError("Error: subject-digest has invalid hex digits")
    if len(digest) != length:
        raise ActionError(
            f'Error: subject-digest has invalid length for algorithm "{algorithm}" (expected {length}, '
            f"got {len(digest)})"
        )
    return Subject(settings.name, algorithm, digest)


def _of_checksums(text: str, most: int) -> list[Subject]:
    """The subjects of lines such as sha256sum writes, which stand in a file or in the input itself."""
    path = Path(text)
    if "\n" not in text and len(text) < os.pathconf("/", "PC_PATH_MAX") and path.exists():
        if not path.is_file():
            raise ActionError(f"Error: subject checksums file not found: {text}")
        if path.stat().st_size > most * MOST_PER_CHECKSUM:
            limit = most * MOST_PER_CHECKSUM
            raise ActionError(f"Error: subject checksums file exceeds maximum allowed size: {limit} bytes")
        text = path.read_text(encoding="utf-8", errors="replace")
    return list(_of_lines(re.split(r"\r?\n", text)))


def _of_lines(lines: Iterable[str]) -> Iterator[Subject]:
    for line in lines:
        digest, space, name = line.partition(" ")
        if not space:
            continue
        if not HEX.fullmatch(digest):
            raise ActionError(f"Error: Invalid digest: {digest}")
        algorithm = {64: "sha256", 128: "sha512"}.get(len(digest))
        if algorithm is None:
            raise ActionError(f"Error: Unknown digest algorithm: {digest}")
        yield Subject(name[1:] if name[:1] in {"*", " "} else name, algorithm, digest)


# ---- the runner's list


def _of_runner(settings: Settings) -> list[Subject]:
    """The artifacts that the runner has listed for the job; none where it keeps no list. Raises ActionError."""
    path = os.environ.get("GITHUB_ARTIFACTS_LIST", "").strip()
    if not path:
        return []
    try:
        text = Path(path).read_text(encoding="utf-8")
        entries: list[dict[str, Any]] = json.loads(text)["subjects"] if text.strip() else []
        found = [Subject(str(each["name"]), *str(each["digest"]).split(":", 1)) for each in entries]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ActionError(f'Error: Failed to read artifacts list at "{path}": {error}') from None
    if len(found) > settings.version.most:
        raise _too_many(settings)
    return list(dict.fromkeys(found))


def _too_many(settings: Settings) -> ActionError:
    most = settings.version.most
    more = f" (>{most})" if settings.version.detects else ""
    return ActionError(f"Error: Too many subjects specified{more}. The maximum number of subjects is {most}.")
