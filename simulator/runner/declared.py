"""Artifacts that steps declare: the lines of GITHUB_ARTIFACTS, and the list of them that later steps read.

As actions/runner does behind its switch ACTIONS_RUNNER_ALLOW_ARTIFACTS_FILE; without it both files are there and mean
nothing. Knows no step.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal

from simulator.errors import EngineError
from simulator.runner.files import FileCommandError

SWITCH: Final = "ACTIONS_RUNNER_ALLOW_ARTIFACTS_FILE"
LARGEST_FILE: Final = 1024 * 1024  # bytes a step
MOST: Final = 500  # a job
_DIGITS: Final = {"sha256": 64, "sha384": 96, "sha512": 128}
_IMAGE: Final = re.compile(r"(?P<name>.+)@(?P<algorithm>sha(?:256|384|512)):(?P<digits>[0-9a-fA-F]+)")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
Read = Callable[[PurePosixPath], bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A declared artifact; `digest` is `<algorithm>:<hex>`."""

    name: str
    digest: str
    kind: Literal["file", "oci"]


class Declared:
    """What the steps of a job declared; `folder` is the workspace."""

    def __init__(self, folder: PurePosixPath, read: Read) -> None:
        self._folder, self._read = folder, read
        self._subjects: dict[str, Subject] = {}

    def listing(self) -> bytes:
        """The content of GITHUB_ARTIFACTS_LIST."""
        found = [
            {"name": each.name, "digest": each.digest, "kind": each.kind}
            for each in sorted(self._subjects.values(), key=lambda each: each.name)
        ]
        return json.dumps({"version": 1, "subjects": found}, separators=(",", ":"), ensure_ascii=False).encode()

    def take(self, text: str, size: int) -> str | None:
        """Take the lines of a step; what its log says of that. Raises FileCommandError."""
        if size > LARGEST_FILE:
            limit = LARGEST_FILE // 1024
            said = f"$GITHUB_ARTIFACTS file exceeds the maximum size of {limit} KiB (got {size // 1024} KiB)."
            raise FileCommandError(said)
        lines = [(number, line.strip()) for number, line in enumerate(re.split(r"\r\n|[\r\n]", text), start=1)]
        parsed = [(n, self._subject(n, line)) for n, line in lines if line and not line.startswith("#")]
        before = len(self._subjects)
        for number, subject in parsed:
            known = self._subjects.get(subject.name)
            if known is None and len(self._subjects) >= MOST:
                raise _refused(number, f"The job has exceeded the maximum of {MOST} declared artifacts.")
            if known is not None and known.digest != subject.digest:
                raise _refused(
                    number,
                    f"Conflicting digest for artifact '{subject.name}': previously declared as '{known.digest}', "
                    f"now declared as '{subject.digest}'.",
                )
            self._subjects.setdefault(subject.name, subject)
        added, total = len(self._subjects) - before, len(self._subjects)
        return f"Captured {added} artifact subject(s) from this step (job total: {total})." if added else None

    def _subject(self, number: int, line: str) -> Subject:
        if "=" in line:
            raise _refused(number, "entries containing '=' are reserved and not permitted")
        scheme, _, rest = line.partition("://")
        if scheme.lower() == "file" and rest != "":
            return self._file(number, rest)
        if scheme.lower() == "oci" and _SCHEME.match(line):
            image = _IMAGE.fullmatch(rest)
            if image is None:
                raise _refused(number, "oci:// entries must include an @sha{256,384,512}:<hex> digest")
            return _image(number, image)
        if line.lower() == "file://":
            raise _refused(number, "file:// entries must include a path")
        if _SCHEME.match(line):
            raise _refused(number, "unsupported URI scheme")
        image = _IMAGE.fullmatch(line)
        if image and len(image["digits"]) == _DIGITS[image["algorithm"]]:
            return _image(number, image)
        return self._file(number, line)

    def _file(self, number: int, name: str) -> Subject:
        path = PurePosixPath(posixpath.normpath(self._folder / name))
        try:
            content = self._read(path)
        except FileNotFoundError:
            where = f" (relative paths are resolved against the workspace root '{self._folder}')"
            raise _refused(number, f"file '{name}' does not exist{'' if name.startswith('/') else where}") from None
        except EngineError:
            raise _refused(number, f"'{name}' is a directory, not a regular file") from None
        return Subject(name=path.name, digest=f"sha256:{hashlib.sha256(content).hexdigest()}", kind="file")


def _image(number: int, image: re.Match[str]) -> Subject:
    algorithm, digits = image["algorithm"], image["digits"].lower()
    if len(digits) != _DIGITS[algorithm]:
        said = f"digest '{algorithm}' must be {_DIGITS[algorithm]} hex characters, got {len(digits)}"
        raise _refused(number, said)
    return Subject(name=image["name"], digest=f"{algorithm}:{digits}", kind="oci")


def _refused(number: int, reason: str) -> FileCommandError:
    return FileCommandError(f"Invalid $GITHUB_ARTIFACTS entry on line {number}: {reason}")
