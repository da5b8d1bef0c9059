"""Rulesets and immutable releases, as real git and GitHub's API meet them: refused in GitHub's own words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from simulator.run_events import RefChanged
from simulator.twins.base import Ruleset
from simulator.twins.github_api.facts import RepositoryFacts
from simulator.twins.repository_rules import covers
from tests.git import git

from .api_requests import API, Ask, asker, create, head
from .driving import REPOSITORY, Job, Rig, Start

URL = f"https://x-access-token:ghs_publish@github.com/{REPOSITORY}"
UPLOADS = API.replace("api.", "uploads.")
RULES = f"https://github.com/{REPOSITORY}/rules"
NO_CREATION = "Cannot create ref due to creations being restricted."


def ruled(start: Start, *rulesets: Ruleset, immutable: bool = False) -> Rig:
    return start(facts=RepositoryFacts(id=123456, rulesets=rulesets, immutable_releases=immutable))


def branch(*rules: str, bypass: Sequence[str] = ()) -> Ruleset:
    return Ruleset(target="branch", include=("~DEFAULT_BRANCH",), rules=rules, bypass=tuple(bypass))


def tags(*rules: str) -> Ruleset:
    return Ruleset(target="tag", include=("v*",), exclude=("v*-rc*",), rules=rules)


def cloned(job: Job) -> Path:
    assert job.run("git", "clone", "-q", URL, "work").returncode == 0
    work = job.folder / "work"
    (work / "new.txt").write_text("new\n")
    git("add", "--all", cwd=work)
    git("commit", "-q", "-m", "new", cwd=work)
    return work


def push(job: Job, work: Path, *words: str) -> tuple[int, list[str]]:
    done = job.run("git", "push", "origin", *words, cwd=work)
    return done.returncode, [line.rstrip() for line in done.stderr.splitlines()]


def changed(rig: Rig) -> list[str]:
    return [event.ref for event in rig.seen(RefChanged)]


@pytest.mark.clients
def test_a_push_to_a_protected_branch(start: Start) -> None:
    rig = ruled(start, branch("pull_request"))
    work = cloned(job := rig.job())
    code, lines = push(job, work, "HEAD:main")
    assert code == 1
    assert lines[:6] == [
        "remote: error: GH013: Repository rule violations found for refs/heads/main.",
        f"remote: Review all repository rules at {RULES}?ref=refs%2Fheads%2Fmain",
        "remote:",
        "remote: - Changes must be made through a pull request.",
        "remote:",
        f"To https://github.com/{REPOSITORY}",
    ]
    assert lines[6] == " ! [remote rejected] HEAD -> main (push declined due to repository rule violations)"
    assert changed(rig) == []


@pytest.mark.clients
def test_a_push_from_a_shallow_clone(start: Start) -> None:
    rig = ruled(start, branch("pull_request"))
    job = rig.job()
    assert job.run("git", "clone", "-q", "--depth=1", URL, "work").returncode == 0
    work = job.folder / "work"
    git("commit", "-q", "--allow-empty", "-m", "new", cwd=work)
    code, lines = push(job, work, "HEAD:main", "HEAD:refs/heads/other")
    assert (code, "remote: - Changes must be made through a pull request." in lines) == (1, True)
    assert changed(rig) == ["refs/heads/other"]


@pytest.mark.clients
def test_of_two_refs_one_goes_through(start: Start) -> None:
    rig = ruled(start, branch("pull_request"))
    work = cloned(job := rig.job())
    git("tag", "v2", cwd=work)
    code, lines = push(job, work, "HEAD:main", "v2", ":v0.0.1")
    assert code == 1
    assert " * [new tag]         v2 -> v2" in lines
    assert sorted(changed(rig)) == ["refs/tags/v0.0.1", "refs/tags/v2"]
    assert git("show", "v2:new.txt", cwd=rig.settings.clone) == "new"
    git("tag", "v3", cwd=work)
    assert push(job, work, "--atomic", "HEAD:main", "v3")[0] == 1
    assert "refs/tags/v3" not in changed(rig)


@pytest.mark.clients
@pytest.mark.parametrize(
    ("rule", "words", "code", "said"),
    [
        ("non_fast_forward", ["HEAD:main"], 0, None),
        ("non_fast_forward", ["--force", "HEAD~2:main"], 1, "Cannot force-push to this branch"),
        ("deletion", [":main"], 1, "Cannot delete this branch"),
        ("creation", ["HEAD:main"], 0, None),
        ("pull_request", ["HEAD:other"], 0, None),
        ("update", ["HEAD:main"], 1, "Cannot update this protected ref."),
        ("required_signatures", ["HEAD:main"], 1, "Commits must have verified signatures."),
    ],
)
def test_each_rule(start: Start, rule: str, words: list[str], code: int, said: str | None) -> None:
    rig = ruled(start, branch(rule))
    git("config", "receive.denyDeleteCurrent", "ignore", cwd=rig.settings.clone)
    work = cloned(job := rig.job())
    ended, lines = push(job, work, *words)
    assert ended == code, lines
    assert [line for line in lines if line.startswith("remote: - ")] == ([f"remote: - {said}"] if said else [])


@pytest.mark.clients
def test_tags(start: Start) -> None:
    rig = ruled(start, tags("creation", "update", "deletion"))
    work = cloned(job := rig.job())
    for name in ("v9", "v9-rc1", "other"):
        git("tag", name, cwd=work)
    assert push(job, work, "v9-rc1", "other")[0] == 0
    assert f"remote: - {NO_CREATION}" in push(job, work, "v9")[1]
    assert "remote: - Cannot update this protected ref." in push(job, work, "--force", "HEAD:refs/tags/v0.1.0")[1]
    assert "remote: - Cannot delete this tag" in push(job, work, ":v0.1.0")[1]


def test_who_passes(start: Start) -> None:
    facts = RepositoryFacts(
        rulesets=(branch("pull_request", bypass=["OrganizationAdmin"]),), user_tokens=frozenset({"ghp_own"})
    )
    rig = start(facts=facts)
    job = rig.job()
    body = {"sha": head(rig, "main~1"), "force": True}
    refused = asker(job)("PATCH", "/git/refs/heads/main", json=body)
    message = "Repository rule violations found\n\nChanges must be made through a pull request.\n\n"
    assert (refused.status_code, refused.json()["message"]) == (422, message)
    assert asker(job, "ghp_own")("PATCH", "/git/refs/heads/main", json=body).status_code == 200
    bot = ruled(start, branch("pull_request", bypass=["github-actions"]))
    assert asker(bot.job())("PATCH", "/git/refs/heads/main", json=body).status_code == 200


def test_the_api_says_which_branches_are_protected(start: Start) -> None:
    ask = asker(ruled(start, branch("pull_request")).job())
    assert ask("GET", "/branches/main").json()["protected"] is True


def test_a_release_whose_tag_may_not_be_made(start: Start) -> None:
    ask = asker(ruled(start, tags("creation")).job())
    answer = ask("POST", "/releases", json={"tag_name": "v9"})
    assert (answer.status_code, answer.json()["message"]) == (422, "Validation Failed")
    first, last = answer.json()["errors"]
    assert first["message"] == f"pre_receive Repository rule violations found\n\n{NO_CREATION}\n\n"
    assert last["message"] == "Published releases must have a valid tag"
    create(ask, "v0.1.0")
    assert ask("POST", "/git/refs", json={"ref": "refs/tags/v9", "sha": "0" * 40}).status_code == 422


@pytest.fixture
def immutable(start: Start) -> Rig:
    return ruled(start, immutable=True)


@pytest.fixture
def ask(immutable: Rig) -> Ask:
    return asker(immutable.job())


def upload(ask: Ask, number: int) -> tuple[int, str]:
    answer = ask("POST", f"{UPLOADS}/releases/{number}/assets", params={"name": "a.txt"}, content=b"a")
    return answer.status_code, answer.json().get("message", "")


def test_an_immutable_release_takes_files_while_it_is_a_draft(ask: Ask) -> None:
    number = create(ask, draft=True)["id"]
    assert upload(ask, number)[0] == 201
    published = ask("PATCH", f"/releases/{number}", json={"draft": False}).json()
    assert published["immutable"] is True
    assert upload(ask, number) == (422, "Cannot upload assets to an immutable release.")
    (asset,) = published["assets"]
    assert ask("DELETE", f"/releases/assets/{asset['id']}").status_code == 422
    assert ask("PATCH", f"/releases/{number}", json={"tag_name": "v2"}).status_code == 422
    assert ask("PATCH", f"/releases/{number}", json={"body": "Notes", "tag_name": "v0.1.0"}).json()["body"] == "Notes"


def test_its_tag_stays_and_is_never_used_again(immutable: Rig, ask: Ask) -> None:
    number = create(ask, "v0.1.0")["id"]
    assert ask("DELETE", "/git/refs/tags/v0.1.0").status_code == 422
    assert ask("DELETE", f"/releases/{number}").status_code == 204
    again = ask("POST", "/releases", json={"tag_name": "v0.1.0"})
    assert [each["message"] for each in again.json()["errors"]] == ["tag_name was used by an immutable release"]
    assert ask("DELETE", "/git/refs/tags/v0.1.0").status_code == 204
    refused = ask("POST", "/git/refs", json={"ref": "refs/tags/v0.1.0", "sha": head(immutable, "main")})
    assert NO_CREATION in refused.json()["message"]
    again = ask("POST", "/releases", json={"tag_name": "v0.1.0"})
    assert [each["message"] for each in again.json()["errors"]] == [
        f"pre_receive Repository rule violations found\n\n{NO_CREATION}\n\n",
        "tag_name was used by an immutable release",
        "Published releases must have a valid tag",
    ]


@pytest.mark.parametrize(
    ("pattern", "ref", "fits"),
    [
        ("~ALL", "refs/heads/x/y", True),
        ("~DEFAULT_BRANCH", "refs/heads/main", True),
        ("~DEFAULT_BRANCH", "refs/heads/other", False),
        ("refs/heads/main", "refs/heads/main", True),
        ("release/*", "refs/heads/release/1", True),
        ("release/*", "refs/heads/release/1/2", False),
        ("release/**/*", "refs/heads/release/1/2", True),
        ("release*", "refs/heads/release/1", False),
        ("main", "refs/tags/main", False),
    ],
)
def test_patterns(pattern: str, ref: str, fits: bool) -> None:
    assert covers(Ruleset(target="branch", include=(pattern,)), ref, "main") == fits
