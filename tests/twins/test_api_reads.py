"""What GitHub's REST API says of commits, refs, files and the run: read from the private clone, refs changed in it."""

from __future__ import annotations

import base64
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from simulator.run_events import RefChanged
from simulator.twins.github_api.facts import RepositoryFacts
from tests.git import git

from .api_requests import Ask, asker, head
from .driving import REPOSITORY, Rig, Start
from .world import Page, World

ROOT = "https://api.github.com"


@pytest.fixture
def rig(start: Start) -> Rig:
    return start(facts=RepositoryFacts(id=123456, environments=("pypi", "Test PyPI"), actor="ada", actor_id=7))


@pytest.fixture
def ask(rig: Rig) -> Ask:
    return asker(rig.job())


def commit_files(rig: Rig, tmp_path: Path) -> None:
    work = tmp_path / "work"
    git("clone", "-q", str(rig.settings.clone), str(work), cwd=tmp_path)
    (work / "src/pkg").mkdir(parents=True)
    (work / "src/pkg/a [1].py").write_text("a = 1\n")
    (work / "README.md").write_text("# Demo\n")
    (work / "link").symlink_to("README.md")
    (work / "file.txt").unlink()
    git("add", "--all", cwd=work)
    git("commit", "-q", "-m", "Files\n\nof all kinds", cwd=work)
    git("push", "-q", "origin", "HEAD:main", cwd=work)


def test_the_repository(ask: Ask) -> None:
    found = ask("GET", "").json()
    assert (found["full_name"], found["id"], found["default_branch"]) == (REPOSITORY, 123456, "main")
    assert (found["private"], found["owner"]["login"], found["permissions"]["push"]) == (False, "octo", True)
    assert ask("GET", f"{ROOT}/repos/OCTO/Demo").json() == found, "names are of any case"


def test_commits(rig: Rig, ask: Ask, tmp_path: Path) -> None:
    commit_files(rig, tmp_path)
    newest = head(rig, "main")
    listed = ask("GET", "/commits?per_page=2")
    assert [commit["commit"]["message"] for commit in listed.json()] == ["Files\n\nof all kinds", "commit 2"]
    assert [c["commit"]["message"] for c in ask("GET", listed.links["next"]["url"]).json()] == ["commit 1", "commit 0"]
    assert len(ask("GET", "/commits?path=README.md").json()) == 1
    for name in ("main", "heads/main", newest, newest[:10]):
        one = ask("GET", f"/commits/{name}").json()
        assert one["sha"] == newest
    assert one["parents"][0]["sha"] == head(rig, "main~1")
    assert {file["filename"]: file["status"] for file in one["files"]} == {
        "README.md": "added",
        "file.txt": "removed",
        "link": "added",
        "src/pkg/a [1].py": "added",
    }
    assert one["stats"] == {"total": 4, "additions": 3, "deletions": 1}
    assert ask("GET", "/commits/v0.1.0").json()["sha"] == head(rig, "v0.1.0^{commit}"), "an annotated tag is peeled"
    sha = ask("GET", "/commits/main", headers={"accept": "application/vnd.github.sha"})
    assert sha.text == newest
    assert ask("GET", "/commits/nothing").status_code == 422
    assert ask("GET", f"/git/commits/{newest}").json()["tree"]["sha"] == head(rig, "main^{tree}")


def test_two_commits_compared(rig: Rig, ask: Ask) -> None:
    ahead = ask("GET", "/compare/v0.0.1...main").json()
    assert (ahead["status"], ahead["ahead_by"], ahead["behind_by"]) == ("ahead", 1, 0)
    assert [commit["commit"]["message"] for commit in ahead["commits"]] == ["commit 2"]
    assert [file["filename"] for file in ahead["files"]] == ["file.txt"]
    assert ask("GET", "/compare/main...v0.0.1").json()["status"] == "behind"
    assert ask("GET", "/compare/main...main").json()["status"] == "identical"
    assert ask("GET", "/compare/main...nothing").status_code == 404


def test_branches_and_tags(rig: Rig, ask: Ask) -> None:
    (branch,) = ask("GET", "/branches").json()
    assert (branch["name"], branch["commit"]["sha"]) == ("main", head(rig, "main"))
    assert ask("GET", "/branches/main").json()["commit"]["commit"]["message"] == "commit 2"
    assert ask("GET", "/branches/none").json()["message"] == "Branch not found"
    tags = {tag["name"]: tag["commit"]["sha"] for tag in ask("GET", "/tags").json()}
    assert tags == {"v0.1.0": head(rig, "v0.1.0^{commit}"), "v0.0.1": head(rig, "v0.0.1")}


def test_files(rig: Rig, ask: Ask, tmp_path: Path) -> None:
    commit_files(rig, tmp_path)
    kinds = {entry["path"]: entry["type"] for entry in ask("GET", "/contents").json()}
    assert kinds == {"README.md": "file", "link": "symlink", "src": "dir"}
    assert [entry["path"] for entry in ask("GET", "/contents/src/pkg").json()] == ["src/pkg/a [1].py"]
    one = ask("GET", "/contents/src/pkg/a%20%5B1%5D.py").json()
    assert (base64.b64decode(one["content"]), one["size"]) == (b"a = 1\n", 6)
    assert (
        ask("GET", "/contents/file.txt?ref=v0.0.1", headers={"accept": "application/vnd.github.raw+json"}).text == "1\n"
    )
    assert ask("GET", "/contents/file.txt").status_code == 404
    assert base64.b64decode(ask("GET", "/readme").json()["content"]) == b"# Demo\n"
    tree = ask("GET", "/git/trees/main?recursive=1").json()["tree"]
    assert {row["path"]: row["type"] for row in tree}["src/pkg/a [1].py"] == "blob"
    blob = next(row["sha"] for row in tree if row["path"] == "README.md")
    assert base64.b64decode(ask("GET", f"/git/blobs/{blob}").json()["content"]) == b"# Demo\n"


def test_archives(rig: Rig, ask: Ask) -> None:
    folder = f"octo-demo-{head(rig, 'v0.1.0^{commit}')[:7]}"
    packed = ask("GET", "/tarball/v0.1.0", follow_redirects=True).content
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        assert f"{folder}/file.txt" in archive.getnames()
    with zipfile.ZipFile(io.BytesIO(ask("GET", "/zipball/refs/tags/v0.1.0").content)) as file:
        assert f"{folder}/file.txt" in file.namelist()
    assert ask("GET", "/tarball").status_code == 200
    assert ask("GET", "/tarball/none").status_code == 404


def test_refs(rig: Rig, ask: Ask) -> None:
    ref = ask("GET", "/git/ref/tags/v0.1.0").json()
    assert (ref["ref"], ref["object"]["type"], ref["object"]["sha"]) == ("refs/tags/v0.1.0", "tag", head(rig, "v0.1.0"))
    assert [found["ref"] for found in ask("GET", "/git/matching-refs/tags/v0").json()] == [
        "refs/tags/v0.0.1",
        "refs/tags/v0.1.0",
    ]
    assert ask("GET", "/git/ref/tags/v0").status_code == 404
    tag = ask("GET", f"/git/tags/{head(rig, 'v0.1.0')}").json()
    assert (tag["tag"], tag["message"], tag["tagger"]["name"]) == ("v0.1.0", "release", "A")
    assert tag["object"]["sha"] == head(rig, "v0.1.0^{commit}")


def test_refs_that_are_made_moved_and_deleted(rig: Rig, ask: Ask) -> None:
    old, new = head(rig, "main~1"), head(rig, "main")
    made = ask("POST", "/git/refs", json={"ref": "refs/tags/v1", "sha": old})
    assert (made.status_code, made.json()["object"]["sha"]) == (201, old)
    again = ask("POST", "/git/refs", json={"ref": "refs/tags/v1", "sha": old})
    assert (again.status_code, again.json()["message"]) == (422, "Reference already exists")
    assert ask("PATCH", "/git/refs/tags/v1", json={"sha": new}).status_code == 200
    back = ask("PATCH", "/git/refs/tags/v1", json={"sha": old})
    assert (back.status_code, back.json()["message"]) == (422, "Update is not a fast forward")
    assert ask("PATCH", "/git/refs/tags/v1", json={"sha": old, "force": True}).status_code == 200
    assert ask("DELETE", "/git/refs/tags/v1").status_code == 204
    assert ask("DELETE", "/git/refs/tags/v1").json()["message"] == "Reference does not exist"
    said = [(event.before, event.after, event.forced, event.by) for event in rig.seen(RefChanged)]
    assert said == [
        (None, old, False, "api"),
        (old, new, False, "api"),
        (new, old, True, "api"),
        (old, None, False, "api"),
    ]


def test_a_tag_object_that_the_api_makes(rig: Rig, ask: Ask) -> None:
    commit = head(rig, "main")
    given: dict[str, Any] = {"tag": "v2", "message": "Two", "object": commit, "type": "commit"}
    made = ask(
        "POST",
        "/git/tags",
        json={**given, "tagger": {"name": "A", "email": "a@x", "date": "2026-01-02T03:04:05+01:00"}},
    )
    assert made.status_code == 201, made.text
    assert made.json()["tagger"] == {"name": "A", "email": "a@x", "date": "2026-01-02T02:04:05Z"}
    assert rig.seen(RefChanged) == [], "no ref yet"
    assert ask("POST", "/git/refs", json={"ref": "refs/tags/v2", "sha": made.json()["sha"]}).status_code == 201
    assert git("cat-file", "-t", "v2", cwd=rig.settings.clone) == "tag"
    assert head(rig, "v2^{commit}") == commit
    assert ask("POST", "/git/tags", json={**given, "object": "0" * 40}).status_code == 422


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"ref": "v1"}, '"sha" wasn\'t supplied'),
        ({"ref": "v1", "sha": "0" * 40}, "must start with 'refs/'"),
        ({"ref": "refs/tags/v1", "sha": "0" * 40}, "Object does not exist"),
        ({"ref": "refs/tags/a..b", "sha": "0" * 40}, "not a valid ref name"),
    ],
)
def test_a_ref_that_github_refuses(rig: Rig, ask: Ask, fields: dict[str, str], message: str) -> None:
    answer = ask("POST", "/git/refs", json=fields)
    assert (answer.status_code, message in answer.json()["message"]) == (422, True), answer.text
    assert rig.seen(RefChanged) == []


def test_a_reader_changes_no_ref(rig: Rig) -> None:
    ask = asker(rig.job(permissions={"contents": "read"}))
    assert ask("POST", "/git/refs", json={"ref": "refs/tags/v1", "sha": head(rig, "main")}).status_code == 403
    assert ask("DELETE", "/git/refs/tags/v0.1.0").status_code == 403


def test_the_run(rig: Rig) -> None:
    ask = asker(rig.job(claims={"run_id": "77", "workflow": "Release"}))
    run = ask("GET", "/actions/runs/77").json()
    assert (run["id"], run["name"], run["event"], run["status"]) == (77, "Release", "push", "in_progress")
    assert (run["head_branch"], run["path"], run["actor"]["login"]) == ("v0.1.0", ".github/workflows/pypi.yml", "ada")
    assert ask("GET", "/actions/runs/78").status_code == 404


def test_environments(ask: Ask) -> None:
    listed = ask("GET", "/environments").json()
    assert (listed["total_count"], [item["name"] for item in listed["environments"]]) == (2, ["pypi", "Test PyPI"])
    assert ask("GET", "/environments/test%20pypi").json()["name"] == "Test PyPI"
    assert ask("GET", "/environments/none").status_code == 404


def test_people_and_the_rest(ask: Ask) -> None:
    assert ask("GET", f"{ROOT}/users/ada").json()["id"] == 7
    bot = ask("GET", f"{ROOT}/users/github-actions%5Bbot%5D").json()
    assert (bot["id"], bot["type"]) == (41898282, "Bot")
    me = ask("GET", f"{ROOT}/user")
    assert (me.status_code, me.json()["message"]) == (403, "Resource not accessible by integration")
    assert ask("GET", f"{ROOT}/rate_limit").json()["rate"]["remaining"] == 1000
    assert ask("GET", f"{ROOT}/").json()["current_user_url"] == f"{ROOT}/user"


def test_what_is_public_of_others_is_read_without_the_jobs_token(start: Start) -> None:
    world = World("api.github.com")
    try:
        urls = [f"{ROOT}/repos/pypa/pip/releases/latest", f"{ROOT}/users/octocat", f"{ROOT}/meta"]
        world.pages = {url: Page(body=b'{"from": "outside"}') for url in urls}
        facts = RepositoryFacts(user_tokens=frozenset({"ghp_own"}))
        rig = start(offline=False, host_ca=world.ca, proxies={"https_proxy": world.url}, facts=facts)
        job = rig.job()
        for token in ("ghs_publish", "", "ghp_own"):
            ask = asker(job, token)
            assert [ask("GET", url).json() for url in urls] == [{"from": "outside"}] * 3
            assert ask("POST", urls[0]).status_code == 403
        assert {asked.headers.get("authorization") for asked in world.asked} == {None, "Bearer ghp_own"}
        assert {asked.method for asked in world.asked} == {"GET"}
    finally:
        world.close()


def test_others_are_not_read_offline(ask: Ask) -> None:
    assert ask("GET", f"{ROOT}/repos/pypa/pip/releases/latest").status_code == 502


def test_a_name_that_looks_like_an_option_is_a_name(rig: Rig, ask: Ask, tmp_path: Path) -> None:
    target = tmp_path / "written"
    tag = f"--output={target}"
    assert ask("POST", "/git/refs", json={"ref": f"refs/tags/{tag}", "sha": head(rig, "main~1")}).status_code == 201
    given = {"tag_name": "v9", "previous_tag_name": tag}
    assert ask("POST", "/releases/generate-notes", json=given).status_code == 200
    assert ask("GET", f"/compare/{tag}...main").json()["ahead_by"] == 1
    assert ask("GET", f"/commits?sha={tag}&author=--all&path=--all").json() == []
    assert ask("GET", "/git/blobs/--batch-all-objects").status_code == 404
    assert ask("GET", "/git/trees/--name-only").status_code == 404
    assert ask("GET", f"/tarball/{tag}").status_code == 200
    assert ask("GET", f"https://github.com/{REPOSITORY}/raw/--textconv/file.txt").status_code == 502
    assert list(tmp_path.glob("written*")) == []
