"""Artifacts and caches as the REST API shows them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .artifact_protocol import Toolkit
from .cache_protocol import MAIN, TAG, Cache
from .driving import Rig

REPOSITORY = "https://api.github.com/repos/octo/demo/actions"
RUN = {"run_id": "77"}


class Api:
    """A job that asks the API, with its token unless told otherwise."""

    def __init__(self, rig: Rig, job_id: str = "ask", **permissions: str) -> None:
        self.job = rig.job(job_id, permissions=permissions or {"actions": "write"})
        self.headers = {"authorization": f"token ghs_{job_id}"}

    def __call__(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.job.http.request(method, f"{REPOSITORY}{path}", headers=self.headers, **more)


@pytest.fixture
def build(rig: Rig) -> Toolkit:
    return Toolkit(rig.job("build", claims=RUN))


def test_artifacts_of_a_run(rig: Rig, build: Toolkit) -> None:
    build.store("one", b"1")
    build.store("two", b"22", expires_at="2026-09-24T14:13:20.500Z")
    Toolkit(rig.job("other", claims={"run_id": "78"})).store("three", b"333")
    ask = Api(rig)
    listed = ask("GET", "/runs/77/artifacts").json()
    assert (listed["total_count"], [one["name"] for one in listed["artifacts"]]) == (2, ["two", "one"])
    assert [one["expires_at"] for one in listed["artifacts"]] == ["2026-09-24T14:13:20Z", "2026-12-20T14:13:20Z"]
    assert [one["id"] for one in ask("GET", "/runs/77/artifacts?name=one").json()["artifacts"]] == [1]
    assert ask("GET", "/runs/77/artifacts?per_page=1&page=2").json()["artifacts"][0]["name"] == "one"
    assert ask("GET", "/artifacts").json()["total_count"] == 3
    one = ask("GET", "/artifacts/2").json()
    assert (one["size_in_bytes"], one["workflow_run"]["id"], one["expired"]) == (2, 77, False)


def test_the_content_is_elsewhere(rig: Rig, build: Toolkit) -> None:
    build.store("one", b"1")
    ask = Api(rig)
    answer = ask("GET", "/artifacts/1/zip")
    assert answer.status_code == 302
    assert not answer.headers["content-type"].startswith("application/json"), "an empty body is no JSON"
    assert ask.job.http.get(answer.headers["location"]).content == b"1"
    assert ask("GET", "/artifacts/9/zip").status_code == 404
    ask.headers = {}
    assert ask("GET", "/artifacts/1/zip").status_code == 401


def test_an_artifact_is_removed_by_who_may(rig: Rig, build: Toolkit) -> None:
    build.store("one", b"1")
    assert Api(rig, "reader", actions="read")("DELETE", "/artifacts/1").status_code == 403
    ask = Api(rig)
    assert ask("DELETE", "/artifacts/1").status_code == 204
    assert ask("DELETE", "/artifacts/1").status_code == 404
    assert rig.twins.artifacts() == []


def test_an_unfinished_artifact_is_not_there(rig: Rig, build: Toolkit) -> None:
    build.create("one")
    ask = Api(rig)
    assert ask("GET", "/runs/77/artifacts").json()["total_count"] == 0
    assert ask("GET", "/artifacts/1").status_code == 404


def test_caches(rig: Rig) -> None:
    main, tagged = Cache(rig.job("main", claims=MAIN)), Cache(rig.job("tagged", claims=TAG))
    main.save("k-1", b"12345")
    tagged.save("k-1")
    tagged.save("k-2")
    ask = Api(rig)
    assert ask("GET", "/caches?key=k-").json()["total_count"] == 3
    shown = ask("GET", "/caches?ref=refs/heads/main").json()["actions_caches"][0]
    assert (shown["key"], shown["ref"], shown["size_in_bytes"]) == ("k-1", "refs/heads/main", 5)
    assert ask("DELETE", "/caches?key=k-1&ref=refs/heads/main").json()["total_count"] == 1
    assert main.find("k-1") is None
    assert (
        ask("DELETE", f"/caches/{ask('GET', '/caches?key=k-2').json()['actions_caches'][0]['id']}").status_code == 204
    )
    assert ask("GET", "/caches").json()["total_count"] == 1
    assert [ask("DELETE", path).status_code for path in ("/caches?key=k", "/caches/99", "/caches")] == [404, 404, 422]
