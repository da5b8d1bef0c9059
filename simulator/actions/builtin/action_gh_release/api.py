"""The routes of a repository's releases. Knows no action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from simulator.actions.builtin.toolkit.octokit import HttpError, Octokit

Json = dict[str, Any]


class Api:
    """What the action asks of GitHub."""

    def __init__(self, token: str, repository: str) -> None:
        self._octokit = Octokit(token, repository)
        self._base = f"{self._octokit.repository}/releases"

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
            _, data = self._octokit.call("POST", f"{url}?name={quote(path.name)}", data=file, headers=headers)
        return dict(data)

    def _object(self, method: str, path: str, fields: Mapping[str, object] | None = None) -> Json:
        given = {name: value for name, value in (fields or {}).items() if value is not None}
        _, data = self._send(method, path, **({"json": given} if fields is not None else {}))
        return dict(data)

    def _pages(self, path: str) -> Iterator[Json]:
        url: str | None = f"{self._base}{path}"
        while url:
            links, data = self._octokit.call("GET", url)
            yield from data
            url = links.get("next", {}).get("url")

    def _send(self, method: str, path: str, **given: Any) -> tuple[Mapping[str, Any], Any]:
        return self._octokit.call(method, f"{self._base}{path}", **given)
