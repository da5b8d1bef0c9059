"""GitHub's REST API as octokit speaks it: JSON in and out, and errors in its words. Knows no route and no action."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from simulator.actions.builtin.toolkit import http

TIMEOUT = 600.0


class HttpError(Exception):
    """An answer that is no success; its text is what octokit says of it."""

    def __init__(self, status: int, data: object) -> None:
        super().__init__(_words(data))
        self.status, self.data = status, data

    @property
    def code(self) -> str:
        """The code of its first detail, `already_exists` for one."""
        errors = self.data.get("errors") if isinstance(self.data, dict) else None
        first = errors[0] if isinstance(errors, list) and errors else None
        return str(first.get("code", "")) if isinstance(first, dict) else ""


def _words(data: object) -> str:
    if not isinstance(data, dict) or "message" not in data:
        return f"Unknown error: {json.dumps(data)}"
    page = f" - {data['documentation_url']}" if "documentation_url" in data else ""
    errors = data.get("errors")
    details = f": {', '.join(compact(error) for error in errors)}" if isinstance(errors, list) else ""
    return f"{data['message']}{details}{page}"


def compact(value: object) -> str:
    """JSON as JavaScript writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Octokit:
    """A session with a token; `repository` is the address of one, as owner/name."""

    def __init__(self, token: str, repository: str) -> None:
        self._session = http.session()
        self._headers = {"authorization": f"token {token}", "accept": "application/vnd.github.v3+json"}
        self.repository = f"{os.environ.get('GITHUB_API_URL') or 'https://api.github.com'}/repos/{repository}"

    def call(self, method: str, url: str, **given: Any) -> tuple[Mapping[str, Any], Any]:
        """The links of an answer, and its data. Raises HttpError."""
        headers = {**self._headers, **given.pop("headers", {})}
        answer = self._session.request(method, url, headers=headers, timeout=TIMEOUT, **given)
        try:
            data = answer.json() if answer.content else None
        except ValueError:
            data = answer.text
        if not answer.ok:
            raise HttpError(answer.status_code, data)
        return answer.links, data
