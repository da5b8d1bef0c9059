"""Asks the process of `worker` and watches it: what takes too long or too much is ended, and has no answer.

One process serves all; it is started when first asked, and again after one was ended. From any thread.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import select
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simulator.bounded.worker import CPU_SECONDS, MEMORY, READY
from simulator.errors import ProcessError
from simulator.process import Child, start, stop

BOUNDS: Final = f"{CPU_SECONDS} seconds and {MEMORY >> 20} MB of memory"
_LARGEST: Final = 8 << 20  # bytes of a request, and of an answer
_PATIENCE: Final = 120.0  # seconds of the clock on a machine that is busy
_TICK: Final = 0.02  # seconds
_CHUNK: Final = 1 << 16
_VARIABLES: Final = ("HOME", "PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL")


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """A description as PyPI has it: whether it renders, what the renderer complains of, and the addresses in it.

    `page` is what it renders to, empty where that is too much.
    """

    is_rendered: bool
    said: str
    pictures: Sequence[str]
    links: Sequence[str]
    page: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """A requirement as `packaging` reads it: its URL and its usual form, or why it is none."""

    url: str | None
    text: str
    error: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """What `packaging` says of metadata: fields with messages, and the requirements by their texts."""

    problems: Sequence[tuple[str, str]]
    requirements: Mapping[str, Requirement]


@functools.lru_cache(maxsize=16)
def render(kind: str, text: str) -> Description | None:
    """A description of a type that renders (text/x-rst or text/markdown); None beyond the bounds."""
    answer = _ask({"do": "description", "kind": kind, "text": text})
    return Description(**answer) if answer else None


def parse_fields(content: bytes) -> Mapping[str, Any] | None:
    """The fields of METADATA or PKG-INFO, as `packaging.metadata.parse_email` gives them; None beyond the bounds."""
    answer = _ask({"do": "fields", "content": content.decode("latin-1")})
    return answer["fields"] if answer else None


def judge(raw: Mapping[str, object], requirements: Sequence[str]) -> Judged | None:
    """What `packaging` says of raw metadata, and of requirements; None beyond the bounds."""
    return _judge(json.dumps({"do": "metadata", "raw": raw, "requirements": list(requirements)}))


@functools.lru_cache(maxsize=16)
def _judge(request: str) -> Judged | None:
    answer = _ask(request)
    if not answer:
        return None
    return Judged(
        problems=[(field, message) for field, message in answer["problems"]],
        requirements={
            text: Requirement(url=url, text=usual, error=error)
            for text, (url, usual, error) in answer["requirements"].items()
        },
    )


def _ask(request: Mapping[str, Any] | str) -> dict[str, Any]:
    data = (request if isinstance(request, str) else json.dumps(request)).encode() + b"\n"
    return _WORKER.ask(data) if len(data) <= _LARGEST else {}


class _Worker:
    """The process, if it runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: Child | None = None

    def ask(self, data: bytes) -> dict[str, Any]:
        """The answer to a request; an empty one beyond the bounds. Raises ProcessError where nothing can be started."""
        with self._lock:
            child = self._child or self._start()
            self._child = None
            try:
                line = self._exchange(child, data)
                answer: dict[str, Any] = json.loads(line) if line else {}
            except BaseException:
                stop(child, grace=0.0)
                raise
            if answer:
                self._child = child
            else:
                _end(child)
            return answer

    def close(self) -> None:
        """End the process. Safe to call twice."""
        with self._lock:
            if self._child is not None:
                _end(self._child)
            self._child = None

    def _start(self) -> Child:
        env = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
        argv = (sys.executable, "-P", "-m", "simulator.bounded.worker")
        with Path(os.devnull).open("wb") as nowhere:
            child = start(argv, cwd=Path(tempfile.gettempdir()), env=env, clean_env=True, stderr=nowhere, apart=True)
        if self._receive(child, None) != READY:
            _end(child)
            raise ProcessError(
                "The process that renders descriptions and parses metadata does not start.",
                hint="Is the installation of pysim whole? Install it again.",
            )
        return child

    def _exchange(self, child: Child, data: bytes) -> bytes:
        assert child.stdin is not None
        used = _cpu(child.pid)
        try:
            child.stdin.write(data)
            child.stdin.flush()
        except OSError:
            return b""
        return self._receive(child, used + CPU_SECONDS)

    def _receive(self, child: Child, until: float | None) -> bytes:
        """A line of its output; nothing when it ended, or when CPU time `until` or memory are used up."""
        assert child.stdout is not None
        line, deadline = bytearray(), time.monotonic() + _PATIENCE
        while not line.endswith(b"\n"):
            if select.select([child.stdout], [], [], _TICK)[0]:
                data = os.read(child.stdout.fileno(), _CHUNK)
                line += data
                if not data or len(line) > _LARGEST:
                    return b""
            elif time.monotonic() > deadline:
                return b""
            if until is not None and (_cpu(child.pid) > until or _resident(child.pid) > MEMORY):
                return b""
        return bytes(line)


def _end(child: Child) -> None:
    child.kill()
    stop(child)


def _cpu(pid: int) -> float:
    """Seconds of CPU time that a process has used."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGESIZE")
    except (OSError, IndexError):
        return 0


_WORKER: Final = _Worker()
atexit.register(_WORKER.close)
