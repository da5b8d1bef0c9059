"""GitHub's REST API as octokit speaks it: JSON in and out, pages, and errors in its words. Knows no action."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from simulator.actions.builtin.toolkit import http

TIMEOUT = 600.0
Json = dict[str, Any]


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


class Api:
    """The routes of a repository's releases."""

    def __init__(self, token: str, repository: str) -> None:
        self._session = http.session()
        self._headers = {"authorization": f"token {token}", "accept": "application/vnd.github.v3+json"}
        base = os.environ.get("GITHUB_API_URL") or "https://api.github.com"
        self._base = f"{base}/repos/{repository}/releases"

    def of_tag(self, tag: str) -> Json | None:
        """The published release of a tag."""
        try:
            return self._object("GET", f"/tags/{quote(tag, safe='')}")
        except HttpError as error:
            if error.status == 404:
                return None
            raise

    def all(self) -> Iterator[Json]:
        """Every release, drafts too."""
        yield from self._pages("?per_page=100")

    def notes(self, fields: Mapping[str, object]) -> Json:
        """The title and the text that GitHub writes."""
        return self._object("POST", "/generate-notes", fields)

    def create(self, fields: Mapping[str, object]) -> Json:
        """Make a release."""
        return self._object("POST", "", fields)

    def update(self, number: int, fields: Mapping[str, object]) -> Json:
        """Change a release."""
        return self._object("PATCH", f"/{number}", fields)

    def delete(self, number: int) -> None:
        """Delete a release."""
        self._send("DELETE", f"/{number}")

    def assets(self, number: int) -> list[Json]:
        """The files of a release."""
        return list(self._pages(f"/{number}/assets?per_page=100"))

    def label(self, asset: int, name: str, label: str) -> Json:
        """Give a file the label under which people see it."""
        return self._object("PATCH", f"/assets/{asset}", {"name": name, "label": label})

    def delete_asset(self, asset: int) -> None:
        """Delete a file."""
        self._send("DELETE", f"/assets/{asset}")

    def upload(self, url: str, path: Path, mime: str) -> Json:
        """Upload a file to the address that the release names."""
        headers = {"content-type": mime, "content-length": str(path.stat().st_size)}
        with path.open("rb") as file:
            _, data = self._call("POST", f"{url}?name={quote(path.name)}", data=file, headers=headers)
        return dict(data)

    def _object(self, method: str, path: str, fields: Mapping[str, object] | None = None) -> Json:
        given = {name: value for name, value in (fields or {}).items() if value is not None}
        _, data = self._send(method, path, **({"json": given} if fields is not None else {}))
        return dict(data)

    def _pages(self, path: str) -> Iterator[Json]:
        url: str | None = f"{self._base}{path}"
        while url:
            links, data = self._call("GET", url)
            yield from data
            url = links.get("next", {}).get("url")

    def _send(self, method: str, path: str, **given: Any) -> tuple[Mapping[str, Any], Any]:
        return self._call(method, f"{self._base}{path}", **given)

    def _call(self, method: str, url: str, **given: Any) -> tuple[Mapping[str, Any], Any]:
        headers = {**self._headers, **given.pop("headers", {})}
        answer = self._session.request(method, url, headers=headers, timeout=TIMEOUT, **given)
        try:
            data = answer.json() if answer.content else None
        except ValueError:
            data = answer.text
        if not answer.ok:
            raise HttpError(answer.status_code, data)
        return answer.links, data
