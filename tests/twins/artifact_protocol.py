"""The protocol of artifacts as GitHub's toolkit speaks it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import httpx
import jwt

from .driving import Job

SERVICE = "twirp/github.actions.results.api.v1.ArtifactService"


class Toolkit:
    """Speaks the protocol from inside a job."""

    def __init__(self, job: Job) -> None:
        env = job.access.action_env
        self.http, self.base, self.token = job.http, env["ACTIONS_RESULTS_URL"], env["ACTIONS_RUNTIME_TOKEN"]
        scopes = jwt.decode(self.token, options={"verify_signature": False})["scp"].split()
        (scope,) = [scope for scope in scopes if scope.startswith("Actions.Results:")]
        _, run_id, job_id = scope.split(":")
        self.ids = {"workflow_run_backend_id": run_id, "workflow_job_run_backend_id": job_id}

    def call(self, method: str, **fields: object) -> httpx.Response:
        body = {**self.ids, **fields}
        headers = {"authorization": f"Bearer {self.token}"}
        return self.http.post(f"{self.base}{SERVICE}/{method}", json=body, headers=headers)

    def create(self, name: str, **fields: object) -> str:
        answer = self.call("CreateArtifact", name=name, **{"version": 4, **fields})
        assert answer.status_code == 200, answer.text
        url: str = answer.json()["signed_upload_url"]
        return url

    def put(self, url: str, *blocks: bytes, order: list[int] | None = None) -> None:
        """Send the blocks in `order`; the list of blocks is in that of the arguments."""
        ids = [base64.b64encode(f"{'x' * 36}{number:012}".encode()).decode() for number in range(len(blocks))]
        for number in order or range(len(blocks)):
            query = httpx.QueryParams({"comp": "block", "blockid": ids[number]})
            assert self.http.put(f"{url}&{query}", content=blocks[number]).status_code == 201
        listed = "".join(f"<Latest>{block}</Latest>" for block in ids)
        document = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'
        headers = {"x-ms-blob-content-type": "zip"}
        answer = self.http.put(f"{url}&comp=blocklist", content=document, headers=headers)
        assert answer.status_code == 201, answer.text

    def store(self, name: str, content: bytes, **fields: object) -> str:
        self.put(self.create(name, **fields), content)
        answer = self.call("FinalizeArtifact", name=name, size=str(len(content)), hash=digest(content))
        assert answer.status_code == 200, answer.text
        number: str = answer.json()["artifact_id"]
        return number

    def listed(self, **filters: object) -> list[dict[str, Any]]:
        artifacts: list[dict[str, Any]] = self.call("ListArtifacts", **filters).json()["artifacts"]
        return artifacts

    def fetch(self, name: str) -> httpx.Response:
        (found,) = self.listed(name_filter=name)
        ids = {key: found[key] for key in self.ids}
        url = self.call("GetSignedArtifactURL", **{**ids, "name": name}).json()["signed_url"]
        return self.http.get(url)


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
