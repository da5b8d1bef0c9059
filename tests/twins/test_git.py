"""The rehearsed repository as real git sees it under GitHub's name."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from simulator.run_events import Notice, RefChanged, TwinRequest
from tests.git import git

from .driving import REPOSITORY, Job, Rig, Start

URL = f"https://github.com/{REPOSITORY}"
pytestmark = pytest.mark.clients


def run_git(job: Job, *words: str | Path, cwd: Path | None = None, fails: bool = False) -> str:
    done = job.run("git", "-c", "user.name=A", "-c", "user.email=a@example.org", *words, cwd=cwd)
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout.strip()


def auth(job_id: str = "publish") -> str:
    """The header by which checkout hands git the job's token."""
    return f"AUTHORIZATION: basic {base64.b64encode(f'x-access-token:ghs_{job_id}'.encode()).decode()}"


def changes(rig: Rig) -> list[tuple[str, str | None, str | None, bool]]:
    return [(event.ref, event.before, event.after, event.forced) for event in rig.seen(RefChanged)]


def head(rig: Rig, ref: str) -> str:
    return git("rev-parse", ref, cwd=rig.settings.clone)


def test_clone_with_its_tags(rig: Rig) -> None:
    job = rig.job()
    run_git(job, "clone", "-q", f"{URL}.git", "all")
    assert run_git(job, "describe", cwd=job.folder / "all") == "v0.1.0"
    assert run_git(job, "cat-file", "-t", "v0.1.0", cwd=job.folder / "all") == "tag"
    assert {event.twin for event in rig.seen(TwinRequest)} == {"github"}


@pytest.mark.parametrize("version", ["0", "1", "2"])
@pytest.mark.parametrize("name", [URL, URL.replace("octo", "Octo"), f"{URL}.git"])
def test_fetch_of_one_commit_as_checkout_does(rig: Rig, version: str, name: str) -> None:
    job, commit = rig.job(), head(rig, "v0.1.0^{commit}")
    run_git(job, "init", "-q", "work")
    work = job.folder / "work"
    options = ["-c", f"protocol.version={version}", "-c", f"http.extraheader={auth()}"]
    run_git(job, *options, "fetch", "-q", "--no-tags", "--depth=1", name, f"+{commit}:refs/tags/v0.1.0", cwd=work)
    run_git(job, "checkout", "-q", "v0.1.0", cwd=work)
    assert run_git(job, "rev-list", "--count", "HEAD", cwd=work) == "1"
    assert (work / "file.txt").read_text() == "2\n"


def test_a_commit_that_no_ref_names_can_be_fetched(rig: Rig) -> None:
    job, commit = rig.job(), head(rig, "main~2")
    run_git(job, "init", "-q", "work")
    run_git(job, "fetch", "-q", "--depth=1", URL, commit, cwd=job.folder / "work")
    assert run_git(job, "log", "--format=%s", "FETCH_HEAD", cwd=job.folder / "work") == "commit 0"


def test_a_clone_without_blobs_gets_them_later(rig: Rig) -> None:
    job = rig.job()
    run_git(job, "clone", "-q", "--filter=blob:none", "--no-checkout", URL, "partial")
    assert run_git(job, "show", "HEAD~2:file.txt", cwd=job.folder / "partial") == "0"


def test_a_push_lands_in_the_private_clone_and_is_told(rig: Rig) -> None:
    job, old = rig.job("bump"), head(rig, "main")
    run_git(job, "clone", "-q", URL, "work")
    work = job.folder / "work"
    (work / "file.txt").write_text("x" * 3_000_000)
    run_git(job, "commit", "-q", "-a", "-m", "bump", cwd=work)
    run_git(
        job,
        "-c",
        f"http.extraheader={auth('bump')}",
        "push",
        "-q",
        "origin",
        "HEAD:main",
        "HEAD:refs/tags/v9",
        cwd=work,
    )
    commit = run_git(job, "rev-parse", "HEAD", cwd=work)
    assert head(rig, "main") == head(rig, "v9") == commit
    assert changes(rig) == [("refs/heads/main", old, commit, False), ("refs/tags/v9", None, commit, False)]
    assert {(event.job_id, event.by) for event in rig.seen(RefChanged)} == {("bump", "push")}
    assert run_git(rig.job("later"), "ls-remote", URL, "main").startswith(commit)


def test_a_push_without_credentials_is_refused_as_on_github(rig: Rig) -> None:
    job = rig.job()
    run_git(job, "clone", "-q", URL, "work")
    said = run_git(job, "push", "origin", "HEAD:x", cwd=job.folder / "work", fails=True)
    assert "could not read Username for 'https://github.com'" in said


def test_a_push_is_one_whatever_its_query_says(rig: Rig) -> None:
    job = rig.job()
    url = f"{URL}/git-receive-pack?service=git-upload-pack"
    headers = {"content-type": "application/x-git-receive-pack-request"}
    assert job.http.post(url, headers=headers).status_code == 401
    command = f"{head(rig, 'v0.0.1')} {'0' * 40} refs/tags/v0.0.1\0 report-status".encode()
    body = b"%04x%s0000" % (len(command) + 4, command)
    assert (
        job.http.post(url, content=body, headers={**headers, "authorization": auth().partition(": ")[2]}).status_code
        == 200
    )
    assert [(ref, after) for ref, _, after, _ in changes(rig)] == [("refs/tags/v0.0.1", None)]


def test_no_write_reaches_the_real_host(rig: Rig) -> None:
    job = rig.job()
    for method, path in (("POST", "/other/one/git-receive-pack"), ("POST", "/login"), ("DELETE", f"/{REPOSITORY}")):
        answer = job.http.request(method, f"https://github.com{path}", content=b"x")
        assert answer.status_code == 403
        assert path in answer.text


def test_other_repositories_are_not_served_offline(rig: Rig) -> None:
    said = run_git(rig.job(), "clone", "https://github.com/other/one", fails=True)
    assert "502" in said


def test_a_clone_that_is_gone_is_not_found(rig: Rig) -> None:
    (rig.settings.clone / "HEAD").unlink()
    answer = rig.job().http.get(f"{URL}/info/refs?service=git-upload-pack")
    assert (answer.status_code, changes(rig)) == (404, [])


def test_a_copy_of_another_repository_is_read_and_not_written(start: Start, history: Path) -> None:
    rig = start(copies={"other/part": history})
    job = rig.job()
    run_git(job, "clone", "-q", "https://github.com/Other/part.git", "part")
    run_git(job, "fetch", "-q", "--depth=1", "origin", head(rig, "main~2"), cwd=job.folder / "part")
    options = ("-c", f"http.extraheader={auth()}")
    assert "403" in run_git(job, *options, "push", "origin", "HEAD:x", cwd=job.folder / "part", fails=True)
    (said,) = rig.seen(Notice)
    assert said.message.startswith("Other/part is read from this repository's copy of the submodule")


@pytest.mark.parametrize("name", [REPOSITORY, "other/part"])
def test_lfs_is_refused_in_its_own_form(rig: Rig, name: str) -> None:
    answer = rig.job().http.post(
        f"https://github.com/{name}.git/info/lfs/objects/batch", json={"operation": "download"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (501, "application/vnd.git-lfs+json")
    assert "Git LFS" in answer.json()["message"]
