"""The API's git database as far as releases use it: refs and tag objects, made and changed in the private clone."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import JSONResponse, Response

from simulator.twins.clone import Clone
from simulator.twins.github_api.calls import NOT_FOUND, ApiError, Call, Endpoint, Json, moment, paged, utc
from simulator.twins.github_api.objects import Repository, node_id
from simulator.twins.records import Clock
from simulator.twins.repository_rules import RefUpdate, RepositoryRules, said_by_api

SHA: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TAG_LINE: Final = re.compile(r"(?P<name>.*) <(?P<email>.*)> (?P<seconds>\d+) [+-]\d{4}")
_DOCS: Final = "git/refs"

UNSIGNED: Final[Json] = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}


class Refs:
    """The routes below /git."""

    def __init__(self, *, clone: Clone, repository: Repository, rules: RepositoryRules, clock: Clock) -> None:
        self._clone, self._repository, self._rules, self._clock = clone, repository, rules, clock

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """What this answers."""
        return (
            Endpoint("GET", "/git/ref/{ref:path}", self._get, docs=f"{_DOCS}#get-a-reference"),
            Endpoint("GET", "/git/refs", self._old_get, docs=f"{_DOCS}#list-matching-references"),
            Endpoint("GET", "/git/refs/{ref:path}", self._old_get, docs=f"{_DOCS}#list-matching-references"),
            Endpoint("GET", "/git/matching-refs/{ref:path}", self._matching, docs=f"{_DOCS}#list-matching-references"),
            Endpoint("POST", "/git/refs", self._create, docs=f"{_DOCS}#create-a-reference"),
            Endpoint("PATCH", "/git/refs/{ref:path}", self._update, docs=f"{_DOCS}#update-a-reference"),
            Endpoint("DELETE", "/git/refs/{ref:path}", self._delete, docs=f"{_DOCS}#delete-a-reference"),
            Endpoint("POST", "/git/tags", self._create_tag, docs="git/tags#create-a-tag-object"),
            Endpoint("GET", "/git/tags/{sha}", self._tag, docs="git/tags#get-a-tag"),
        )

    async def _get(self, call: Call) -> Response:
        ref = f"refs/{call.part('ref')}"
        if (sha := (await self._clone.refs()).get(ref)) is None:
            raise ApiError(404, NOT_FOUND)
        return JSONResponse(await self._shown(ref, sha))

    async def _old_get(self, call: Call) -> Response:
        """The route before `ref` and `matching-refs`, which GitHub still answers: one ref, or those that begin so."""
        ref = f"refs/{call.request.path_params.get('ref', '')}"
        refs = await self._clone.refs()
        if ref in refs:
            return JSONResponse(await self._shown(ref, refs[ref]))
        found = [await self._shown(each, sha) for each, sha in refs.items() if each.startswith(ref)]
        if not found:
            raise ApiError(404, NOT_FOUND)
        return paged(call, found)

    async def _matching(self, call: Call) -> Response:
        prefix = f"refs/{call.part('ref')}"
        found = {ref: sha for ref, sha in (await self._clone.refs()).items() if ref.startswith(prefix)}
        return paged(call, [await self._shown(ref, sha) for ref, sha in found.items()])

    async def _create(self, call: Call) -> Response:
        fields = await call.body()
        ref, sha = _text(fields, "ref"), _text(fields, "sha")
        if not ref.startswith("refs/") or ref.count("/") < 2:
            raise ApiError(422, "Reference name must start with 'refs/' and have at least two slashes.")
        if await self._clone.ask("check-ref-format", ref) is None:
            raise ApiError(422, f"{ref} is not a valid ref name.")
        await self._require(sha, ref)
        self._permit(call, RefUpdate(ref=ref, before=None, after=sha))
        async with self._clone.changing(call.job_id, "api"):
            if await self._clone.ask("update-ref", ref, sha, "0" * len(sha)) is None:
                raise ApiError(422, "Reference already exists")
        shown = await self._shown(ref, sha)
        return JSONResponse(shown, 201, headers={"location": shown["url"]})

    async def _update(self, call: Call) -> Response:
        fields = await call.body()
        ref, sha = f"refs/{call.part('ref')}", _text(fields, "sha")
        await self._require(sha, ref)
        async with self._clone.changing(call.job_id, "api"):
            before = await self._existing(ref)
            forced = not await self._clone.is_ancestor(before, sha)
            if forced and not fields.get("force"):
                raise ApiError(422, "Update is not a fast forward")
            self._permit(call, RefUpdate(ref=ref, before=before, after=sha, forced=forced))
            await self._clone.ask("update-ref", ref, sha, before)
        return JSONResponse(await self._shown(ref, sha))

    async def _delete(self, call: Call) -> Response:
        ref = f"refs/{call.part('ref')}"
        async with self._clone.changing(call.job_id, "api"):
            before = await self._existing(ref)
            self._permit(call, RefUpdate(ref=ref, before=before, after=None))
            await self._clone.ask("update-ref", "-d", ref, before)
        return Response(status_code=204)

    def _permit(self, call: Call, change: RefUpdate) -> None:
        """Raises ApiError for a change that a rule of the repository forbids the caller."""
        if violations := self._rules.violations(change, call.caller):
            raise ApiError(422, said_by_api(violations))

    async def _existing(self, ref: str) -> str:
        if (sha := (await self._clone.refs()).get(ref)) is None:
            raise ApiError(422, "Reference does not exist")
        return sha

    async def _require(self, sha: str, ref: str) -> None:
        """An object that is there; a branch is one of a commit alone."""
        kind = await self._clone.text("cat-file", "-t", sha) if SHA.fullmatch(sha) else ""
        if not kind:
            raise ApiError(422, "Object does not exist")
        if ref.startswith("refs/heads/") and kind != "commit":
            raise ApiError(422, "Reference cannot be updated: the object of a branch is a commit")

    async def _shown(self, ref: str, sha: str) -> Json:
        kind = await self._clone.text("cat-file", "-t", sha)
        return {
            "ref": ref,
            "node_id": node_id("Ref", ref),
            "url": f"{self._repository.url}/git/{quote(ref)}",
            "object": {"sha": sha, "type": kind, "url": f"{self._repository.url}/git/{kind}s/{sha}"},
        }

    # ---- tag objects

    async def _create_tag(self, call: Call) -> Response:
        fields = await call.body()
        tag, message, target, kind = (_text(fields, name) for name in ("tag", "message", "object", "type"))
        if not SHA.fullmatch(target) or await self._clone.text("cat-file", "-t", target) != kind:
            raise ApiError(422, "Object does not exist")
        head = f"object {target}\ntype {kind}\ntag {tag}\ntagger {self._tagger(fields.get('tagger'))}\n\n"
        made = await self._clone.ask("mktag", "--no-strict", stdin=f"{head}{message.rstrip()}\n".encode())
        if made is None:
            raise ApiError(422, f"{tag} is not a valid tag name.")
        shown = await self._shown_tag(made.decode().strip())
        return JSONResponse(shown, 201, headers={"location": shown["url"]})

    def _tagger(self, given: object) -> str:
        who = given if isinstance(given, dict) else {}
        name, email = who.get("name", "GitHub"), who.get("email", "noreply@github.com")
        date = str(who.get("date") or moment(self._clock()))
        return f"{name} <{email}> {_seconds(date)} +0000"

    async def _tag(self, call: Call) -> Response:
        return JSONResponse(await self._shown_tag(call.part("sha")))

    async def _shown_tag(self, sha: str) -> Json:
        raw = await self._clone.text("cat-file", "tag", sha) if SHA.fullmatch(sha) else ""
        if not raw:
            raise ApiError(404, NOT_FOUND)
        head, _, message = raw.partition("\n\n")
        fields = dict(line.split(" ", 1) for line in head.splitlines())
        who = _TAG_LINE.fullmatch(fields.get("tagger", ""))
        return {
            "node_id": node_id("Tag", sha),
            "sha": sha,
            "url": f"{self._repository.url}/git/tags/{sha}",
            "tagger": _person(who) if who else None,
            "object": {
                "sha": fields["object"],
                "type": fields["type"],
                "url": f"{self._repository.url}/git/{fields['type']}s/{fields['object']}",
            },
            "tag": fields["tag"],
            "message": message,
            "verification": UNSIGNED,
        }


def _seconds(date: str) -> int:
    try:
        return int(datetime.datetime.fromisoformat(utc(date).replace("Z", "+00:00")).timestamp())
    except (ValueError, OverflowError):
        raise ApiError(422, f"Invalid request.\n\n{date!r} is no date.") from None


def _text(fields: dict[str, Any], name: str) -> str:
    if not isinstance(value := fields.get(name), str):
        raise ApiError(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
    return value


def _person(line: re.Match[str]) -> Json:
    return {"name": line["name"], "email": line["email"], "date": moment(int(line["seconds"]))}
