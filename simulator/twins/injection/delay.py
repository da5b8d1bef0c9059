"""A simple index that is behind: pages as they were before the latest uploads. Knows the pages' forms, no index."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from packaging.utils import canonicalize_name
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.twins.records import Clock

_ANCHOR: Final = re.compile(rb"[ \t]*<a [^>]*>([^<]*)</a>(<br ?/?>)?\n?")


@dataclass(kw_only=True)
class Delay:
    """When the files of this run came to which index. May be used from any thread."""

    clock: Clock
    _uploaded: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def uploaded(self, index: str, project: str, filename: str) -> None:
        """A file was taken; an identical one again changes nothing."""
        with self._lock:
            files = self._uploaded.setdefault((index, canonicalize_name(project)), {})
            files.setdefault(filename, self.clock())

    def fresh(self, index: str, project: str, seconds: float) -> Collection[str]:
        """The files of a project that are not yet seen."""
        with self._lock:
            files = self._uploaded.get((index, canonicalize_name(project)), {})
            return {name for name, at in files.items() if self.clock() < at + seconds}


def without_files(application: ASGIApp, files: Collection[str], told: Callable[[str], None]) -> ASGIApp:
    """An application whose one page does not know some files; without any other there is no page."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        page = _Page()
        await application(scope, receive, page.take)
        if page.status == 200:
            left = page.without(files)
            told(f"answered without {', '.join(sorted(files))}")
            await (left or PlainTextResponse("404 Not Found", status_code=404))(scope, receive, send)
            return
        for message in page.messages:
            await send(message)

    return answer


@dataclass(kw_only=True)
class _Page:
    """An answer that is held back until it is whole."""

    messages: list[Message] = field(default_factory=list)

    async def take(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"]) if self.messages else 0

    def without(self, files: Collection[str]) -> Response | None:
        """The page without the files; None when it shows no other."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self.messages[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in self.messages[1:])
        left = _json(body, files) if "json" in headers.get("content-type", "") else _html(body, files)
        kept = {name: value for name, value in headers.items() if name not in {"content-length", "etag"}}
        return None if left is None else Response(left, headers=kept)


def _html(body: bytes, files: Collection[str]) -> bytes | None:
    hidden = {name.encode() for name in files}
    left = _ANCHOR.sub(lambda match: b"" if match[1].strip() in hidden else match[0], body)
    return left if b"<a " in left else None


def _json(body: bytes, files: Collection[str]) -> bytes | None:
    page: dict[str, Any] = json.loads(body)
    shown: list[Mapping[str, Any]] = [file for file in page.get("files", []) if file.get("filename") not in files]
    names = [str(file.get("filename")) for file in shown]
    versions = [each for each in page.get("versions", []) if any(f"-{each}" in name for name in names)]
    return json.dumps({**page, "files": shown, "versions": versions}).encode() if shown else None
