"""What GraphQL queries can ask of the rehearsed repository: as much as GitHub's CLI wants for releases."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from simulator.run_events import EventSink, FindingRaised
from simulator.twins.callers import BOT
from simulator.twins.clone import Clone
from simulator.twins.github_api.calls import ApiError, Arguments, Call, Json, Node, UnsupportedError
from simulator.twins.github_api.git_nodes import GitNodes, Tell, connection
from simulator.twins.github_api.lacking import api_not_rehearsed
from simulator.twins.github_api.objects import Repository, node_id
from simulator.twins.github_api.release_store import Release, ReleaseStore
from simulator.twins.github_api.releases import Releases

if TYPE_CHECKING:  # a library that takes a quarter of a second
    from simulator.twins.github_api.graphql import Query

_OPERATION = re.compile(r"\b(query|mutation|subscription)\s+(\w+)")


class Queries:
    """The one route of GraphQL."""

    def __init__(
        self, *, clone: Clone, repository: Repository, store: ReleaseStore, releases: Releases, emit: EventSink
    ) -> None:
        self._clone, self._repository, self._store, self._releases = clone, repository, store, releases
        self._emit, self._git = emit, GitNodes(clone, repository)

    async def answer(self, call: Call) -> Response:
        """The answer to a query. Raises ApiError, and UnsupportedError (with the operation's name) for any other."""
        body = await call.body()
        text, variables = str(body.get("query", "")), body.get("variables") or {}
        if not isinstance(variables, dict):
            raise ApiError(400, "Variables are invalid")
        if not call.caller.known:
            raise ApiError(401, "This endpoint requires you to be authenticated.")
        named = _OPERATION.search(text)
        try:
            query = await asyncio.to_thread(_parsed, text)
            data = await query.answer(variables, self._root(call))
        except UnsupportedError as error:
            raise UnsupportedError(f"{named[1]} {named[2]}" if named else str(error)) from None
        return JSONResponse({"data": data})

    def _root(self, call: Call) -> Node:
        async def repository(given: Arguments) -> Node:
            if f"{given.get('owner')}/{given.get('name')}".lower() != self._repository.full_name.lower():
                raise UnsupportedError("another repository")
            return self._repository_node(call)

        async def no_type(_given: Arguments) -> None:
            """Clients look at types for what an older server does not have yet."""

        login = self._repository.facts.actor if call.caller.user else BOT
        return {"repository": repository, "viewer": {"login": login, "id": node_id("User", login)}, "__type": no_type}

    def _repository_node(self, call: Call) -> Node:
        repository, writes = self._repository, call.caller.may("contents", "write")

        def tell(what: str) -> None:
            said = (
                f"The job {call.job_id} asked GitHub's API {what}, which GitHub alone knows: pysim answered with none."
            )
            self._emit(FindingRaised(finding=api_not_rehearsed(call.job_id, said)))

        def seen(release: Release | None) -> Node | None:
            return self._release(release, tell) if release and (writes or not release.draft) else None

        async def release(given: Arguments) -> Node | None:
            found = (each for each in self._store.all() if each.tag == given.get("tagName"))
            return seen(min(found, key=lambda each: each.draft, default=None))

        async def releases(given: Arguments) -> Node:
            shown = [node for each in self._store.all() if (node := seen(each)) is not None]
            order = given.get("orderBy") or {}
            if not isinstance(order, dict):
                raise UnsupportedError("an order of another form")
            return connection(shown[::-1] if order.get("direction") == "ASC" else shown, given)

        return {
            "id": node_id("Repository", repository.facts.id),
            "databaseId": repository.facts.id,
            "name": repository.name,
            "nameWithOwner": repository.full_name,
            "owner": {"login": repository.owner, "id": node_id("User", repository.facts.owner_id)},
            "url": repository.page,
            "description": "",
            "homepageUrl": "",
            "isPrivate": repository.facts.private,
            "isFork": False,
            "isArchived": False,
            "isEmpty": False,
            "visibility": repository.facts.visibility.upper(),
            "parent": None,
            "hasIssuesEnabled": True,
            "hasWikiEnabled": True,
            "mergeCommitAllowed": True,
            "rebaseMergeAllowed": True,
            "squashMergeAllowed": True,
            "viewerPermission": "WRITE" if writes else "READ",
            "release": release,
            "releases": releases,
            "latestRelease": seen(self._store.latest),
            **self._git.fields(tell),
        }

    def _release(self, release: Release, tell: Tell) -> Node:
        shown = self._releases.shown(release)
        latest = self._store.latest

        async def assets(given: Arguments) -> Node:
            return connection([_asset(asset) for asset in shown["assets"]], given)

        async def tag(_given: Arguments) -> Node | None:
            ref = f"refs/tags/{release.tag}"
            sha = await self._clone.object(ref)
            return None if sha is None else self._git.ref(ref, sha, tell)

        async def tag_commit(_given: Arguments) -> Node | None:
            sha = await self._clone.commit(f"refs/tags/{release.tag}")
            return None if sha is None else await self._git.object(sha, tell)

        return {
            "id": shown["node_id"],
            "databaseId": release.number,
            "name": release.name or "",
            "tagName": release.tag,
            "tag": tag,
            "tagCommit": tag_commit,
            "description": release.body or "",
            "isDraft": release.draft,
            "isPrerelease": release.prerelease,
            "isLatest": latest is not None and latest.number == release.number,
            "isImmutable": shown["immutable"],
            "immutable": shown["immutable"],
            "createdAt": shown["created_at"],
            "publishedAt": shown["published_at"],
            "updatedAt": shown["updated_at"],
            "url": shown["html_url"],
            "author": {"login": release.author["login"]},
            "releaseAssets": assets,
        }


def _parsed(text: str) -> Query:
    from simulator.twins.github_api.graphql import parse

    return parse(text)


def _asset(asset: Json) -> Node:
    return {
        "id": asset["node_id"],
        "name": asset["name"],
        "size": asset["size"],
        "digest": asset["digest"],
        "contentType": asset["content_type"],
        "downloadCount": asset["download_count"],
        "downloadUrl": asset["browser_download_url"],
        "createdAt": asset["created_at"],
        "updatedAt": asset["updated_at"],
    }
