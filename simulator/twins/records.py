"""The record of what jobs asked for: one event and one line of `access.jsonl` for each request. Knows no twin."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from simulator.run_events import EventSink, TwinRequest
from simulator.safe_files import naming, open_folder, open_to_append

OUTSIDE: Final = "outside"  # went to the real network
REFUSED: Final = "refused"  # was for the real network, and pysim did not let it out
_FORBIDDEN: Final = 403
Clock = Callable[[], float]
"""Seconds since the epoch; a test may set it."""


Mask = Callable[[str, str], str]
"""A text without the secrets of a job, by the job's id."""


class Records:
    """Writes requests down as they are answered, without secrets; takes them from any thread."""

    def __init__(self, path: Path, emit: EventSink, clock: Clock, mask: Mask = lambda _job_id, text: text) -> None:
        self._path, self._emit, self._clock, self._mask = path, emit, clock, mask
        self._lock = threading.Lock()

    def add(self, request: TwinRequest) -> None:
        """Record a request that was answered, or refused."""
        host, path = self._mask(request.job_id, request.host), self._mask(request.job_id, request.path)
        request = replace(request, host=host, path=path)
        line = {
            "at": round(self._clock(), 3),
            "job": request.job_id,
            "twin": request.twin,
            "method": request.method,
            "host": request.host,
            "path": request.path,
            "status": request.status,
        }
        with self._lock, naming(self._path), open_folder(self._path.parent) as folder:
            handle = open_to_append(folder, self._path.name)
            with os.fdopen(handle, "a", encoding="ascii") as file:
                file.write(f"{json.dumps(line)}\n")
        self._emit(request)

    def connection(self, job_id: str, host: str, port: int, status: int) -> None:
        """Record a connection past all twins: 200 made, 403 refused, 502 failed."""
        twin, target = REFUSED if status == _FORBIDDEN else OUTSIDE, f"{host or '(no name)'}:{port}"
        self.add(TwinRequest(job_id=job_id, twin=twin, method="CONNECT", host=host, path=target, status=status))
