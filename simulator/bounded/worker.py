"""The process that renders descriptions and parses metadata: JSON lines in, JSON lines out, each within limits.

Runs as a module of its own, and is ended by its standard input's end, by its limits, or by whom it answers. Requests:
  {do: "description", kind: "text/x-rst" or "text/markdown", text}
      answers {is_rendered, said, pictures: [address], links: [address], page}
  {do: "fields", content}                 of METADATA or PKG-INFO; answers {fields}
  {do: "metadata", raw, requirements}
      answers {problems: [[field, message]], requirements: {text: [url, text, error]}}
Where the memory, the stack or a library fails it answers {} and ends. `said` is cut, and so is the number of addresses.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import sys
import warnings
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

from packaging.metadata import InvalidMetadata, Metadata, RawMetadata, parse_email
from packaging.requirements import InvalidRequirement, Requirement

CPU_SECONDS: Final = 2
MEMORY: Final = 256 << 20  # bytes
READY: Final = b"ready\n"
_SAID: Final = 1 << 16  # characters
_PAGE: Final = 1 << 19  # characters
_ADDRESSES: Final = 1000
_ADDRESS: Final = 4096  # characters


class _Addresses(HTMLParser):
    """The addresses of a page's pictures and links."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "img":
            self._keep(self.pictures, given.get("src") or "")
        elif tag == "a":
            self._keep(self.links, given.get("href") or "")

    def _keep(self, addresses: list[str], address: str) -> None:
        if len(addresses) < _ADDRESSES and len(address) <= _ADDRESS:
            addresses.append(address)


def _description(request: Mapping[str, Any]) -> Mapping[str, Any]:
    said = io.StringIO()
    page: str | None
    if request["kind"] == "text/x-rst":
        from readme_renderer import rst  # slow to import

        page = rst.render(request["text"], stream=said)
    else:
        from readme_renderer import markdown

        page = markdown.render(request["text"])
    addresses = _Addresses()
    addresses.feed(page or "")
    return {
        "is_rendered": page is not None,
        "said": said.getvalue()[:_SAID],
        "pictures": addresses.pictures,
        "links": addresses.links,
        "page": page if page is not None and len(page) <= _PAGE else "",
    }


def _fields(request: Mapping[str, Any]) -> Mapping[str, Any]:
    fields, _ = parse_email(request["content"].encode("latin-1"))
    return {"fields": fields}


def _metadata(request: Mapping[str, Any]) -> Mapping[str, Any]:
    problems: list[tuple[str, str]] = []
    raw: RawMetadata = request["raw"]
    try:
        Metadata.from_raw(raw)
    except ExceptionGroup as group:
        problems = [(error.field, str(error)) for error in group.exceptions if isinstance(error, InvalidMetadata)]
    return {"problems": problems, "requirements": {text: _requirement(text) for text in request["requirements"]}}


def _requirement(text: str) -> tuple[str | None, str, str | None]:
    try:
        found = Requirement(text)
    except InvalidRequirement as error:
        return None, "", str(error)
    return found.url, str(found), None


_TASKS: Final[Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]] = {
    "description": _description,
    "fields": _fields,
    "metadata": _metadata,
}


def _limit() -> None:
    """Give the request that comes next its time and its memory."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
    now = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, resource.RLIM_INFINITY))


def _warm_up() -> None:
    """Import what a first request would, which its limits are not meant for."""
    for kind in ("text/x-rst", "text/markdown"):
        _description({"kind": kind, "text": "a\n"})


def main() -> None:
    """Answer until standard input ends."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    _warm_up()
    answers.write(READY)
    answers.flush()
    _limit()
    for line in sys.stdin.buffer:
        answer: Mapping[str, Any] = {}
        with contextlib.suppress(Exception):
            request = json.loads(line)
            answer = _TASKS[request["do"]](request)
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()
        if not answer:
            return
        _limit()


if __name__ == "__main__":
    main()
