"""The API's view of the workflow files of the repository: those of its default branch, as far as the clone tells."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from starlette.responses import JSONResponse, Response

from simulator.twins.clone import Clone
from simulator.twins.github_api.calls import NOT_FOUND, ApiError, Call, Endpoint, Json, paged, utc
from simulator.twins.github_api.objects import Repository, node_id

_FOLDER: Final = ".github/workflows/"
_NAME: Final = re.compile(r"^name:[ \t]*(?P<quote>['\"]?)(?P<name>.+?)(?P=quote)[ \t]*(?:#.*)?$", re.MULTILINE)
_DOCS: Final = "actions/workflows"


class Workflows:
    """The routes of /actions/workflows that say what is there. Which runs they had, only GitHub knows."""

    def __init__(self, *, clone: Clone, repository: Repository) -> None:
        self._clone, self._repository = clone, repository

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """What this answers."""
        listing, one = f"{_DOCS}#list-repository-workflows", f"{_DOCS}#get-a-workflow"
        return (
            Endpoint("GET", "/actions/workflows", self._list, scope="actions", docs=listing),
            Endpoint("GET", "/actions/workflows/{name}", self._one, scope="actions", docs=one),
        )

    async def _list(self, call: Call) -> Response:
        return paged(call, await self._all(), key="workflows")

    async def _one(self, call: Call) -> Response:
        """By its id, or by the name of its file."""
        name = call.part("name")
        for shown in await self._all():
            if name == str(shown["id"]) or name == shown["path"].removeprefix(_FOLDER):
                return JSONResponse(shown)
        raise ApiError(404, NOT_FOUND)

    async def _all(self) -> list[Json]:
        branch = self._repository.facts.default_branch
        commit = await self._clone.commit(f"refs/heads/{branch}") or await self._clone.commit("HEAD")
        if commit is None:
            return []
        files = await self._clone.text("ls-tree", "--name-only", "-z", "--full-tree", commit, "--", _FOLDER)
        paths = [path for path in files.split("\0") if path.endswith((".yml", ".yaml"))]
        return [await self._shown(commit, path) for path in paths]

    async def _shown(self, commit: str, path: str) -> Json:
        text = await self._clone.text("cat-file", "blob", f"{commit}:{path}")
        named, number = _NAME.search(text), workflow_number(path)
        changed = utc(await self._clone.text("log", "-1", "--format=%cI", commit, "--", path))
        page, branch = self._repository.page, self._repository.facts.default_branch
        return {
            "id": number,
            "node_id": node_id("Workflow", number),
            "name": named["name"] if named else path,
            "path": path,
            "state": "active",
            "created_at": changed,
            "updated_at": changed,
            "url": f"{self._repository.url}/actions/workflows/{number}",
            "html_url": f"{page}/blob/{branch}/{path}",
            "badge_url": f"{page}/workflows/{path.removeprefix(_FOLDER)}/badge.svg",
        }


def workflow_number(path: str) -> int:
    """A workflow's id: the same in every rehearsal."""
    return int(hashlib.sha256(path.encode()).hexdigest()[:7], 16)
