"""Releases through GitHub's REST API, as a job's clients make them."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.run_events import FindingRaised, Notice, RefChanged, ReleaseChanged
from simulator.twins.github_api.facts import RepositoryFacts
from tests.git import git

from .api_requests import API, Ask, asker, create, head
from .driving import REPOSITORY, Rig, Start

UPLOADS = f"https://uploads.github.com/repos/{REPOSITORY}"


@pytest.fixture
def ask(rig: Rig) -> Ask:
    return asker(rig.job())


def upload(ask: Ask, release: Mapping[str, Any], name: str, content: bytes = b"wheel") -> httpx.Response:
    url = release["upload_url"].partition("{")[0]
    return ask("POST", url, params={"name": name}, content=content, headers={"content-type": "application/zip"})


def test_a_release_of_an_existing_tag(rig: Rig, ask: Ask) -> None:
    release = create(ask, name="Demo 0.1.0", body="notes")
    assert release["html_url"] == f"https://github.com/{REPOSITORY}/releases/tag/v0.1.0"
    assert release["upload_url"] == f"{UPLOADS}/releases/{release['id']}/assets{{?name,label}}"
    assert release["author"]["login"] == "github-actions[bot]"
    assert (release["draft"], release["prerelease"], release["body"]) == (False, False, "notes")
    for path in (f"/releases/{release['id']}", "/releases/tags/v0.1.0", "/releases/latest"):
        assert ask("GET", path).json() == release
    assert ask("GET", "/releases").json() == [release]
    (event,) = rig.seen(ReleaseChanged)
    assert (event.tag, event.name, event.latest, event.change) == ("v0.1.0", "Demo 0.1.0", True, "created")
    assert rig.seen(RefChanged) == [], "the tag was there"


def test_a_release_makes_the_tag_that_is_not_there(rig: Rig, ask: Ask) -> None:
    older = head(rig, "main~1")
    assert create(ask, "v1", target_commitish=older)["target_commitish"] == older
    create(ask, "v2")
    changed = [(event.ref, event.after, event.by) for event in rig.seen(RefChanged)]
    assert changed == [("refs/tags/v1", older, "release"), ("refs/tags/v2", head(rig, "main"), "release")]
    assert git("cat-file", "-t", "v1", cwd=rig.settings.clone) == "commit", "a lightweight tag"


def test_a_draft_has_no_tag_until_it_is_published(rig: Rig, ask: Ask) -> None:
    draft = create(ask, "v3", draft=True)
    assert draft["html_url"].rpartition("/")[2].startswith("untagged-")
    assert (draft["published_at"], rig.seen(RefChanged)) == (None, [])
    assert ask("GET", "/releases/tags/v3").status_code == ask("GET", "/releases/latest").status_code == 404
    published = ask("PATCH", f"/releases/{draft['id']}", json={"draft": False}).json()
    assert published["html_url"].endswith("/releases/tag/v3")
    assert published["published_at"]
    assert [event.ref for event in rig.seen(RefChanged)] == ["refs/tags/v3"]


def test_drafts_are_for_those_who_may_write(rig: Rig, ask: Ask) -> None:
    draft = create(ask, "v3", draft=True)
    reader = asker(rig.job("reader", permissions={"contents": "read"}), "ghs_reader")
    assert reader("GET", "/releases").json() == []
    assert reader("GET", f"/releases/{draft['id']}").status_code == 404


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({}, 422, '"tag_name" wasn\'t supplied.'),
        ({"tag_name": "v0.1.0"}, 422, "already_exists"),
        ({"tag_name": "a..b"}, 422, "tag_name is not a valid tag"),
        ({"tag_name": "v9", "target_commitish": "nowhere"}, 422, "target_commitish"),
        ({"tag_name": "v9", "draft": "false"}, 422, "properties/draft"),
        ({"tag_name": "v9", "body": "x" * 125_001}, 422, "body is too long"),
    ],
    ids=["no-tag", "twice", "bad-tag", "bad-target", "bad-type", "long-body"],
)
def test_a_release_that_github_refuses(ask: Ask, fields: dict[str, object], status: int, error: str) -> None:
    create(ask)
    answer = ask("POST", "/releases", json=fields)
    assert answer.status_code == status
    assert error.replace('"', '\\"') in answer.text
    assert answer.json()["documentation_url"].endswith("/releases/releases#create-a-release")
    assert answer.json()["status"] == "422"


def test_a_body_that_is_no_json(ask: Ask) -> None:
    answer = ask("POST", "/releases", content=b"{")
    assert (answer.status_code, answer.json()["message"]) == (400, "Problems parsing JSON")


def test_which_release_is_the_latest(ask: Ask) -> None:
    create(ask, "v0.0.1")
    create(ask, "v0.1.0")
    assert ask("GET", "/releases/latest").json()["tag_name"] == "v0.1.0"
    create(ask, "v2rc", prerelease=True)
    create(ask, "v3", make_latest="false")
    assert ask("GET", "/releases/latest").json()["tag_name"] == "v0.1.0"
    create(ask, "v1", make_latest="legacy", target_commitish="main")
    assert ask("GET", "/releases/latest").json()["tag_name"] == "v1"
    number = ask("GET", "/releases/tags/v0.0.1").json()["id"]
    ask("PATCH", f"/releases/{number}", json={"make_latest": "true"})
    assert ask("GET", "/releases/latest").json()["tag_name"] == "v0.0.1"


def test_an_edited_and_a_deleted_release(rig: Rig, ask: Ask) -> None:
    release = create(ask, name="a", body="b")
    edited = ask("PATCH", f"/releases/{release['id']}", json={"name": "c", "prerelease": True}).json()
    assert (edited["name"], edited["body"], edited["prerelease"]) == ("c", "b", True)
    assert ask("DELETE", f"/releases/{release['id']}").status_code == 204
    assert ask("GET", f"/releases/{release['id']}").status_code == 404
    assert head(rig, "refs/tags/v0.1.0"), "the tag stays"
    assert [event.change for event in rig.seen(ReleaseChanged)] == ["created", "edited", "deleted"]


def test_files_of_a_release(rig: Rig, ask: Ask) -> None:
    release = create(ask)
    asset = upload(ask, release, "demo 0.1 (x).whl", b"bytes").json()
    assert (asset["name"], asset["size"], asset["state"]) == ("demo.0.1.x.whl", 5, "uploaded")
    assert asset["digest"] == f"sha256:{hashlib.sha256(b'bytes').hexdigest()}"
    assert asset["content_type"] == "application/zip"
    assert ask("GET", f"/releases/{release['id']}/assets").json() == [asset]
    one = f"/releases/assets/{asset['id']}"
    download = ask("GET", one, headers={"accept": "application/octet-stream"}, follow_redirects=True)
    assert (download.content, download.headers["content-type"]) == (b"bytes", "application/octet-stream")
    assert ask("GET", one).json()["download_count"] == 1
    assert ask("PATCH", one, json={"label": "The wheel"}).json()["label"] == "The wheel"
    (shown,) = rig.seen(ReleaseChanged)[-1].assets
    assert (shown.name, shown.digest) == (asset["name"], asset["digest"])
    assert ask("DELETE", one).status_code == 204
    assert ask("GET", f"/releases/{release['id']}").json()["assets"] == []
    assert not [path for path in (rig.settings.folder / "releases").rglob("*") if path.is_file()]


def test_a_file_that_github_refuses(ask: Ask) -> None:
    release = create(ask)
    assert upload(ask, release, "a.whl").status_code == 201
    twice = upload(ask, release, "a.whl")
    assert twice.status_code == 422
    assert twice.json()["errors"] == [{"resource": "ReleaseAsset", "code": "already_exists", "field": "name"}]
    assert upload(ask, release, "empty", b"").status_code == 400
    assert upload(ask, release, "").status_code == 422
    assert ask("POST", f"/releases/{release['id']}/assets?name=b", content=b"x").status_code == 404, "the wrong host"
    assert ask("POST", f"{UPLOADS}/releases/1/assets?name=b", content=b"x").status_code == 404


def test_a_file_is_at_its_address_for_people(ask: Ask, rig: Rig) -> None:
    asset = upload(ask, create(ask), "a.whl", b"abc").json()
    reader = rig.job("reader")
    assert reader.http.get(asset["browser_download_url"], follow_redirects=True).content == b"abc"
    latest = asset["browser_download_url"].replace("download/v0.1.0", "latest/download")
    assert reader.http.get(latest, follow_redirects=True).content == b"abc"
    page = f"https://github.com/{REPOSITORY}"
    assert reader.http.get(f"{page}/raw/v0.1.0/file.txt").text == "2\n"
    tarball = reader.http.get(f"{page}/archive/refs/tags/v0.1.0.tar.gz").content
    with tarfile.open(fileobj=io.BytesIO(tarball)) as archive:
        assert "demo-0.1.0/file.txt" in archive.getnames()


def test_notes_that_github_would_write(rig: Rig, ask: Ask, tmp_path: Path) -> None:
    work = tmp_path / "work"
    git("clone", "-q", str(rig.settings.clone), str(work), cwd=tmp_path)
    for message in ("Merge pull request #7 from o/branch\n\nMake it fast", "Fix the thing (#8)", "no pull request"):
        git("commit", "-q", "--allow-empty", "-m", message, cwd=work)
    git("push", "-q", "origin", "HEAD:main", cwd=work)
    page = f"https://github.com/{REPOSITORY}"
    notes = ask("POST", "/releases/generate-notes", json={"tag_name": "v0.2.0"}).json()
    assert notes["name"] == "v0.2.0"
    assert notes["body"] == (
        f"## What's Changed\n* Make it fast in {page}/pull/7\n* Fix the thing in {page}/pull/8\n\n"
        f"\n**Full Changelog**: {page}/compare/v0.1.0...v0.2.0"
    )
    given = {"tag_name": "v0.2.0", "previous_tag_name": "v0.0.1"}
    assert ask("POST", "/releases/generate-notes", json=given).json()["body"].endswith("v0.0.1...v0.2.0")
    given["previous_tag_name"] = "nothing"
    assert "Invalid previous_tag" in ask("POST", "/releases/generate-notes", json=given).text
    release = create(ask, "v0.2.0", generate_release_notes=True, body="By hand.")
    assert release["body"].startswith("By hand.\n\n## What's Changed\n")
    assert release["name"] == "v0.2.0"


@pytest.mark.parametrize("scheme", ["token ghs_publish", "Bearer ghs_publish", "Basic eDpnaHNfcHVibGlzaA=="])
def test_tokens_in_every_form(rig: Rig, scheme: str) -> None:
    job = rig.job()
    answer = job.http.post(f"{API}/releases", headers={"authorization": scheme}, json={"tag_name": "v0.1.0"})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("permissions", "token", "status", "message"),
    [
        ({"contents": "read"}, "ghs_publish", 403, "Resource not accessible by integration"),
        ({"id-token": "write"}, "ghs_publish", 403, "Resource not accessible by integration"),
        ({"contents": "write"}, "ghp_else", 401, "Bad credentials"),
        ({"contents": "write"}, "", 401, "Requires authentication"),
    ],
)
def test_who_may_not_release(rig: Rig, permissions: dict[str, str], token: str, status: int, message: str) -> None:
    answer = asker(rig.job(permissions=permissions), token)("POST", "/releases", json={"tag_name": "v0.1.0"})
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert rig.seen(ReleaseChanged) == []
    told = [event.finding.message for event in rig.seen(FindingRaised)]
    said = f"The job publish called POST /repos/{REPOSITORY}/releases, and its token lacks `contents: write`"
    assert [message.partition(":")[0] for message in told] == ([said.partition(":")[0]] if status == 403 else [])


def test_a_token_ends_with_its_job(rig: Rig) -> None:
    rig.job("first")
    second = asker(rig.job("second"), "ghs_first")
    assert second("GET", "/releases").status_code == 200
    rig.twins.close_job("first")
    assert second("GET", "/releases").status_code == 401


def test_a_token_of_the_users_secrets_may_write(start: Start) -> None:
    rig = start(facts=RepositoryFacts(user_tokens=frozenset({"ghp_own"}), actor="ada"))
    ask = asker(rig.job(permissions={}), "ghp_own")
    assert create(ask)["author"]["login"] == "ada"
    assert ask("GET", "https://api.github.com/user").json()["login"] == "ada"


def test_what_is_public_needs_no_token(rig: Rig) -> None:
    create(asker(rig.job()))
    nobody = asker(rig.job("other"), "")
    assert [release["tag_name"] for release in nobody("GET", "/releases").json()] == ["v0.1.0"]


def test_a_private_repository_is_hidden(start: Start) -> None:
    rig = start(facts=RepositoryFacts(visibility="private"))
    assert asker(rig.job(permissions={}))("GET", "/releases").status_code == 403
    assert asker(rig.job("b"), "")("GET", "/releases").status_code == 404


def test_the_release_that_was_published_is_there(start: Start) -> None:
    known = {
        "id": 77,
        "tag_name": "v0.1.0",
        "target_commitish": "main",
        "name": "v0.1.0",
        "body": "",
        "draft": False,
        "prerelease": False,
        "created_at": "2026-01-01T00:00:00Z",
        "published_at": "2026-01-01T00:00:00Z",
        "author": {"login": "pysim"},
    }
    rig = start(facts=RepositoryFacts(releases=(known,)))
    ask = asker(rig.job())
    found = ask("GET", "/releases/tags/v0.1.0").json()
    assert {name: found[name] for name in known} == known
    assert upload(ask, found, "a.whl").status_code == 201


def test_pages_of_releases(ask: Ask) -> None:
    for number in range(5):
        create(ask, f"v{number}")
    first = ask("GET", "/releases?per_page=2")
    assert [release["tag_name"] for release in first.json()] == ["v4", "v3"]
    assert first.headers["link"] == (
        f'<{API}/releases?per_page=2&page=2>; rel="next", <{API}/releases?per_page=2&page=3>; rel="last"'
    )
    last = ask("GET", first.links["last"]["url"])
    assert [release["tag_name"] for release in last.json()] == ["v0"]
    assert set(last.links) == {"prev", "first"}


def test_releases_on_github_are_not_known(rig: Rig, ask: Ask) -> None:
    assert ask("GET", "/releases/latest").status_code == 404
    assert "asked for the latest release" in rig.seen(Notice)[0].message


def test_any_other_route_is_named_and_told(rig: Rig, ask: Ask) -> None:
    answer = ask("POST", "/issues", json={})
    assert answer.status_code == 501
    assert answer.json()["message"] == (
        f"pysim does not stand in for POST {API}/issues yet; nothing was sent to GitHub."
    )
    (finding,) = [event.finding for event in rig.seen(FindingRaised)]
    assert (finding.code, finding.severity) == ("github-api-not-rehearsed", "warning")
    assert f"POST {API}/issues" in finding.message
    assert finding.unrehearsed == ("publish",)


def test_graphql_is_named_by_its_operation(rig: Rig, ask: Ask) -> None:
    query = {"query": "mutation CreateThing($a: Int) { x }"}
    answer = ask("POST", "https://api.github.com/graphql", json=query)
    assert (answer.status_code, "(mutation CreateThing)" in answer.json()["message"]) == (501, True)
    assert len(rig.seen(FindingRaised)) == 1


def test_nothing_is_written_to_another_repository(rig: Rig, ask: Ask) -> None:
    answer = ask("POST", "https://api.github.com/repos/other/one/releases", json={"tag_name": "v1"})
    assert (answer.status_code, answer.json()["message"]) == (403, "Resource not accessible by integration")
