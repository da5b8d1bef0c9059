"""Requests of GitHub's REST API by a job's token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from tests.git import git

from .driving import REPOSITORY, Job, Rig

API = f"https://api.github.com/repos/{REPOSITORY}"
JOB_TOKEN = "ghs_publish"
Ask = Callable[..., httpx.Response]


def asker(job: Job, token: str = JOB_TOKEN) -> Ask:
    """Sends requests with a token, to a path of the repository or to a whole URL."""

    def ask(method: str, path: str, **given: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        headers |= given.pop("headers", {})
        return job.http.request(method, path if "://" in path else f"{API}{path}", headers=headers, **given)

    return ask


def head(rig: Rig, ref: str) -> str:
    return git("rev-parse", ref, cwd=rig.settings.clone)


def create(ask: Ask, tag: str = "v0.1.0", **fields: object) -> Mapping[str, Any]:
    answer = ask("POST", "/releases", json={"tag_name": tag, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]
