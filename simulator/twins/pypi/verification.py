"""The judge of attestations: a child process with the library that PyPI uses, started when a job begins to sign.

The library takes a quarter of a second to import, and pins whom it trusts to a folder of its user: both are why it has
a process of its own. Knows no upload.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from simulator import process
from simulator.errors import ProcessError
from simulator.paths import make_temporary_folder, remove_folder

PROGRAM: Final = Path(__file__).with_name("verifier.py")


class AttestationError(Exception):
    """The attestations are refused; the text is the index's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attested:
    """A file with its attestations as they were sent, and the publisher that must have signed them."""

    filename: str
    sha256: str
    attestations: str
    repository: str
    workflow: str
    environment: str | None


class Verification:
    """Verifies under one root of trust, a file after the other; methods may be called from any thread."""

    def __init__(self, trust: Mapping[str, Any]) -> None:
        self._trust = trust
        self._child: process.Child | None = None
        self._folder: Path | None = None
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Start the child, without waiting for it."""
        with self._lock:
            self._start()

    def provenance(self, attested: Attested) -> Mapping[str, Any]:
        """The provenance object of a file whose attestations hold.

        Raises AttestationError when they do not, and ProcessError when the child cannot be had.
        """
        request = {
            "filename": attested.filename,
            "sha256": attested.sha256,
            "attestations": attested.attestations,
            "publisher": {
                "repository": attested.repository,
                "workflow": attested.workflow,
                "environment": attested.environment,
            },
        }
        with self._lock:
            answer = self._ask(self._start(), request)
        if "refused" in answer:
            raise AttestationError(answer["refused"])
        provenance: Mapping[str, Any] = answer["provenance"]
        return provenance

    def close(self) -> None:
        """End the child. Safe to call twice."""
        with self._lock:
            if self._child is not None:
                process.stop(self._child)
            if self._folder is not None:
                remove_folder(self._folder)
            self._child = self._folder = None

    def _start(self) -> process.Child:
        if self._child is None:
            self._folder = make_temporary_folder("trust")
            home = {name: str(self._folder) for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
            packages = os.pathsep.join(filter(None, sys.path))
            self._child = process.start(
                [sys.executable, "-P", PROGRAM],
                env={**home, "PYTHONPATH": packages, "LANG": "C.UTF-8"},
                clean_env=True,
                apart=True,
            )
            self._write(self._child, self._trust)
        return self._child

    def _ask(self, child: process.Child, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self._write(child, request)
        answer = self._read(child)
        return self._read(child) if "ready" in answer else answer

    def _write(self, child: process.Child, value: Mapping[str, Any]) -> None:
        assert child.stdin is not None
        try:
            child.stdin.write(f"{json.dumps(value)}\n".encode())
            child.stdin.flush()
        except OSError:
            self._raise_ended(child)

    def _read(self, child: process.Child) -> Mapping[str, Any]:
        assert child.stdout is not None
        line = child.stdout.readline()
        if not line:
            self._raise_ended(child)
        answer: Mapping[str, Any] = json.loads(line)
        return answer

    def _raise_ended(self, child: process.Child) -> NoReturn:
        """Raises ProcessError with the child's last words."""
        self._child = None
        said = child.stderr.read().decode(errors="replace").split("\n") if child.stderr is not None else []
        process.stop(child)
        last = next((line for line in reversed(said) if line.strip()), "it said nothing")
        raise ProcessError(
            f"The verifier of attestations ended: {last}",
            hint="Reinstall pysim, so that it has its pypi-attestations; or publish with `attestations: false`.",
        )
