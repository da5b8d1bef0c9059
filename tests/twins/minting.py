"""The exchange of an ID token for an upload token, and what an answer or a token says."""

from __future__ import annotations

import json
from typing import Any

import httpx
from pymacaroons import Macaroon

from simulator.indexes import IndexName, indexes

from .driving import Job

NOT_FOUND = "Publisher with matching claims was not found"


def id_token(job: Job, audience: str = "pypi") -> str:
    env = job.access.run_env
    headers = {"authorization": f"bearer {env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    answer = job.http.get(f"{env['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience={audience}", headers=headers)
    token: str = answer.json()["value"]
    return token


def exchange(job: Job, token: str | None = None, index: IndexName = "pypi") -> httpx.Response:
    body = {"token": token or id_token(job, index)}
    return job.http.post(f"https://{indexes()[index].upload_host}/_/oidc/mint-token", json=body)


def refusal(answer: httpx.Response) -> tuple[str, str]:
    assert answer.status_code == 422
    assert answer.json()["message"] == "Token request failed"
    (error,) = answer.json()["errors"]
    return error["code"], error["description"]


def caveats(token: str) -> list[list[Any]]:
    return [json.loads(caveat.caveat_id) for caveat in Macaroon.deserialize(token.removeprefix("pypi-")).caveats]


def has_project(job: Job, name: str) -> bool:
    return job.http.get(f"{indexes()['pypi'].simple_url}{name}/").status_code == 200
