"""Files that GitHub's site hands out for the rehearsed repository: those of releases, archives, and raw ones."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from simulator.twins.application import visit
from simulator.twins.callers import Callers
from simulator.twins.clone import Clone
from simulator.twins.github_api.calls import ApiError
from simulator.twins.github_api.history import archive
from simulator.twins.github_api.objects import Repository
from simulator.twins.github_api.releases import Releases

_FILE: Final = re.compile(r"/releases/(?:latest/download|download/(?P<tag>.+))/(?P<name>[^/]+)")
_ARCHIVE: Final = re.compile(r"/archive/(?P<ref>.+?)\.(?P<form>tar\.gz|zip)")
_RAW: Final = re.compile(r"/raw/(?P<ref>refs/(?:heads|tags)/[^/]+|[^/]+)/(?P<path>.+)")


class Site:
    """The pages below /owner/name that programs fetch."""

    def __init__(self, *, clone: Clone, repository: Repository, releases: Releases, callers: Callers) -> None:
        self._clone, self._repository, self._releases, self._callers = clone, repository, releases, callers

    async def answer(self, request: Request) -> Response | None:
        """The answer to a GET of the repository's own; None for what GitHub alone has."""
        at = visit(request)
        rest = at.path[len(self._repository.full_name) + 1 :]
        forms = ((_FILE, self._file), (_ARCHIVE, self._archive), (_RAW, self._raw))
        found = next(((page, found) for form, page in forms if (found := form.fullmatch(rest))), None)
        if found is None:
            return None
        caller = self._callers.of(request)
        if self._repository.facts.private and not (caller and caller.may("contents", "read")):
            return Response("Not Found", 404, media_type="text/plain")
        try:
            return await found[0](found[1])
        except ApiError:
            return None

    async def _file(self, match: re.Match[str]) -> Response | None:
        return self._releases.file(match["tag"], match["name"])

    async def _archive(self, match: re.Match[str]) -> Response | None:
        """The folder inside is named after the ref, a version without its v."""
        ref = match["ref"]
        short = ref.removeprefix("refs/").removeprefix("tags/").removeprefix("heads/")
        names = (ref, f"refs/tags/{short}", f"refs/heads/{short}", short)
        shas = [sha for name in names if (sha := await self._clone.commit(name))]
        if not shas:
            return None
        folder = re.sub(r"^v(?=\d)", "", short).replace("/", "-")
        return await archive(self._clone, shas[0], form=match["form"], prefix=f"{self._repository.name}-{folder}")

    async def _raw(self, match: re.Match[str]) -> Response | None:
        blob = await self._clone.object(f"{match['ref']}:{match['path']}")
        content = await self._clone.ask("cat-file", "blob", blob) if blob else None
        return None if content is None else Response(content, media_type="text/plain; charset=utf-8")
