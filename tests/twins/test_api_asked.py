"""What release tools ask of GitHub's API: media types to the letter, workflows, jobs, refs and commits by GraphQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.run_events import (
    ArtifactStored,
    Conclusion,
    FindingRaised,
    JobFinished,
    JobStarted,
    StepFinished,
    StepStarted,
)
from simulator.twins.github_api.facts import RepositoryFacts
from tests.git import git

from .api_requests import API, Ask, asker, create, head
from .artifact_protocol import Toolkit
from .driving import Rig, Start

GRAPHQL = "https://api.github.com/graphql"
UPLOADS = API.replace("api.", "uploads.")
PULLS = """
query find($owner: String!, $name: String!, $at: String!, $urls: Boolean!, $prefix: String!) {
  repository(owner: $owner, name: $name) {
    object(expression: $at) {
      ... on Tag { name }
      ... on Commit {
        __typename
        history(first: 2) {
          totalCount
          pageInfo { hasNextPage endCursor }
          nodes { message id @include(if: $urls) oid @skip(if: $urls) ...pulls }
        }
      }
    }
    refs(refPrefix: $prefix, last: 2, orderBy: {field: TAG_COMMIT_DATE, direction: ASC}) {
      edges { node { name target { oid ... on Tag { name target { oid } } ... on Commit { message } } } }
    }
  }
}
fragment pulls on Commit { associatedPullRequests(first: 5) { nodes { number } } }
"""


@pytest.fixture
def rig(start: Start) -> Rig:
    return start(facts=RepositoryFacts(id=123456, jobs={"publish": "Publish it"}))


@pytest.fixture
def ask(rig: Rig) -> Ask:
    return asker(rig.job())


@pytest.mark.parametrize(
    "kind", ["application/vnd.github.v3.raw", "application/vnd.github.raw", "application/vnd.github.raw+json"]
)
def test_a_media_type_comes_back_as_it_was_asked(rig: Rig, ask: Ask, kind: str) -> None:
    answer = ask("GET", "/contents/file.txt", headers={"accept": kind})
    assert (answer.headers["content-type"], answer.text) == (f"{kind}; charset=utf-8", "2\n")
    blob = ask("GET", f"/git/blobs/{head(rig, 'main:file.txt')}", headers={"accept": kind})
    assert (blob.headers["content-type"], blob.text) == (f"{kind}; charset=utf-8", "2\n")
    folder = ask("GET", "/contents", headers={"accept": kind})
    assert folder.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("path", ["/commits/main", "/compare/main~1...main"])
@pytest.mark.parametrize(("kind", "begins"), [("diff", "diff --git a/file.txt"), ("patch", "From ")])
def test_a_change_as_text(ask: Ask, path: str, kind: str, begins: str) -> None:
    answer = ask("GET", path, headers={"accept": f"application/vnd.github.v3.{kind}"})
    assert answer.headers["content-type"] == f"application/vnd.github.v3.{kind}; charset=utf-8"
    assert answer.text.startswith(begins)
    assert "\n-1\n+2\n" in answer.text


def test_what_github_would_render_is_not_rehearsed(rig: Rig, ask: Ask) -> None:
    assert ask("GET", "/contents/file.txt", headers={"accept": "application/vnd.github.html"}).status_code == 501
    (finding,) = [event.finding for event in rig.seen(FindingRaised)]
    assert (finding.code, finding.unrehearsed) == ("github-api-not-rehearsed", ("publish",))
    assert f"GET {API}/contents/file.txt as application/vnd.github.html" in finding.message


def test_a_folder_as_an_object(ask: Ask) -> None:
    found = ask("GET", "/contents", headers={"accept": "application/vnd.github.object+json"}).json()
    assert (found["type"], [entry["name"] for entry in found["entries"]]) == ("dir", ["file.txt"])


def test_the_older_routes_of_refs(rig: Rig, ask: Ask) -> None:
    assert ask("GET", "/git/refs/tags/v0.1.0").json()["ref"] == "refs/tags/v0.1.0"
    assert {each["ref"] for each in ask("GET", "/git/refs/tags").json()} == {"refs/tags/v0.0.1", "refs/tags/v0.1.0"}
    assert "refs/heads/main" in {each["ref"] for each in ask("GET", "/git/refs").json()}
    assert ask("GET", "/git/refs/tags/v9").status_code == 404


def test_workflows(rig: Rig, ask: Ask, tmp_path: Path) -> None:
    assert ask("GET", "/actions/workflows").json() == {"total_count": 0, "workflows": []}
    work = tmp_path / "work"
    git("clone", "-q", str(rig.settings.clone), str(work), cwd=tmp_path)
    (work / ".github/workflows").mkdir(parents=True)
    (work / ".github/workflows/ci.yaml").write_text("on: push\njobs: {}\n")
    (work / ".github/workflows/release.yml").write_text("# of tags\nname: 'Release it'  # always\non: push\n")
    (work / ".github/workflows/README.md").write_text("name: no workflow\n")
    git("add", "--all", cwd=work)
    git("commit", "-q", "-m", "Workflows", cwd=work)
    git("push", "-q", "origin", "HEAD:main", cwd=work)
    found = ask("GET", "/actions/workflows").json()["workflows"]
    assert [(each["name"], each["path"], each["state"]) for each in found] == [
        (".github/workflows/ci.yaml", ".github/workflows/ci.yaml", "active"),
        ("Release it", ".github/workflows/release.yml", "active"),
    ]
    assert ask("GET", "/actions/workflows/release.yml").json() == found[1]
    assert ask("GET", f"/actions/workflows/{found[1]['id']}").json() == found[1]
    assert ask("GET", "/actions/workflows/none.yml").status_code == 404
    assert ask("GET", "/actions/workflows/ci.yaml/runs").status_code == 501, "which runs it had, GitHub knows"


def test_the_jobs_of_the_run(rig: Rig) -> None:
    rig.job("build")
    for event in (
        JobStarted(job_id="build", at=1_790_000_000.0),
        StepStarted(job_id="build", number=1, name="Set up job", span=None, at=1_790_000_001.0),
        StepFinished(
            job_id="build", number=1, outcome=Conclusion.FAILURE, conclusion=Conclusion.FAILURE, at=1_790_000_002.0
        ),
        JobFinished(job_id="build", conclusion=Conclusion.FAILURE, at=1_790_000_003.0),
        JobStarted(job_id="publish", at=1_790_000_004.0),
    ):
        rig.twins.hear(event)
    rig.twins.close_job("build")
    ask = asker(rig.job("publish"))
    found = ask("GET", "/actions/runs/77/jobs").json()
    assert found["total_count"] == 2
    build, publish = found["jobs"]
    assert (build["name"], build["status"], build["conclusion"], build["run_id"]) == (
        "build",
        "completed",
        "failure",
        77,
    )
    assert [(step["name"], step["conclusion"]) for step in build["steps"]] == [("Set up job", "failure")]
    assert (publish["name"], publish["status"], publish["conclusion"]) == ("Publish it", "in_progress", None)
    assert ask("GET", "/actions/runs/77/attempts/1/jobs").json() == found
    assert ask("GET", f"/actions/jobs/{publish['id']}").json() == publish
    assert ask("GET", "/actions/runs/78/jobs").status_code == 404


def asked(ask: Ask, query: str, **variables: object) -> Any:
    given = {"owner": "octo", "name": "demo", **variables}
    answer = ask("POST", GRAPHQL, json={"query": query, "variables": given})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["repository"]


def test_refs_and_history_by_graphql(rig: Rig, ask: Ask) -> None:
    found = asked(ask, PULLS, at="main", urls=False, prefix="refs/tags/")
    history = found["object"]["history"]
    assert (found["object"]["__typename"], "name" in found["object"]) == ("Commit", False)
    assert (history["totalCount"], history["pageInfo"]) == (3, {"hasNextPage": True, "endCursor": "2"})
    assert [(node["message"], node["oid"], "id" in node) for node in history["nodes"]] == [
        ("commit 2", head(rig, "main"), False),
        ("commit 1", head(rig, "main~1"), False),
    ]
    first, second = [edge["node"] for edge in found["refs"]["edges"]]
    by_name = {first["name"]: first["target"], second["name"]: second["target"]}
    assert by_name.keys() == {"v0.0.1", "v0.1.0"}
    assert by_name["v0.1.0"]["target"]["oid"] == head(rig, "v0.1.0^{commit}"), "an annotated tag"
    assert "message" in by_name["v0.0.1"]
    assert "oid" not in asked(ask, PULLS, at="main", urls=True, prefix="refs/heads/")["object"]["history"]["nodes"][0]


def test_the_pull_requests_of_a_commit_are_not_rehearsed(rig: Rig, ask: Ask) -> None:
    nodes = asked(ask, PULLS, at="main", urls=False, prefix="refs/tags/")["object"]["history"]["nodes"]
    assert [node["associatedPullRequests"]["nodes"] for node in nodes] == [[], []]
    (finding,) = {event.finding for event in rig.seen(FindingRaised)}
    assert (finding.code, finding.unrehearsed) == ("github-api-not-rehearsed", ("publish",))
    assert "which pull requests belong to a commit" in finding.message


def test_the_tag_of_a_release_by_graphql(rig: Rig, ask: Ask) -> None:
    create(ask)
    query = """query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {
        defaultBranchRef { name target { oid } }
        releases(first: 1) { nodes { tag { name } tagCommit { oid } } }
    } }"""
    found = asked(ask, query)
    assert found["releases"]["nodes"] == [
        {"tag": {"name": "v0.1.0"}, "tagCommit": {"oid": head(rig, "v0.1.0^{commit}")}}
    ]
    assert found["defaultBranchRef"] == {"name": "main", "target": {"oid": head(rig, "main")}}


@pytest.mark.parametrize(
    ("given", "shown"),
    [(".gitignore", "default.gitignore"), ("demo-1.0.whl.", "demo-1.0.whl"), ("..x", "default.x"), ("a b", "a.b")],
)
def test_the_name_of_a_file_that_is_uploaded(ask: Ask, given: str, shown: str) -> None:
    number = create(ask)["id"]
    answer = ask("POST", f"{UPLOADS}/releases/{number}/assets", params={"name": given}, content=b"x")
    assert answer.json()["name"] == shown


def test_a_deleted_artifact_is_told(rig: Rig) -> None:
    job = rig.job("publish", permissions={"contents": "read", "actions": "write"})
    build, ask = Toolkit(job), asker(job)
    build.store("dist", b"1")
    build.call("DeleteArtifact", **build.ids, name="dist")
    build.store("dist", b"2")
    (listed,) = ask("GET", "/actions/artifacts").json()["artifacts"]
    assert ask("DELETE", f"/actions/artifacts/{listed['id']}").status_code == 204
    told = [(event.job_id, event.name, event.deleted) for event in rig.seen(ArtifactStored)]
    assert told == [("publish", "dist", deleted) for deleted in (False, True, False, True)]
