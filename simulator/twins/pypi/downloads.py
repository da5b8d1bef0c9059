"""The host of files of an index: those of this run at the addresses that the index gives them, all others as they are.

Nothing is ever written outside.
"""

from __future__ import annotations

from typing import Final

from packaging.utils import canonicalize_name
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from simulator.indexes import Index
from simulator.twins.application import visit
from simulator.twins.pypi.catalogue import File
from simulator.twins.pypi.pages import METADATA, Pages
from simulator.twins.upstream import Upstream

READING: Final = frozenset({"GET", "HEAD"})
_READABLE: Final = 4  # parts of an address without a digest: /packages/py3/d/demo/demo-1.0-py3-none-any.whl


def refused(request: Request) -> Response:
    """The answer to a request that would write outside."""
    at = visit(request)
    text = f"pysim lets no job write to {at.host}: {request.method} {at.path} was not sent.\n"
    return PlainTextResponse(text, status_code=403)


class Downloads:
    """Answers for everything on the host of files."""

    def __init__(self, index: Index, pages: Pages, upstream: Upstream) -> None:
        self._index, self._pages, self._upstream = index, pages, upstream

    async def answer(self, request: Request) -> Response:
        """A file, the metadata of one, or what the real host says."""
        if request.method not in READING:
            return refused(request)
        path = visit(request).path
        filename = path.rpartition("/")[2]
        file = self._pages.file(filename.removesuffix(METADATA))
        if file is not None and self._pages.is_here(file):
            if path == self._pages.address(file):
                return self._pages.download(request, file)
            if path == f"{self._pages.address(file)}{METADATA}":
                return self._pages.metadata(file)
            if _is_readable(path, file):
                return RedirectResponse(self._index.file_url(file.blake2_256, file.filename), status_code=302)
        return await self._upstream.relay(request, self._index.files_host)


def _is_readable(path: str, file: File) -> bool:
    """Whether a path names the file by its project, as addresses did before they had digests."""
    _, packages, *parts = path.split("/")
    if packages != "packages" or len(parts) != _READABLE:
        return False
    _, letter, project, filename = parts
    return (canonicalize_name(project), filename) == (file.project, file.filename) and project.startswith(letter)
