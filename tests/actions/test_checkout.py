"""checkout with real git, its server's address rewritten to repositories on disk."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.run_events import TwinRequest
from tests.actions.driving import Driver, JobDriver, Outcome
from tests.git import git
from tests.twins.driving import Rig

NEWEST, OLDEST = "actions/checkout@v7", "actions/checkout@v4"
pytestmark = pytest.mark.clients
HEADER = "http.https://github.com/.extraheader"


@dataclass(frozen=True, kw_only=True)
class Remote:
    """octo/demo: three commits on main, branch topic at the first, tags v0.0.1 (light) and v0.1.0 (annotated)."""

    bare: Path
    commits: tuple[str, str, str]

    def move(self, ref: str, commit: str) -> None:
        git("update-ref", ref, commit, cwd=self.bare)


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    work, bare = tmp_path / "author", tmp_path / "remotes/octo/demo"
    work.mkdir()
    git("init", "-q", cwd=work)
    commits = []
    for number in range(3):
        (work / "file.txt").write_text(f"{number}\n")
        (work / "docs").mkdir(exist_ok=True)
        (work / "docs" / f"{number}.md").write_text("page\n")
        git("add", ".", cwd=work)
        git("commit", "-q", "-m", f"commit {number}", cwd=work)
        commits.append(git("rev-parse", "HEAD", cwd=work))
    git("branch", "topic", commits[0], cwd=work)
    git("tag", "v0.0.1", commits[1], cwd=work)
    git("tag", "-a", "v0.1.0", "-m", "release", cwd=work)
    bare.parent.mkdir(parents=True)
    git("clone", "-q", "--bare", str(work), str(bare), cwd=work)
    git("config", "uploadpack.allowFilter", "true", cwd=bare)
    return Remote(bare=bare, commits=(commits[0], commits[1], commits[2]))


@pytest.fixture
def job(driver: Driver, remote: Remote) -> Driver:
    """A job of the push of tag v0.1.0."""
    driver.base = {
        "GITHUB_REF": "refs/tags/v0.1.0",
        "GITHUB_SHA": remote.commits[2],
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"url.file://{remote.bare.parent.parent}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        "GIT_CONFIG_KEY_1": "protocol.file.allow",
        "GIT_CONFIG_VALUE_1": "always",
    }
    return driver


def checked_out(job: Driver, folder: str = ".") -> dict[str, str]:
    """What the workspace holds."""
    cwd = job.workspace / folder
    return {
        "head": git("rev-parse", "HEAD", cwd=cwd),
        "branch": git("branch", "--show-current", cwd=cwd),
        "depth": git("rev-list", "--count", "HEAD", cwd=cwd),
        "tags": " ".join(git("tag", "--list", cwd=cwd).split()),
    }


def ok(done: Outcome) -> Outcome:
    assert done.code == 0, done.log
    return done


@pytest.mark.parametrize(("uses", "kind"), [(OLDEST, "commit"), ("actions/checkout@v5", "commit"), (NEWEST, "tag")])
def test_a_pushed_tag_is_a_detached_head_of_depth_one(job: Driver, remote: Remote, uses: str, kind: str) -> None:
    done = ok(job.run(uses))
    assert checked_out(job) == {"head": remote.commits[2], "branch": "", "depth": "1", "tags": "v0.1.0"}
    assert git("cat-file", "-t", "v0.1.0", cwd=job.workspace) == kind
    assert done.outputs == {"ref": "refs/tags/v0.1.0", "commit": remote.commits[2]}
    assert git("config", "remote.origin.url", cwd=job.workspace) == "https://github.com/octo/demo"
    assert "Syncing repository: octo/demo" in done.lines
    assert "::group::Fetching the repository" in done.lines


@pytest.mark.parametrize(("uses", "described"), [(OLDEST, "v0.1.0"), (NEWEST, "v0.1.0")])
def test_depth_zero_has_all_history_and_tags(job: Driver, uses: str, described: str) -> None:
    ok(job.run(uses, {"fetch-depth": "0"}))
    state = checked_out(job)
    assert (state["depth"], state["tags"]) == ("3", "v0.0.1 v0.1.0")
    assert git("describe", "--tags", cwd=job.workspace) == described
    assert "origin/topic" in git("branch", "--remotes", cwd=job.workspace)


@pytest.mark.parametrize("uses", [OLDEST, NEWEST])
def test_tags_can_be_fetched_with_one_commit(job: Driver, remote: Remote, uses: str) -> None:
    env = {"GITHUB_REF": "refs/heads/main"}
    ok(job.run(uses, {"fetch-tags": "true"}, env))
    assert "v0.1.0" in checked_out(job)["tags"]


def test_a_pushed_branch_is_at_the_commit_of_the_event(job: Driver, remote: Remote) -> None:
    env = {"GITHUB_REF": "refs/heads/main", "GITHUB_SHA": remote.commits[1]}
    ok(job.run(NEWEST, env=env))
    assert checked_out(job) == {"head": remote.commits[1], "branch": "main", "depth": "1", "tags": ""}


@pytest.mark.parametrize(
    ("ref", "commit", "branch"),
    [
        ("topic", 0, "topic"),
        ("refs/heads/topic", 0, "topic"),
        ("v0.0.1", 1, ""),
        ("refs/tags/v0.0.1", 1, ""),
        ("<sha>", 0, ""),
    ],
)
def test_a_given_ref(job: Driver, remote: Remote, ref: str, commit: int, branch: str) -> None:
    done = ok(job.run(NEWEST, {"ref": ref.replace("<sha>", remote.commits[0])}))
    state = checked_out(job)
    assert (state["head"], state["branch"]) == (remote.commits[commit], branch)
    assert done.outputs["ref"] == ("" if ref == "<sha>" else ref)


def test_another_repository_gives_its_default_branch(job: Driver, remote: Remote) -> None:
    git("clone", "-q", "--bare", str(remote.bare), str(remote.bare.parent / "other"), cwd=remote.bare)
    ok(job.run(NEWEST, {"repository": "octo/other", "path": "vendor/other"}))
    assert checked_out(job, "vendor/other")["branch"] == "main"


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ({"ref": "nope"}, "The process '<git>' failed with exit code 1"),
        ({"repository": "demo"}, "Invalid repository 'demo'. Expected format {owner}/{repo}."),
        ({"path": "../out"}, "Repository path '<root>/work/out' is not under '<root>/work/demo'"),
        ({"token": ""}, "Input required and not supplied: token"),
        ({"repository": "octo/missing"}, "The process '<git>' failed with exit code 128"),
    ],
)
def test_what_is_refused(job: Driver, inputs: dict[str, str], error: str) -> None:
    done = job.run(NEWEST, inputs)
    assert done.code == 1
    pattern = error.replace("<root>", str(job.root)).partition("<git>")
    assert done.said("error")[0].startswith(pattern[0])
    assert done.said("error")[0].endswith(pattern[2])


def test_a_tag_that_moved_since_the_event_is_an_error_since_v6(job: Driver, remote: Remote) -> None:
    remote.move("refs/tags/v0.1.0", remote.commits[0])
    ok(job.run(OLDEST))
    assert checked_out(job)["head"] == remote.commits[2]
    done = job.run(NEWEST)
    assert done.code == 1
    [error] = done.said("error")
    assert error.startswith(f"The ref 'refs/tags/v0.1.0' does not point to the expected commit '{remote.commits[2]}'.")


def test_what_was_in_the_workspace_is_deleted(job: Driver) -> None:
    (job.workspace / "build").mkdir()
    (job.workspace / "build/old.txt").touch()
    done = ok(job.run(NEWEST))
    assert f"Deleting the contents of '{job.workspace}'" in done.lines
    assert not (job.workspace / "build").exists()


@pytest.mark.parametrize("clean", ["true", "false"])
def test_the_same_repository_is_kept_and_cleaned(job: Driver, remote: Remote, clean: str) -> None:
    ok(job.run(NEWEST, {"fetch-depth": "0"}))
    (job.workspace / "dist").mkdir()
    (job.workspace / "dist/built.whl").touch()
    env = {"GITHUB_REF": "refs/heads/main"}
    done = ok(job.run(NEWEST, {"clean": clean}, env))
    assert (job.workspace / "dist").exists() is (clean == "false")
    assert not any(line.startswith("Deleting the contents") for line in done.lines)
    assert checked_out(job)["branch"] == "main"


def stored_header(job: Driver) -> str:
    """The header with the token as git finds it in the workspace."""
    return git("config", "--default", "", "--get", HEADER, cwd=job.workspace)


@pytest.mark.parametrize("uses", [OLDEST, NEWEST])
def test_the_token_stays_until_the_post_script(job: Driver, uses: str) -> None:
    done = ok(job.run(uses))
    basic = base64.b64encode(b"x-access-token:ghs_job").decode()
    assert done.said("add-mask") == [basic]
    assert basic not in done.log.replace(f"::add-mask::{basic}", "")
    assert stored_header(job) == f"AUTHORIZATION: basic {basic}"
    assert (basic in (job.workspace / ".git/config").read_text()) is (uses == OLDEST)
    ok(job.run(uses, script="post.py", state=done.state))
    assert stored_header(job) == ""
    assert list(job.temp.iterdir()) == []


def test_the_token_does_not_stay_when_it_must_not(job: Driver) -> None:
    ok(job.run(NEWEST, {"persist-credentials": "false"}))
    assert stored_header(job) == ""
    assert list(job.temp.iterdir()) == []


@pytest.mark.parametrize("variable", ["HOME", "GIT_CONFIG_GLOBAL"])
def test_the_users_global_settings_are_read_and_not_written(job: Driver, tmp_path: Path, variable: str) -> None:
    settings = tmp_path / "user/.gitconfig"
    settings.parent.mkdir()
    settings.write_text("[core]\n\tabbrev = 12\n")
    target = settings.parent if variable == "HOME" else settings
    done = ok(job.run(NEWEST, {"submodules": "true"}, {variable: str(target)}))
    assert any(line.startswith(f"Copying '{settings}' to '{job.temp}/") for line in done.lines)
    assert settings.read_text() == "[core]\n\tabbrev = 12\n"
    assert list(settings.parent.iterdir()) == [settings]


@pytest.mark.parametrize("cone", ["true", "false"])
def test_a_sparse_checkout(job: Driver, cone: str) -> None:
    ok(job.run(NEWEST, {"sparse-checkout": "docs", "sparse-checkout-cone-mode": cone}))
    assert (job.workspace / "docs/2.md").exists()
    assert (job.workspace / "file.txt").exists() is (cone == "true")


def test_submodules(job: Driver, remote: Remote, tmp_path: Path) -> None:
    git("clone", "-q", "--bare", str(remote.bare), str(remote.bare.parent / "part"), cwd=remote.bare)
    work = tmp_path / "author"
    (work / ".gitmodules").write_text('[submodule "part"]\n\tpath = part\n\turl = https://github.com/octo/part\n')
    git("update-index", "--add", "--cacheinfo", f"160000,{remote.commits[2]},part", cwd=work)
    git("add", ".gitmodules", cwd=work)
    git("commit", "-q", "-m", "a submodule", cwd=work)
    git("push", "-q", str(remote.bare), "main", cwd=work)
    env = {"GITHUB_REF": "refs/heads/main", "GITHUB_SHA": git("rev-parse", "HEAD", cwd=work)}
    ok(job.run(NEWEST, {"submodules": "true"}, env))
    assert (job.workspace / "part/file.txt").read_text() == "2\n"


def test_what_has_no_effect_is_warned_of(job: Driver) -> None:
    done = ok(job.run(NEWEST, {"ssh-key": "-----BEGIN", "lfs": "true"}))
    assert [text.split(":")[0] for text in done.said("warning")] == [
        "pysim does not rehearse SSH",
        "pysim does not rehearse Git LFS",
    ]


def test_the_stand_in_for_github_serves_it(in_job: JobDriver, rig: Rig) -> None:
    driver = in_job("build")
    clone = rig.settings.clone
    driver.base = {
        **driver.base,
        "GITHUB_REF": "refs/tags/v0.1.0",
        "GITHUB_SHA": git("rev-parse", "v0.1.0^{commit}", cwd=clone),
    }
    ok(driver.run(OLDEST, {"fetch-depth": "0"}))
    assert checked_out(driver)["tags"] == "v0.0.1 v0.1.0"
    assert {request.host for request in rig.seen(TwinRequest)} == {"github.com"}
