"""What the real index says of a project, read from its JSON. Writes nothing outside, fetches no file.

What was deleted there is in no JSON. Knows no local index.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import re
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from simulator.errors import TwinError, UsageError
from simulator.indexes import TITLES, Index
from simulator.remedies import Act, remedy
from simulator.twins.addresses import look_up
from simulator.twins.outside import Outside
from simulator.twins.pypi.catalogue import Elsewhere, File, Status

if TYPE_CHECKING:  # a library that few commands wait for
    import httpx

IMPORTED: Final = "import"
"""The run and the job of files that the real index has."""
_SIMPLE: Final = "application/vnd.pypi.simple.v1+json"
_SECONDS: Final = 30.0
_LARGEST: Final = 256 << 20  # bytes of an answer
_CODINGS: Final = frozenset({"", "identity", "gzip", "x-gzip"})  # one upon the other, a few bytes unpack to gigabytes
_FILENAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*")
_BLAKE2: Final = re.compile(r"/([0-9a-f]{2})/([0-9a-f]{2})/([0-9a-f]{60})/[^/]+$")
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_SDIST: Final = re.compile(r"\.(tar\.\w+|zip|tgz)$")
Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class RealFile:
    """A file that the real index has; `yanked` is the reason, None where it is not yanked."""

    file: File
    place: Elsewhere
    metadata_digest: str | None
    yanked: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RealProject:
    """A project of the real index; `info` is of `latest`, `left_out` names files of which too little is told."""

    name: str
    display: str
    info: Json
    latest: str | None
    versions: Sequence[str]
    files: Sequence[RealFile]
    status: Status | None
    serial: int | None
    owners: Sequence[str]
    left_out: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What reading a project may take in all its requests: bytes of answers, unpacked, and seconds."""

    size: int = 512 << 20
    seconds: float = 300.0


_ORDINARY: Final = Limits()


class _AnswerError(Exception):
    """What is wrong with an answer, or that there was none."""


def read_project(
    outside: Outside, index: Index, sources: Sequence[str | None], name: str, *, limits: Limits = _ORDINARY
) -> RealProject:
    """A project, by its normalised name, of the first of the sources that has it; None stands for the real site.

    Raises UsageError when none has it, and TwinError when one does not answer that may have it.
    """
    said: list[str] = []
    asking = _Asking(outside, limits)
    by_hand = remedy(Act.ADD_PROJECT, name, index=None if index.name == "pypi" else index.name)
    for source in sources:
        base = (source or index.simple_url).rstrip("/")
        try:
            if (found := _read_at(asking, base, name)) is not None:
                return found
        except _AnswerError as error:
            said.append(str(error))
    if not said:
        raise UsageError(
            f"{TITLES[index.name]} has no project {name}.",
            hint="As far as it tells, nobody has that name; you may declare a project by hand.",
            remedies=[by_hand],
        )
    raise TwinError(
        f"{TITLES[index.name]} could not be read: {'; '.join(said)}.",
        hint="Nothing was changed. You may declare by hand which versions of the project are there.",
        remedies=[by_hand],
    )


def read_page(outside: Outside, url: str, limits: Limits) -> str:
    """The text at an address; empty where there is none within the limits."""
    try:
        content = _Asking(outside, limits).content(url, "*/*") or b""
    except _AnswerError:
        return ""
    return content.decode("utf-8", errors="replace")


def _read_at(asking: _Asking, base: str, name: str) -> RealProject | None:
    """The project of an index with the simple page of all projects at `base`; None where it has none."""
    page = asking.json(f"{base}/{name}/", _SIMPLE)
    if page is None:
        return None
    described = asking.json(f"{base.removesuffix('/simple')}/pypi/{name}/json", "application/json") or {}
    host = urlsplit(base).hostname
    if not described and "files" not in page:
        raise _AnswerError(f"{host} gives no JSON of {name}")
    try:
        return _understood(name, _without_password(f"{base}/{name}/"), described, page)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _AnswerError(f"the JSON of {host} is not that of a package index ({error!r})") from error


def _without_password(url: str) -> str:
    """An address as others may know it: what follows from it is shown to jobs."""
    split = urlsplit(url)
    return split._replace(netloc=split.netloc.rpartition("@")[2]).geturl()


class _Asking:
    """The requests of one project, and what is left of their limits."""

    def __init__(self, outside: Outside, limits: Limits) -> None:
        self._outside, self._limits = outside, limits
        self._left, self._end = limits.size, time.monotonic() + limits.seconds

    def json(self, url: str, accept: str) -> Json | None:
        """The object at an address; None for 404, empty for what is no JSON. Raises _AnswerError."""
        text = self.content(url, accept)
        if text is None:
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def content(self, url: str, accept: str) -> bytes | None:
        """What is at an address; None for 404. Raises _AnswerError."""
        return self._run(self._content_at(url, accept))

    def _run(self, asked: Coroutine[Any, Any, bytes | None]) -> bytes | None:
        """Wait for an answer; also where the caller has an event loop of its own."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(asked)
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, asked).result()

    async def _content_at(self, url: str, accept: str) -> bytes | None:
        import httpx

        at = httpx.URL(url)
        port = at.port or (443 if at.scheme == "https" else 80)
        proxy = self._outside.proxy(at.scheme, at.host, port)
        try:
            async with asyncio.timeout(self._end - time.monotonic()):
                if proxy is None:
                    await look_up(at.host, port)  # which nobody waits for at the end of this process
            async with (
                asyncio.timeout(self._end - time.monotonic()),
                httpx.AsyncClient(
                    proxy=proxy, verify=self._outside.trust(), trust_env=False, timeout=_SECONDS
                ) as client,
                client.stream("GET", at, headers=_asked(accept), follow_redirects=True) as answer,
            ):
                if answer.status_code == httpx.codes.NOT_FOUND:
                    return None
                if not answer.is_success:
                    raise _AnswerError(f"{at.host} answered {answer.status_code} for {at.path}")
                return await self._content(answer)
        except TimeoutError as error:
            raise _AnswerError(f"{at.host} takes longer than {self._limits.seconds:g} s in all") from error
        except (httpx.HTTPError, OSError) as error:
            raise _AnswerError(f"{at.host} did not answer ({error})") from error

    async def _content(self, answer: httpx.Response) -> bytes:
        coding = answer.headers.get("content-encoding", "").strip().lower()
        if coding not in _CODINGS:
            raise _AnswerError(f"{answer.url.host} answered in the coding {coding[:40]!r}, which was not asked for")
        content = bytearray()
        async for chunk in answer.aiter_bytes():
            content += chunk
            self._left -= len(chunk)
            if len(content) > _LARGEST:
                raise _AnswerError(f"{answer.url.host} answered with more than {_LARGEST >> 20} MB")
            if self._left < 0:
                raise _AnswerError(f"{answer.url.host} answered with more than {self._limits.size >> 20} MB in all")
        return bytes(content)


def _asked(accept: str) -> Mapping[str, str]:
    return {"accept": accept, "accept-encoding": "gzip"}


def _understood(name: str, url: str, described: Json, page: Json) -> RealProject:
    info, links = described.get("info") or {}, {link["filename"]: link for link in page.get("files", ())}
    display = str(info.get("name") or page.get("name") or name)
    if canonicalize_name(display) != name:
        raise ValueError(display)
    rows = list(_described(described) if described.get("releases") else _linked(name, url, links))
    files = [(row, _file(name, version, row, links.get(row["filename"], {}))) for version, row in rows]
    versions = [str(version) for text in described.get("releases", ()) if (version := _version(text))]
    status = (page.get("project-status") or {}).get("status")
    serial = described.get("last_serial") or (page.get("meta") or {}).get("_last-serial")
    latest = _version(info.get("version"))
    return RealProject(
        name=name,
        display=display,
        info={key: value for key, value in info.items() if value not in (None, "", [])},
        latest=str(latest) if latest else None,
        versions=tuple(versions),
        files=tuple(sorted((file for _, file in files if file), key=lambda each: each.file.uploaded)),
        status=Status(status) if status in {Status.ARCHIVED, Status.QUARANTINED} else None,
        serial=int(serial) if serial else None,
        owners=tuple(role["user"] for role in (described.get("ownership") or {}).get("roles") or ()),
        left_out=tuple(str(row["filename"]) for row, file in files if file is None),
    )


def _described(described: Json) -> Iterator[tuple[Version | None, Json]]:
    """Each file with its version, as the JSON API tells of it."""
    for text, rows in described["releases"].items():
        yield from ((_version(text), row) for row in rows)


def _linked(name: str, url: str, links: Json) -> Iterator[tuple[Version | None, Json]]:
    """The same of the simple page, in the JSON API's words; the BLAKE2 digest is in PyPI's addresses."""
    for link in links.values():
        address = urljoin(url, link["url"])
        found = _BLAKE2.search(urlsplit(address).path)
        told = {
            "url": address,
            "digests": {"blake2b_256": "".join(found.groups()) if found else None, **link["hashes"]},
            "requires_python": link.get("requires-python"),
            "upload_time_iso_8601": link.get("upload-time"),
        }
        yield _version_in(name, link["filename"]), {**link, **told}


def _file(name: str, version: Version | None, row: Json, link: Json) -> RealFile | None:
    """A file as it would be here; None where too little is told of it."""
    filename, digests = row["filename"], row["digests"]
    known = all(_HEX.fullmatch(str(digests.get(kind))) for kind in ("sha256", "blake2b_256"))
    is_address = urlsplit(str(row["url"])).scheme in {"http", "https"}
    if version is None or not known or not is_address or not _FILENAME.fullmatch(filename):
        return None
    filetype = str(row.get("packagetype") or ("bdist_wheel" if filename.endswith(".whl") else "sdist"))
    file = File(
        filename=filename,
        project=name,
        version=str(version),
        filetype=filetype,
        pyversion=str(row.get("python_version") or ("source" if filetype == "sdist" else "py3")),
        size=int(row.get("size") or 0),
        md5=str(digests.get("md5") or ""),
        sha256=digests["sha256"],
        blake2_256=digests["blake2b_256"],
        requires_python=row.get("requires_python") or None,
        uploaded=_time(row.get("upload_time_iso_8601")),
        run_id=IMPORTED,
        job_id=IMPORTED,
    )
    digest = row.get("core-metadata") or link.get("core-metadata")
    metadata = str(digest.get("sha256")) if isinstance(digest, dict) else ""
    yanked = row.get("yanked_reason") or row.get("yanked")
    return RealFile(
        file=file,
        place=Elsewhere(url=str(row["url"]), provenance=link.get("provenance")),
        metadata_digest=metadata if _HEX.fullmatch(metadata) else None,
        yanked=(yanked if isinstance(yanked, str) else "") if row.get("yanked") else None,
    )


def _version(text: object) -> Version | None:
    try:
        return Version(str(text))
    except InvalidVersion:
        return None


def _version_in(name: str, filename: str) -> Version | None:
    """The version in a file's name: of a wheel its second part, of an sdist what follows the project's name."""
    if filename.endswith(".whl"):
        return _version((*filename.split("-"), "")[1])
    stem, count = _SDIST.subn("", filename)
    dashes = [at for at, character in enumerate(stem) if character == "-"]
    at = next((at for at in dashes if canonicalize_name(stem[:at]) == name), None)
    return _version(stem[at + 1 :]) if count and at is not None else None


def _time(text: object) -> float:
    """Seconds since the epoch; long ago where it is not told."""
    try:
        return datetime.datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return 0.0
