"""GitHub's git host: the rehearsed repository from its private clone by `git http-backend`, others read from GitHub.

A push lands in the private clone, for later jobs of the run to see, and is told. Knows no workflow.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import gzip
import os
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from simulator import process
from simulator.git_command import in_own_repository
from simulator.remedies import Act, remedy
from simulator.run_events import EventSink, Notice
from simulator.twins.application import visit
from simulator.twins.bodies import TooLargeError, read_body
from simulator.twins.callers import BOT, Caller, Callers, missing_permission, permission_by_setting
from simulator.twins.clone import Clone
from simulator.twins.hosts import GITHUB
from simulator.twins.receiving import Push, read_push, with_declined
from simulator.twins.repository_rules import DECLINED, RepositoryRules, said_to_git, update
from simulator.twins.upstream import Upstream

T = TypeVar("T")
CHUNK: Final = 65536
WANTS_LIMIT: Final = 64 << 20  # of a request to GitHub: what a client has and wants, not a repository
_GIT_PATH: Final = re.compile(r"/([^/]+/[^/]+?)(?:\.git)?(/(?:info/refs|HEAD|objects/.+|git-(?:upload|receive)-pack))")
_READS: Final = "git-upload-pack"
_NOT_FOUND: Final = "Repository not found."
_PROTOCOL: Final = re.compile(r"[a-z0-9=:.]{1,100}")
_SERVED: Final = {
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",  # GitHub's protocol 0 does, and a shallow fetch by commit needs it
    "http.receivepack": "true",
    "receive.autogc": "false",
}


class Pages(Protocol):
    """What the site hands out beside git."""

    async def answer(self, request: Request) -> Response | None:
        """A page of the rehearsed repository; None for what GitHub alone has."""
        ...


SiteMaker = Callable[[], Awaitable[Pages]]


class GitTwin:
    """GitHub's main host; `site` is asked for when a page of the rehearsed repository is.

    `copies` are bare copies of other repositories (owner/name in lower case) that are read from there, not from GitHub.
    """

    def __init__(
        self,
        *,
        clone: Clone,
        rules: RepositoryRules,
        callers: Callers,
        upstream: Upstream,
        site: SiteMaker,
        copies: Mapping[str, Path],
        emit: EventSink,
    ) -> None:
        self._clone, self._callers, self._upstream, self._emit = clone, callers, upstream, emit
        self._site, self._copies, self._rules = site, copies, rules
        self._told: set[str] = set()
        self._threads = concurrent.futures.ThreadPoolExecutor(64, thread_name_prefix="git")

    def close(self) -> None:
        """End the threads; no request may be under way."""
        self._threads.shutdown()

    async def answer(self, request: Request) -> Response:
        """Answer a request for any repository."""
        at = visit(request)
        match = _GIT_PATH.fullmatch(at.path)
        if match and match[1].lower() == self._clone.repository.lower():
            return await self._own(request, match[2])
        service = _service(request, match[2]) if match else None
        if match and service == _READS and (copy := self._copies.get(match[1].lower())):
            self._tell_of_copy(match[1])
            return await self._backend(request, match[2], copy)
        if request.method in {"GET", "HEAD"} and (service is None or service == _READS):
            own = at.path.lower().startswith(f"/{self._clone.repository}/".lower())
            page = await (await self._site()).answer(request) if own else None
            return page or await self._upstream.relay(request, GITHUB, credentials=True)
        if request.method == "POST" and service == _READS:
            try:
                body = await read_body(request, WANTS_LIMIT)
            except TooLargeError:
                return PlainTextResponse("The request is too large.\n", status_code=413)
            return await self._upstream.relay(request, GITHUB, body=body, credentials=True)
        return _no_write(request)

    async def _own(self, request: Request, path: str) -> Response:
        writes = _service(request, path) == "git-receive-pack"
        if refusal := self._refusal(request, writes=writes):
            return refusal
        if not writes or request.method != "POST":
            return await self._backend(request, path)
        async with self._clone.changing(visit(request).job_id, "push"):
            if self._rules.says_anything:
                return await self._judged(request, path)
            response = await self._backend(request, path)
            return await _whole(response) if isinstance(response, StreamingResponse) else response

    async def _judged(self, request: Request, path: str) -> Response:
        """The answer to a push that rules of the repository may decline, ref by ref."""
        caller = self._callers.of(request) or Caller()
        body = await request.body()
        push = read_push(gzip.decompress(body) if request.headers.get("content-encoding") == "gzip" else body)
        declined = await self._declined(push, caller) if push else {}
        if push is None or not declined:
            response = await self._backend(request, path)
            return await _whole(response) if isinstance(response, StreamingResponse) else response
        if "atomic" in push.capabilities.split():
            declined = {each.ref: declined.get(each.ref, "") for each in push.commands}
        said, answer = "".join(declined.values()), b""
        if left := push.without(declined):
            response = await self._backend(request, path, body=left)
            whole = await _whole(response) if isinstance(response, StreamingResponse) else response
            if whole.status_code != 200:
                return whole
            answer = bytes(whole.body)
        content = with_declined(answer, push, dict.fromkeys(declined, DECLINED), said)
        return Response(content, media_type="application/x-git-receive-pack-result")

    async def _declined(self, push: Push, caller: Caller) -> dict[str, str]:
        """What git shows of each ref that a rule keeps from changing."""
        if push.pack and any(self._rules.asks_for_history(each.ref) for each in push.commands):
            await self._clone.ask("index-pack", "--stdin", "--fix-thin", stdin=push.pack)
        declined = {}
        for each in push.commands:
            change = update(each.ref, each.before, each.after)
            if change.before and change.after:
                forced = not await self._clone.is_ancestor(change.before, change.after)
                change = replace(change, forced=forced)
            if violations := self._rules.violations(change, caller):
                page = f"https://{GITHUB}/{self._clone.repository}"
                declined[each.ref] = said_to_git(each.ref, violations, page)
        return declined

    def _refusal(self, request: Request, *, writes: bool) -> Response | None:
        """What GitHub answers to a request that may not be: git shows the text behind `remote:`.

        Reads with a token that is nobody's are let through, as a token of an app means nothing here.
        """
        if not writes and not self._rules.private:
            return None
        caller = self._callers.of(request)
        if caller is None or not caller.known:
            said = "Invalid username or token." if caller is None else "No anonymous write access."
            refusal = {"www-authenticate": 'Basic realm="GitHub"'}
            return PlainTextResponse(f"{said}\n", status_code=401, headers=refusal)
        access = "write" if writes else "read"
        if caller.may("contents", access):
            if caller.by_setting("contents", access):
                self._emit(permission_by_setting(visit(request).job_id, "contents", access))
            return None
        did = "pushed" if writes else "fetched from this private repository"
        self._emit(missing_permission(visit(request).job_id, did, "contents", access))
        said = f"Permission to {self._clone.repository}.git denied to {BOT}." if writes else _NOT_FOUND
        return PlainTextResponse(f"{said}\n", status_code=403 if writes else 404)

    def _tell_of_copy(self, name: str) -> None:
        if name.lower() not in self._told:
            self._told.add(name.lower())
            self._emit(
                Notice(
                    message=f"{name} is read from this repository's copy of the submodule, as the run is offline.",
                    hint="Whether its commit was pushed to GitHub, only a run that is not offline tells.",
                    remedies=(remedy(Act.GO_ONLINE),),
                )
            )

    async def _backend(
        self, request: Request, path: str, folder: Path | None = None, *, body: bytes | None = None
    ) -> StreamingResponse | Response:
        """What `git http-backend` answers, passed on as it comes once it has had the whole request.

        A `body` is given in the place of the request's own.
        """
        with tempfile.TemporaryFile() as complaints:
            place = folder or self._clone.path
            given = self._environment(request, path, place)
            if body is not None:
                given = {**given, "CONTENT_LENGTH": str(len(body)), "HTTP_CONTENT_ENCODING": ""}
            command = in_own_repository(place.absolute(), env=given)
            child = command.with_settings(_SERVED).start("http-backend", stderr=complaints)
            try:
                await self._feed(child, request.stream() if body is None else _once(body))
                head, rest = await self._in_thread(_read_head, child)
            except BaseException:
                self._threads.submit(process.stop, child)
                raise
            if not head:
                self._threads.submit(process.stop, child)
                complaints.seek(0)
                return PlainTextResponse(f"git http-backend failed: {complaints.read().decode()}\n", status_code=500)
        headers = {name.lower(): value for name, value in head.items() if name.lower() != "status"}
        status = int(head.get("Status", "200").split(" ")[0])
        return StreamingResponse(self._rest(child, rest), status, headers=headers)

    async def _feed(self, child: process.Child, content: AsyncIterator[bytes]) -> None:
        assert child.stdin
        try:
            async for chunk in content:
                await self._in_thread(child.stdin.write, chunk)
            await self._in_thread(child.stdin.close)
        except BrokenPipeError:
            return  # git has ended; what it said is still to be read

    async def _rest(self, child: process.Child, first: bytes) -> AsyncIterator[bytes]:
        assert child.stdout
        patience = 0.0
        try:
            if first:
                yield first
            while chunk := await self._in_thread(os.read, child.stdout.fileno(), CHUNK):
                yield chunk
            patience = 5.0
        finally:  # not awaited: when the client left, nothing can be
            self._threads.submit(process.stop, child, patience=patience)

    def _environment(self, request: Request, path: str, folder: Path) -> Mapping[str, str]:
        """CGI's variables (RFC 3875) and those of `git http-backend`."""
        headers = request.headers
        protocol = headers.get("git-protocol", "")
        return {
            "GIT_PROJECT_ROOT": str(folder.absolute()),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": protocol if _PROTOCOL.fullmatch(protocol) else "",
            "PATH_INFO": path,
            "QUERY_STRING": request.scope["query_string"].decode("latin-1"),
            "REMOTE_ADDR": "127.0.0.1",
            "REMOTE_USER": "x-access-token",
            "REQUEST_METHOD": request.method,
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_TYPE": headers.get("content-type", ""),
            "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
            **({"CONTENT_LENGTH": headers["content-length"]} if "content-length" in headers else {}),
        }

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


def _service(request: Request, path: str) -> str | None:
    """The program of git that a request is for; a POST's path says it, whatever its query does."""
    return path.lstrip("/") if request.method == "POST" else request.query_params.get("service")


def _no_write(request: Request) -> Response:
    """What a job is told that would write where pysim writes nothing."""
    path = visit(request).path
    if path.endswith("/info/lfs/objects/batch"):
        said = "pysim serves no Git LFS: the files that it manages stay pointers here."
        return JSONResponse({"message": said}, 501, media_type="application/vnd.git-lfs+json")
    text = f"pysim lets no job write to {GITHUB}: {request.method} {path} was not sent.\n"
    return PlainTextResponse(text, status_code=403)


def _read_head(child: process.Child) -> tuple[Mapping[str, str], bytes]:
    """The header fields that a CGI program printed, and what it had printed beyond them."""
    assert child.stdout
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = os.read(child.stdout.fileno(), CHUNK)
        if not chunk:
            return {}, b""
        data += chunk
    head, _, rest = data.partition(b"\r\n\r\n")
    fields = (line.partition(": ")[::2] for line in head.decode("latin-1").split("\r\n"))
    return dict(fields), rest


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _whole(response: StreamingResponse) -> Response:
    chunks = [chunk.encode() if isinstance(chunk, str) else bytes(chunk) async for chunk in response.body_iterator]
    return Response(b"".join(chunks), response.status_code, headers=dict(response.headers))
