"""As much of Azure's blob storage as GitHub's clients ask of it: signed URLs, blobs in blocks or in one piece.

Source: Azure's reference of Put Blob, Put Block and Put Block List. Knows neither artifacts nor caches.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response

from simulator.twins.blobs import BlobError
from simulator.twins.bodies import TooLargeError, read_body
from simulator.twins.hosts import RESULTS

MOST_LISTED: Final = 8 << 20  # bytes of a block list: 50,000 blocks, with names of 64 characters as those of clients
_LATEST: Final = re.compile(r"<(?:Latest|Committed|Uncommitted)>([^<]*)</")
Receive = Callable[[str, AsyncIterable[bytes]], Awaitable[object]]
Assemble = Callable[[Sequence[str]], object]


class SignedUrls:
    """The URLs of one kind of blob, each good for one thing.

    Their `sig` is long and random: clients mask every one that they see, and a short one would mask half of the log.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._key = secrets.token_bytes(32)

    def url(self, number: int, verb: str) -> str:
        """The URL of a blob for GET or PUT."""
        return f"https://{RESULTS}/{self._folder}/{number}?sig={self._signature(number, verb)}"

    def number(self, request: Request) -> int | None:
        """The blob that a request may have; None when its signature is not ours."""
        number = int(request.path_params["number"])
        verb = "PUT" if request.method == "PUT" else "GET"
        given = request.query_params.get("sig", "")
        return number if hmac.compare_digest(self._signature(number, verb).encode(), given.encode()) else None

    def _signature(self, number: int, verb: str) -> str:
        return hmac.new(self._key, f"{verb} {number}".encode(), hashlib.sha512).hexdigest()


class BlobResponse(FileResponse):
    """A blob from the disk, in pieces so large that reading them in another thread is worth its while."""

    chunk_size = 512 * 1024


async def put_blob(request: Request, receive: Receive, assemble: Assemble) -> Response:
    """Answer Put Block, Put Block List and Put Blob; a blob in one piece is one block without a name."""
    part = request.query_params.get("comp")
    try:
        if part == "block":
            await receive(request.query_params.get("blockid", ""), request.stream())
        elif part == "blocklist":
            blocks = _LATEST.findall((await read_body(request, MOST_LISTED)).decode(errors="replace"))
            await asyncio.to_thread(assemble, blocks)
        elif part is None:
            await receive("", request.stream())
            await asyncio.to_thread(assemble, [""])
        else:
            return azure_error(400, "InvalidQueryParameterValue")
    except BlobError:
        return azure_error(400, "InvalidBlockList")
    except TooLargeError:
        return azure_error(413, "RequestBodyTooLarge")
    except ClientDisconnect:
        return azure_error(400, "IncompleteBody")
    echo = request.headers.get("x-ms-client-request-id")
    return Response(status_code=201, headers={"x-ms-client-request-id": echo} if echo else None)


def azure_error(status: int, code: str) -> Response:
    """An error as Azure's clients read it."""
    return Response(f"<Error><Code>{code}</Code></Error>", status, media_type="application/xml")
