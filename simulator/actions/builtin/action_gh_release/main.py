"""Makes a release on GitHub, or changes the one of the tag, and uploads its files: softprops/action-gh-release.

Owns the order of what it does and what is said of it; the addresses are in `api`, the inputs in `settings`.
"""

from __future__ import annotations

from pathlib import Path

from simulator.actions.builtin.action_gh_release.api import Api, Json
from simulator.actions.builtin.action_gh_release.settings import Settings, matching, mime_type, read_settings
from simulator.actions.builtin.toolkit import log, step
from simulator.actions.builtin.toolkit.octokit import HttpError, compact
from simulator.actions.builtin.toolkit.step import ActionError

TRIES = 3
BODY_LIMIT = 124_999  # characters


def main() -> None:
    """The action's program."""
    settings = read_settings()
    if not settings.tag and not settings.ref.startswith("refs/tags/") and not settings.draft:
        raise ActionError("⚠️ GitHub Releases requires a tag")
    check_patterns(settings)
    if not settings.token:
        raise ActionError("Parameter token or opts.auth is required")
    try:
        publish(settings, Api(settings.token, settings.repository))
    except HttpError as error:
        raise ActionError(str(error)) from None


def check_patterns(settings: Settings) -> None:
    """Say which patterns match nothing; ends the step when the workflow wants that."""
    for pattern in settings.files:
        if matching(pattern, settings.folder):
            continue
        if settings.strict and settings.major > 1:
            raise ActionError(f"⚠️  Pattern '{pattern}' does not match any files.")
        log.info(f"🤔 Pattern '{pattern}' does not match any files.")
        if settings.strict:
            raise ActionError("⚠️ There were unmatched files")


def publish(settings: Settings, api: Api) -> None:
    """Make the release, upload the files, publish it."""
    release, created = ensure_release(settings, api)
    uploaded = upload_files(settings, api, release)
    if settings.major > 1:
        log.info("Finalizing release...")
        release = finalize(settings, api, release, created=created)
        log.info("Getting assets list...")
        uploaded = [asset for asset in api.assets(release["id"]) if asset["id"] in {u["id"] for u in uploaded}]
    if settings.major > 1 or settings.files:
        listed = [{key: value for key, value in asset.items() if key != "uploader"} for asset in uploaded]
        step.set_output("assets", compact(listed))
    log.info(f"🎉 Release ready at {release['html_url']}")
    step.set_output("url", release["html_url"])
    step.set_output("id", str(release["id"]))
    step.set_output("upload_url", release["upload_url"])


# ---- the release


def ensure_release(settings: Settings, api: Api, tries: int = TRIES) -> tuple[Json, bool]:
    """The release, changed or new, and whether it is new."""
    if tries <= 0:
        log.info("❌ Too many retries. Aborting...")
        raise ActionError("Too many retries.")
    tag = settings.wanted_tag
    if settings.generate and settings.previous:
        log.info(f"📝 Generating release notes using previous tag {settings.previous}")
    try:
        if settings.major == 1 and settings.draft and (draft := draft_of(api, tag)):
            return draft, False
        existing = api.of_tag(tag)
        if existing is not None:
            return change(settings, api, existing), False
        return create(settings, api, tries)
    except HttpError as error:
        log.info(f"⚠️ Unexpected error fetching GitHub release for tag {settings.ref}: HttpError: {error}")
        raise


def draft_of(api: Api, tag: str) -> Json | None:
    """A release of the tag, also one that is still a draft."""
    return next((release for release in api.all() if release["tag_name"] == tag), None)


def change(settings: Settings, api: Api, existing: Json) -> Json:
    """Bring an existing release to what the inputs say."""
    if settings.major > 1:
        log.info(f"Found release {existing['name']} (with id={existing['id']})")
    target = settings.target or existing["target_commitish"]
    if target != existing["target_commitish"]:
        log.info(f'Updating commit from "{existing["target_commitish"]}" to "{target}"')
    before, own = existing.get("body") or "", settings.body or ""
    draft = settings.draft if settings.major == 1 and settings.draft is not None else existing["draft"]
    fields: Json = {
        "tag_name": settings.wanted_tag,
        "target_commitish": target,
        "name": settings.name or existing["name"] or settings.wanted_tag,
        "body": f"{before}\n{own}" if settings.append and before and own else own or before,
        "draft": draft,
        "prerelease": existing["prerelease"] if settings.prerelease is None else settings.prerelease,
    }
    return api.update(existing["id"], completed(settings, api, fields))


def create(settings: Settings, api: Api, tries: int) -> tuple[Json, bool]:
    """Make the release: since v2 as a draft that is published when its files are there."""
    tag = settings.wanted_tag
    using = f' using commit "{settings.target}"' if settings.target else ""
    log.info(f"👩‍🏭 Creating new GitHub release for tag {tag}{using}...")
    late = settings.major > 1 and settings.prerelease is not True
    fields: Json = {
        "tag_name": tag,
        "target_commitish": settings.target,
        "name": settings.name or tag,
        "body": settings.body,
        "draft": True if late else settings.draft,
        "prerelease": settings.prerelease,
    }
    try:
        return api.create(completed(settings, api, fields)), True
    except HttpError as error:
        explain(error)
        if settings.major > 1 and (error.status in {403, 404} or (error.status == 422 and not is_double(error))):
            raise
    log.info(f"retrying... ({tries - 1} retries remaining)")
    return ensure_release(settings, api, tries - 1)


def is_double(error: HttpError) -> bool:
    """Whether a release or a file of the name was there already."""
    return error.code == "already_exists"


def explain(error: HttpError) -> None:
    """Why no release was made."""
    log.info(f"⚠️ GitHub release failed with status: {error.status}")
    log.info(compact(error.data))
    if error.status == 403:
        log.info("Skip retry — your GitHub token/PAT does not have the required permission to create a release")
    elif error.status == 404:
        log.info("Skip retry - discussion category mismatch")
    elif error.status == 422:
        log.info(
            "⚠️ Release already exists (race condition detected), retrying to find and update existing release..."
            if is_double(error)
            else "Skip retry - validation failed"
        )


def completed(settings: Settings, api: Api, fields: Json) -> Json:
    """The fields of a release with GitHub's notes and what else the inputs say."""
    more: Json = {"discussion_category_name": settings.discussion}
    if settings.major == 1:
        return {**fields, **more, "generate_release_notes": settings.generate or None}
    body = fields["body"]
    if settings.generate:
        asked = {"tag_name": fields["tag_name"], "target_commitish": fields["target_commitish"]}
        notes = api.notes({**asked, "previous_tag_name": settings.previous})["body"]
        body = f"{body}\n\n{notes}" if body else notes
    return {**fields, **more, "make_latest": settings.latest, "body": body[:BODY_LIMIT] if body else None}


def finalize(settings: Settings, api: Api, release: Json, *, created: bool) -> Json:
    """Publish a release that was a draft while its files came."""
    if settings.draft is True or release["draft"] is False:
        return release
    fields: Json = {"draft": False, "make_latest": settings.latest, "discussion_category_name": settings.discussion}
    for left in reversed(range(TRIES)):
        try:
            return api.update(release["id"], fields)
        except HttpError as error:
            log.info(f"error finalizing release: HttpError: {error}")
            log.info(f"retrying... ({left} retries remaining)")
    state = "is left as a draft" if created else "stays a draft"
    log.info(f"❌ Too many retries. Aborting... The release {state}.")
    raise ActionError("Too many retries.")


# ---- its files


def upload_files(settings: Settings, api: Api, release: Json) -> list[Json]:
    """Upload what the patterns mean; the answers of GitHub."""
    if not settings.files:
        return []
    files = [path for pattern in settings.files for path in matching(pattern, settings.folder)]
    if not files:
        named = ",".join(settings.files)
        if settings.strict:
            raise ActionError(f"⚠️ {named} does not include a valid file.")
        log.info(f"🤔 {named} does not include a valid file.")
    uploaded = (upload_file(settings, api, release, path) for path in files)
    return [asset for asset in uploaded if asset is not None]


def upload_file(settings: Settings, api: Api, release: Json, path: Path) -> Json | None:
    """Upload a file in the place of one of its name; None when that one stays."""
    current = same_name(release["assets"], path.name)
    if current is not None:
        if not settings.overwrite:
            log.info(f"Asset {path.name} already exists and overwrite_files is false...")
            return None
        log.info(f"♻️ Deleting previously uploaded asset {path.name}...")
        api.delete_asset(current["id"])
    log.info(f"⬆️ Uploading {path.name}...")
    url = release["upload_url"].partition("{")[0]
    try:
        asset = api.upload(url, path, mime_type(path))
    except HttpError as error:
        if not settings.overwrite or error.status != 422 or not is_double(error):
            raise
        asset = replace_double(api, release, path, url)
    if settings.major > 1:
        if asset["name"] != path.name:
            log.info(f"✏️ Restoring asset label to {path.name}...")
            asset = api.label(asset["id"], asset["name"], path.name)
        log.info(f"✅ Uploaded {path.name}")
    return asset


def replace_double(api: Api, release: Json, path: Path, url: str) -> Json:
    """Upload a file whose name was taken meanwhile."""
    log.info(f"⚠️ Asset {path.name} already exists (race condition), refreshing assets and retrying once...")
    double = same_name(api.assets(release["id"]), path.name)
    if double is not None:
        api.delete_asset(double["id"])
    return api.upload(url, path, mime_type(path))


def same_name(assets: list[Json], name: str) -> Json | None:
    """A file of the release by its name, by the one that GitHub made of it, or by its label."""
    names = {name, name.replace(" ", ".")}
    return next((asset for asset in assets if asset["name"] in names or asset.get("label") == name), None)


if __name__ == "__main__":
    step.run(main)
