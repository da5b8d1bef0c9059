"""GitHub's own CLI, `gh release`, as PyPA's guide publishes with it; and the queries that it and others send."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from platformdirs import user_cache_path

from simulator.run_events import FindingRaised, RefChanged, ReleaseChanged

from .api_requests import Ask, asker, create
from .driving import REPOSITORY, Job, Rig

GRAPHQL = "https://api.github.com/graphql"
CROWD = " ".join(
    f"fragment {each} on Query {{ {f'...{following} ' * 20} }}" for each, following in itertools.pairwise("abcdefz")
)
Gh = Callable[..., str]


@pytest.fixture(scope="session")
def program() -> Path:
    """The `gh` of this machine, else Debian's, unpacked into the cache."""
    if found := shutil.which("gh"):
        return Path(found)
    folder = user_cache_path("pysim-tests", appauthor=False) / "gh"
    unpacked = folder / "unpacked/usr/bin/gh"
    if not unpacked.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(
                ["apt-get", "-q", "download", "gh"], cwd=folder, capture_output=True, check=True, timeout=120
            )
            (package,) = folder.glob("gh_*.deb")
            subprocess.run(["dpkg", "-x", package, folder / "unpacked"], capture_output=True, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"there is no gh: {error}")
    return unpacked


@pytest.fixture
def job(rig: Rig) -> Job:
    job = rig.job()
    for name in ("demo.whl", "demo.tar.gz"):
        (job.folder / name).write_text(name)
    return job


@pytest.fixture
def gh(job: Job, program: Path) -> Gh:
    def run(*words: str, fails: bool = False) -> str:
        env = {"GH_TOKEN": "ghs_publish", "GH_REPO": REPOSITORY, "NO_COLOR": "1", "GH_NO_UPDATE_NOTIFIER": "1"}
        done = job.run(program, *words, env=env)
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr if fails else done.stdout

    return run


@pytest.mark.network
def test_a_release_as_the_guide_makes_it(rig: Rig, gh: Gh) -> None:
    page = f"https://github.com/{REPOSITORY}/releases/tag/v0.1.0"
    assert gh("release", "create", "v0.1.0", "--notes", "").strip() == page
    gh("release", "upload", "v0.1.0", "demo.whl", "demo.tar.gz")
    gh("release", "upload", "v0.1.0", "demo.whl", "--clobber")
    last = rig.seen(ReleaseChanged)[-1]
    assert ({asset.name for asset in last.assets}, last.latest) == ({"demo.whl", "demo.tar.gz"}, True)
    shown = json.loads(gh("release", "view", "v0.1.0", "--json", "tagName,assets,isDraft"))
    assert (shown["tagName"], len(shown["assets"]), shown["isDraft"]) == ("v0.1.0", 2, False)
    assert rig.seen(FindingRaised) == []


@pytest.mark.network
def test_what_else_gh_does_with_releases(rig: Rig, gh: Gh, job: Job) -> None:
    gh("release", "create", "v0.1.0", "demo.whl", "demo.tar.gz", "--title", "T", "--generate-notes")
    gh("release", "create", "v0.2.0", "--draft", "--notes", "later")
    assert "draft:\ttrue" in gh("release", "view", "v0.2.0")
    assert "doesn't exist in the repo" in gh("release", "create", "v3", "--verify-tag", "-n", "x", fails=True)
    assert {line.split("\t")[2] for line in gh("release", "list").splitlines()} == {"v0.2.0", "v0.1.0"}
    gh("release", "edit", "v0.2.0", "--draft=false", "--latest")
    assert "v0.2.0" in gh("release", "view")
    gh("release", "download", "v0.1.0", "-p", "*.whl", "-D", "down")
    assert (job.folder / "down/demo.whl").read_text() == "demo.whl"
    gh("release", "delete-asset", "v0.1.0", "demo.tar.gz", "-y")
    gh("release", "delete", "v0.2.0", "--yes", "--cleanup-tag")
    assert gh("api", "repos/{owner}/{repo}/releases", "--jq", ".[].tag_name").split() == ["v0.1.0"]
    assert [(event.ref, bool(event.after)) for event in rig.seen(RefChanged)] == [
        ("refs/tags/v0.2.0", True),
        ("refs/tags/v0.2.0", False),
    ]
    assert rig.seen(FindingRaised) == []


@pytest.mark.network
def test_gh_without_the_permission(rig: Rig, program: Path) -> None:
    job = rig.job("reader", permissions={"contents": "read"})
    done = job.run(program, "release", "create", "v0.1.0", "-n", "", "-R", REPOSITORY, env={"GH_TOKEN": "ghs_reader"})
    assert (done.returncode, "HTTP 403: Resource not accessible by integration" in done.stderr) == (1, True)


# ---- queries by themselves


@pytest.fixture
def ask(rig: Rig) -> Ask:
    return asker(rig.job())


def query(ask: Ask, text: str, **variables: object) -> Any:
    return ask("POST", GRAPHQL, json={"query": text, "variables": variables}).json()


def test_a_query_with_all_that_the_language_has(ask: Ask) -> None:
    for number in range(3):
        create(ask, f"v{number}")
    text = """
        query Every($owner: String!, $name: String = "demo", $count: Int = 2) { # a comment
          who: viewer { login }
          repository(owner: $owner, name: $name) {
            ...named
            releases(first: $count, orderBy: {field: CREATED_AT, direction: DESC}) {
              nodes { tagName, ... on Release { isLatest } }
              pageInfo { hasNextPage endCursor }
              totalCount
            }
            none: release(tagName: "no\\"thing") { id }
            ref(qualifiedName: "v0.1.0") { name prefix target { oid __typename } }
          }
        }
        fragment named on Repository { nameWithOwner defaultBranchRef { name } }
    """
    data = query(ask, text, owner="Octo")["data"]
    assert data["who"] == {"login": "github-actions[bot]"}
    found = data["repository"]
    assert (found["nameWithOwner"], found["defaultBranchRef"]["name"], found["none"]) == (REPOSITORY, "main", None)
    assert found["releases"]["nodes"] == [
        {"tagName": "v2", "isLatest": True},
        {"tagName": "v1", "isLatest": False},
    ]
    assert found["releases"]["pageInfo"] == {"hasNextPage": True, "endCursor": "2"}
    assert (found["ref"]["prefix"], found["ref"]["target"]["__typename"]) == ("refs/tags/", "Tag")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("mutation Make { createRelease { id } }", "mutation Make"),
        ('query Others { repository(owner: "a", name: "b") { id } }', "query Others"),
        ('query Fields { repository(owner: "octo", name: "demo") { stargazerCount } }', "query Fields"),
        ("{ organization { id } }", "organization"),
        ("{ viewer { login }", "a document that is not understood: Syntax Error: Expected Name, found <EOF>."),
        ("{ a(b: ~) }", "a document that is not understood: Syntax Error: Unexpected character: '~'."),
        ("", "a document that is not understood: Syntax Error: Unexpected <EOF>."),
        ("{ viewer { login } } { viewer { id } }", "a document of 2 operations"),
        ("{ viewer { login } } type Thing { id: Int }", "a document that defines types"),
        ("{ viewer { login @defer(if: true) } }", "the directive @defer"),
        ("{" + "a{" * 40 + "b" + "}" * 41, "a document of that depth"),
        ("{a(b:" + "[" * 5000, "a document "),
        ("{" + "a{" * 20_000, "a document "),
        ("{ viewer { login } } #" + "x" * 100_000, "a document of that length"),
        ("{ ...a } fragment a on Query { ...a }", "a document of that depth"),
        (f"{{ ...a }} {CROWD} fragment z on Query {{ viewer {{ login }} }}", "a document of that size"),
    ],
    ids=[
        *("mutation", "other-repository", "field", "root", "cut-short", "character", "empty", "two", "types"),
        *("directive", "deep", "deep-value", "very-deep", "long", "circle", "crowd"),
    ],
)
def test_a_query_that_is_not_answered(rig: Rig, ask: Ask, text: str, named: str) -> None:
    answer = ask("POST", GRAPHQL, json={"query": text})
    assert (answer.status_code, f"({named}" in answer.json()["message"]) == (501, True), answer.text
    assert len(rig.seen(FindingRaised)) == 1


def test_arguments_of_every_kind(ask: Ask) -> None:
    for number in range(3):
        create(ask, f"v{number}")
    text = """
        query ($owner: String!, $order: Order = {direction: ASC}, $none: Int) {
          repository(owner: $owner, name: BLOCK) {
            all: releases(orderBy: $order, first: $none, ids: [1, 2.5, $none, true]) { nodes { tagName } }
            ... { two: releases(first: 2, after: null, orderBy: {field: CREATED_AT}) { nodes { tagName } } }
            rest: releases(after: "1", first: $undeclared) { nodes { tagName } }
            ...missing
          }
        }
    """.replace("BLOCK", '"""demo"""')
    found = query(ask, text, owner="octo")["data"]["repository"]
    tags = {name: [each["tagName"] for each in releases["nodes"]] for name, releases in found.items()}
    assert tags == {"all": ["v0", "v1", "v2"], "two": ["v2", "v1"], "rest": ["v1", "v0"]}


def test_the_language_is_loaded_when_a_query_comes(python: str) -> None:
    """It takes long, and few jobs ask."""
    program = """
        import sys
        import simulator.twins.github_api.assembly, simulator.twins.server
        from simulator.cli.main import main
        main(["plan", "-C", "sample_repo", "--tag", "v0.1.0"])
        sys.exit("graphql" in sys.modules)
    """
    done = subprocess.run([python, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("token", ["", "ghp_else"])
def test_a_query_of_nobody(rig: Rig, token: str) -> None:
    assert asker(rig.job(), token)("POST", GRAPHQL, json={"query": "{ viewer { login } }"}).status_code == 401
