"""The protocol of caches as GitHub's toolkit speaks it."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from .driving import Job

TAG, MAIN = {"ref": "refs/tags/v0.1.0"}, {"ref": "refs/heads/main"}


@dataclass
class Cache:
    """A job that speaks the second protocol."""

    job: Job

    def call(self, method: str, **fields: object) -> httpx.Response:
        env = self.job.access.action_env
        url = f"{env['ACTIONS_RESULTS_URL']}twirp/github.actions.results.api.v1.CacheService/{method}"
        token = {"authorization": f"Bearer {env['ACTIONS_RUNTIME_TOKEN']}"}
        return self.job.http.post(url, json={"version": "v", **fields}, headers=token)

    def save(self, key: str, content: bytes = b"content", **fields: object) -> str:
        made = self.call("CreateCacheEntry", key=key, **fields)
        assert made.status_code == 200, made.text
        whole = {"x-ms-blob-type": "BlockBlob"}
        assert self.job.http.put(made.json()["signed_upload_url"], content=content, headers=whole).status_code == 201
        done = self.call("FinalizeCacheEntryUpload", key=key, size_bytes=str(len(content)), **fields)
        assert done.json()["ok"], done.text
        entry: str = done.json()["entry_id"]
        return entry

    def find(self, key: str, *restore_keys: str, **fields: object) -> str | None:
        """The key of the entry that a job gets."""
        answer = self.call("GetCacheEntryDownloadURL", key=key, restore_keys=restore_keys, **fields).json()
        return answer["matched_key"] if answer["ok"] else None

    def get(self, key: str) -> httpx.Response:
        answer = self.call("GetCacheEntryDownloadURL", key=key).json()
        return self.job.http.get(answer["signed_download_url"])
