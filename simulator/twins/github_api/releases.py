"""The API's releases and their files: make, read, change, publish, delete. Rules from GitHub's REST documentation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Literal
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, JSONResponse, Response

from simulator.run_events import EventSink, Notice, ReleaseAsset, ReleaseChanged
from simulator.twins.application import visit
from simulator.twins.clone import Clone
from simulator.twins.github_api.calls import (
    NOT_FOUND,
    ApiError,
    Call,
    Endpoint,
    Json,
    invalid,
    moment,
    paged,
    utc,
)
from simulator.twins.github_api.notes import generate
from simulator.twins.github_api.objects import API, UPLOADS, Repository, node_id
from simulator.twins.github_api.release_store import Asset, Release, ReleaseStore, asset_name
from simulator.twins.records import Clock
from simulator.twins.repository_rules import RefUpdate, RepositoryRules, said_by_api

MOST_ASSETS: Final = 1000
BODY_LIMIT: Final = 125_000  # characters
_DOCS: Final = "releases/releases"
_ASSET_DOCS: Final = "releases/assets"
_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "tag_name": str,
    "target_commitish": str,
    "previous_tag_name": str,
    "name": str,
    "body": str,
    "draft": bool,
    "prerelease": bool,
    "generate_release_notes": bool,
    "discussion_category_name": str,
    "make_latest": (str, bool),
}
Change = Literal["created", "edited", "deleted"]


class Releases:
    """The routes below /releases."""

    def __init__(
        self,
        *,
        clone: Clone,
        repository: Repository,
        store: ReleaseStore,
        rules: RepositoryRules,
        emit: EventSink,
        clock: Clock,
    ) -> None:
        self._clone, self._repository, self._store, self._rules = clone, repository, store, rules
        self._emit, self._clock = emit, clock

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """What this answers. Files arrive at a host of their own."""
        one, file = "/releases/{number:id}", "/releases/assets/{number:id}"
        return (
            Endpoint("GET", "/releases", self._list, docs=f"{_DOCS}#list-releases"),
            Endpoint("POST", "/releases", self._create, docs=f"{_DOCS}#create-a-release"),
            Endpoint("GET", "/releases/latest", self._latest, docs=f"{_DOCS}#get-the-latest-release"),
            Endpoint("GET", "/releases/tags/{tag:path}", self._by_tag, docs=f"{_DOCS}#get-a-release-by-tag-name"),
            Endpoint(
                "POST",
                "/releases/generate-notes",
                self._notes,
                docs=f"{_DOCS}#generate-release-notes-content-for-a-release",
            ),
            Endpoint("GET", one, self._get, docs=f"{_DOCS}#get-a-release"),
            Endpoint("PATCH", one, self._edit, docs=f"{_DOCS}#update-a-release"),
            Endpoint("DELETE", one, self._delete, docs=f"{_DOCS}#delete-a-release"),
            Endpoint("GET", f"{one}/assets", self._assets, docs=f"{_ASSET_DOCS}#list-release-assets"),
            Endpoint("POST", f"{one}/assets", self._upload, docs=f"{_ASSET_DOCS}#upload-a-release-asset"),
            Endpoint("GET", file, self._asset, docs=f"{_ASSET_DOCS}#get-a-release-asset"),
            Endpoint("PATCH", file, self._edit_asset, docs=f"{_ASSET_DOCS}#update-a-release-asset"),
            Endpoint("DELETE", file, self._delete_asset, docs=f"{_ASSET_DOCS}#delete-a-release-asset"),
        )

    # ---- releases

    async def _list(self, call: Call) -> Response:
        """Drafts are for those alone who may write."""
        writes = call.caller.may("contents", "write")
        return paged(call, [self.shown(release) for release in self._store.all() if writes or not release.draft])

    async def _latest(self, call: Call) -> Response:
        if (release := self._store.latest) is None:
            said = "A rehearsal knows the releases that it made itself, and not those that are on GitHub already"
            self._emit(Notice(message=f"The job {call.job_id} asked for the latest release. {said}."))
            raise ApiError(404, NOT_FOUND)
        return JSONResponse(self.shown(release))

    async def _by_tag(self, call: Call) -> Response:
        if (release := self._store.of_tag(call.part("tag"))) is None:
            raise ApiError(404, NOT_FOUND)
        return JSONResponse(self.shown(release))

    async def _get(self, call: Call) -> Response:
        return JSONResponse(self.shown(self._find(call)))

    async def _create(self, call: Call) -> Response:
        fields = _checked(await call.body())
        if "tag_name" not in fields:
            raise ApiError(422, 'Invalid request.\n\n"tag_name" wasn\'t supplied.')
        now = moment(self._clock())
        release = Release(
            number=self._store.next("release"),
            tag="",
            target=fields.get("target_commitish") or self._repository.facts.default_branch,
            name=fields.get("name"),
            body=fields.get("body"),
            draft=True,
            prerelease=False,
            created=now,
            updated=now,
            published=None,
            author=self._repository.acting(call.caller),
        )
        release = await self._changed(call, release, {"draft": False, **fields})
        if fields.get("generate_release_notes"):
            notes = await self._generated(release.tag, release.target, None)
            body = f"{release.body}\n\n{notes}" if release.body else notes
            release = replace(release, name=release.name or release.tag, body=body)
        self._keep(call, release, "created", fields)
        shown = self.shown(release)
        return JSONResponse(shown, 201, headers={"location": shown["url"]})

    async def _edit(self, call: Call) -> Response:
        release = self._find(call)
        fields = _checked(await call.body())
        if self._is_immutable(release) and any(
            fields.get(name, old) != old for name, old in (("tag_name", release.tag), ("draft", False))
        ):
            raise ApiError(422, "Cannot change the tag or the draft state of an immutable release.")
        release = await self._changed(call, release, fields)
        self._keep(call, release, "edited", fields)
        return JSONResponse(self.shown(release))

    async def _changed(self, call: Call, release: Release, fields: Json) -> Release:
        """A release with some fields changed, its tag made when that publishes it. Raises ApiError."""
        tag = fields.get("tag_name", release.tag)
        draft = fields.get("draft", release.draft)
        target = fields.get("target_commitish") or release.target
        await self._check_tag(tag, release, draft=draft)
        commit = await self._commit_of(tag, target)
        created, published = release.created, release.published
        if not draft:
            published = published or moment(self._clock())
            created = utc(await self._clone.text("show", "--no-patch", "--format=%cI", f"{commit}^{{commit}}"))
            exists = await self._clone.object(f"refs/tags/{tag}") is not None
            self._permit_tag(call, tag, commit, exists=exists)
            if not exists:
                async with self._clone.changing(call.job_id, "release"):
                    await self._clone.ask("update-ref", f"refs/tags/{tag}", commit, "0" * len(commit))
        return replace(
            release,
            tag=tag,
            target=target,
            name=fields.get("name", release.name),
            body=fields.get("body", release.body),
            draft=draft,
            prerelease=fields.get("prerelease", release.prerelease),
            created=created,
            updated=moment(self._clock()),
            published=published,
        )

    async def _check_tag(self, tag: str, release: Release, *, draft: bool) -> None:
        if not tag or await self._clone.ask("check-ref-format", f"refs/tags/{tag}") is None:
            raise invalid("Release", "tag_name", "custom", "tag_name is not a valid tag")
        other = self._store.of_tag(tag)
        if not draft and other is not None and other.number != release.number:
            raise invalid("Release", "tag_name", "already_exists")

    async def _commit_of(self, tag: str, target: str) -> str:
        """The commit of the tag, or where it would be made."""
        found = await self._clone.commit(f"refs/tags/{tag}")
        found = found or await self._clone.commit(f"refs/heads/{target}")
        if found is None and target == self._repository.facts.default_branch:
            found = await self._clone.commit("HEAD")
        if found is None and re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", target):
            found = await self._clone.commit(target)
        if found is None:
            raise invalid("Release", "target_commitish", "invalid")
        return found

    def _permit_tag(self, call: Call, tag: str, commit: str, *, exists: bool) -> None:
        """Raises ApiError where a rule keeps the tag from being made, or an immutable release had it once."""
        broken = self._rules.violations(RefUpdate(ref=f"refs/tags/{tag}", before=None, after=commit), call.caller)
        if (exists or not broken) and tag not in self._rules.used:
            return
        errors = []
        if broken and not exists:
            said = f"pre_receive {said_by_api(broken)}"
            errors.append({"resource": "Release", "code": "custom", "field": "pre_receive", "message": said})
        if tag in self._rules.used:
            said = "tag_name was used by an immutable release"
            errors.append({"resource": "Release", "code": "custom", "field": "tag_name", "message": said})
        if not exists:
            said = "Published releases must have a valid tag"
            errors.append({"resource": "Release", "code": "custom", "message": said})
        raise ApiError(422, "Validation Failed", *errors)

    def _is_immutable(self, release: Release) -> bool:
        return self._rules.immutable_releases and not release.draft

    def _keep(self, call: Call, release: Release, change: Change, fields: Json) -> None:
        self._store.put(release)
        if self._is_immutable(release):
            self._rules.held.add(release.tag)
        able = not release.draft and not release.prerelease
        if able and (change == "created" or {"make_latest", "draft"} & fields.keys()):
            self._settle_latest(release, str(fields.get("make_latest", "true")).lower())
        if name := fields.get("discussion_category_name"):
            said = "GitHub makes a discussion only in a category that exists, and answers 404 for another"
            self._emit(Notice(message=f"The release of {release.tag} asks for a discussion in {name}. {said}."))
        self._tell(call, release, change)

    def _settle_latest(self, release: Release, wish: str) -> None:
        """`legacy` lets the date of the commit decide."""
        latest = self._store.latest
        if wish == "true" or (wish == "legacy" and (latest is None or release.created >= latest.created)):
            self._store.make_latest(release)
        elif latest is not None and latest.number != release.number:
            self._store.make_latest(latest)

    async def _delete(self, call: Call) -> Response:
        release = self._find(call)
        self._store.remove(release)
        if self._is_immutable(release):
            self._rules.held.discard(release.tag)
            self._rules.used.add(release.tag)
        self._tell(call, release, "deleted")
        return Response(status_code=204)

    async def _notes(self, call: Call) -> Response:
        fields = _checked(await call.body())
        if not (tag := fields.get("tag_name")):
            raise ApiError(422, 'Invalid request.\n\n"tag_name" wasn\'t supplied.')
        target = fields.get("target_commitish") or self._repository.facts.default_branch
        notes = await self._generated(tag, target, fields.get("previous_tag_name"))
        return JSONResponse({"name": tag, "body": notes})

    async def _generated(self, tag: str, target: str, previous: str | None) -> str:
        if previous and await self._clone.object(f"refs/tags/{previous}") is None:
            raise ApiError(422, "Validation Failed", {"message": f"Invalid previous_tag parameter '{previous}'"})
        head = await self._commit_of(tag, target)
        return await generate(self._clone, self._repository.page, tag=tag, head=head, previous=previous)

    # ---- their files

    async def _assets(self, call: Call) -> Response:
        release = self._find(call)
        return paged(call, [self._shown_asset(release, asset) for asset in release.assets])

    async def _upload(self, call: Call) -> Response:
        if f"https://{visit(call.request).host}" != UPLOADS:
            raise ApiError(404, NOT_FOUND)
        release = self._find(call)
        if self._is_immutable(release):
            raise ApiError(422, "Cannot upload assets to an immutable release.")
        if not (given := call.query("name")):
            raise ApiError(422, "Validation Failed", {"resource": "ReleaseAsset", "code": "missing", "field": "name"})
        name = asset_name(given)
        _refuse_double(release, name)
        if len(release.assets) >= MOST_ASSETS:
            raise invalid("ReleaseAsset", "base", "custom", f"file_count limited to {MOST_ASSETS} assets per release")
        number = self._store.next("asset")
        try:
            path, size, digest = await self._store.receive(release.number, number, name, call.request.stream())
        except ClientDisconnect:
            raise ApiError(400, "The file broke off") from None
        if not size:
            path.unlink()
            raise ApiError(400, "Bad Content-Length: 0")
        release = self._find(call)  # as it is by now: files come at once
        if any(other.name == name for other in release.assets):
            path.unlink()
            _refuse_double(release, name)
        now = moment(self._clock())
        asset = Asset(
            number=number,
            name=name,
            label=call.query("label"),
            content_type=call.request.headers.get("content-type") or "application/octet-stream",
            size=size,
            digest=digest,
            created=now,
            updated=now,
            path=path,
            uploader=self._repository.acting(call.caller),
        )
        self._tell(call, self._store.put(replace(release, assets=(*release.assets, asset))), "edited")
        return JSONResponse(self._shown_asset(release, asset), 201)

    async def _asset(self, call: Call) -> Response:
        release, asset = self._find_asset(call)
        if call.wants("application/octet-stream"):
            return self.download(release, asset)
        return JSONResponse(self._shown_asset(release, asset))

    def file(self, tag: str | None, name: str) -> Response | None:
        """A file of the published release of a tag, of the latest one without a tag; None when there is none."""
        release = self._store.latest if tag is None else self._store.of_tag(tag)
        asset = next((each for each in release.assets if each.name == name), None) if release else None
        return self.download(release, asset) if release and asset else None

    def download(self, release: Release, asset: Asset) -> Response:
        """The file itself."""
        counted = replace(asset, downloads=asset.downloads + 1)
        self._store.put(replace(release, assets=tuple(counted if each == asset else each for each in release.assets)))
        headers = {"content-disposition": f"attachment; filename={asset.name}"}
        return FileResponse(asset.path, media_type="application/octet-stream", headers=headers)

    async def _edit_asset(self, call: Call) -> Response:
        release, asset = self._find_asset(call)
        self._require_mutable(release)
        fields = await call.body()
        name = asset_name(str(fields.get("name") or asset.name))
        if name != asset.name:
            _refuse_double(release, name)
        label = fields.get("label", asset.label)
        changed = replace(asset, name=name, label=str(label or ""), updated=moment(self._clock()))
        assets = tuple(changed if each == asset else each for each in release.assets)
        self._tell(call, self._store.put(replace(release, assets=assets)), "edited")
        return JSONResponse(self._shown_asset(release, changed))

    async def _delete_asset(self, call: Call) -> Response:
        release, asset = self._find_asset(call)
        self._require_mutable(release)
        self._tell(call, self._store.remove_asset(release, asset), "edited")
        return Response(status_code=204)

    def _require_mutable(self, release: Release) -> None:
        if self._is_immutable(release):
            raise ApiError(422, "Cannot update or delete assets of an immutable release.")

    # ---- what is common

    def _find(self, call: Call) -> Release:
        release = self._store.get(call.number("number"))
        if release is None or (release.draft and not call.caller.may("contents", "write")):
            raise ApiError(404, NOT_FOUND)
        return release

    def _find_asset(self, call: Call) -> tuple[Release, Asset]:
        found = self._store.of_asset(call.number("number"))
        if found is None or (found[0].draft and not call.caller.may("contents", "write")):
            raise ApiError(404, NOT_FOUND)
        return found

    def _tell(self, call: Call, release: Release, change: Change) -> None:
        latest = self._store.latest
        self._emit(
            ReleaseChanged(
                job_id=call.job_id,
                repository=self._repository.full_name,
                number=release.number,
                tag=release.tag,
                name=release.name or release.tag,
                draft=release.draft,
                prerelease=release.prerelease,
                latest=latest is not None and latest.number == release.number,
                change=change,
                assets=tuple(ReleaseAsset(name=a.name, size=a.size, digest=a.digest) for a in release.assets),
            )
        )

    def shown(self, release: Release) -> Json:
        """A release as the API shows it."""
        repository, number = self._repository, release.number
        url, tag = f"{repository.url}/releases/{number}", quote(release.tag)
        shown_tag = release.untagged if release.draft else tag
        return {
            "url": url,
            "assets_url": f"{url}/assets",
            "upload_url": f"{UPLOADS}{url.removeprefix(API)}/assets{{?name,label}}",
            "html_url": f"{repository.page}/releases/tag/{shown_tag}",
            "id": number,
            "author": release.author,
            "node_id": node_id("Release", number),
            "tag_name": release.tag,
            "target_commitish": release.target,
            "name": release.name,
            "draft": release.draft,
            "immutable": self._is_immutable(release),
            "prerelease": release.prerelease,
            "created_at": release.created,
            "updated_at": release.updated,
            "published_at": release.published if not release.draft else None,
            "assets": [self._shown_asset(release, asset) for asset in release.assets],
            "tarball_url": None if release.draft else f"{repository.url}/tarball/{tag}",
            "zipball_url": None if release.draft else f"{repository.url}/zipball/{tag}",
            "body": release.body,
        }

    def _shown_asset(self, release: Release, asset: Asset) -> Json:
        tag = release.untagged if release.draft else quote(release.tag)
        return {
            "url": f"{self._repository.url}/releases/assets/{asset.number}",
            "id": asset.number,
            "node_id": node_id("ReleaseAsset", asset.number),
            "name": asset.name,
            "label": asset.label,
            "uploader": asset.uploader,
            "content_type": asset.content_type,
            "state": "uploaded",
            "size": asset.size,
            "digest": asset.digest,
            "download_count": asset.downloads,
            "created_at": asset.created,
            "updated_at": asset.updated,
            "browser_download_url": f"{self._repository.page}/releases/download/{tag}/{asset.name}",
        }


def _refuse_double(release: Release, name: str) -> None:
    if any(other.name == name for other in release.assets):
        raise invalid("ReleaseAsset", "name", "already_exists")


def _checked(body: dict[str, Any]) -> Json:
    """The fields of a release that are given, each of its type; null counts as absent. Raises ApiError."""
    fields = {name: value for name, value in body.items() if value is not None}
    for name, value in fields.items():
        if name in _TYPES and not isinstance(value, _TYPES[name]):
            raise ApiError(422, f"Invalid request.\n\nFor 'properties/{name}', {value!r} is not of the right type.")
    if len(fields.get("body", "")) > BODY_LIMIT:
        raise invalid("Release", "body", "custom", f"body is too long (maximum is {BODY_LIMIT} characters)")
    return fields
