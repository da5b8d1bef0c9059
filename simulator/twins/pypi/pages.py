"""What installers read: simple pages and files from pypiserver, of these only what the catalogue shows, and JSON.

Knows this run's index alone; what it does not hold is its caller's affair.
"""

from __future__ import annotations

import datetime
import html
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, Final, cast

import httpx
from a2wsgi import WSGIMiddleware
from packaging.version import Version
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp

from simulator.indexes import Index
from simulator.twins.pypi.behind import pypiserver_on
from simulator.twins.pypi.catalogue import File, Project, Release
from simulator.twins.pypi.store import Store

_HEADERS: Final = {"cache-control": "max-age=600, public", "vary": "Accept"}
_INFO: Final = (
    "summary description description_content_type keywords license license_expression license_files author "
    "author_email maintainer maintainer_email requires_python requires_dist provides_extra home_page download_url "
    "project_urls dynamic"
)


class Pages:
    """The reading side of one index."""

    def __init__(self, index: Index, store: Store) -> None:
        self._index, self._store = index, store
        self._pypiserver = WSGIMiddleware(pypiserver_on(store.packages), workers=4)
        transport = httpx.ASGITransport(app=self.app)
        self._client = httpx.AsyncClient(transport=transport, base_url=f"https://{index.main_host}", trust_env=False)

    @property
    def app(self) -> ASGIApp:
        """pypiserver itself, unfiltered."""
        return cast("ASGIApp", self._pypiserver)

    async def close(self) -> None:
        """End pypiserver's threads."""
        await self._client.aclose()
        self._pypiserver.executor.shutdown()

    def project(self, name: str) -> Project | None:
        """A project of this run's index, by its name in any spelling."""
        with self._store.reading() as catalogue:
            return catalogue.project(name)

    def is_visible(self, filename: str) -> bool:
        """Whether a file may be downloaded."""
        with self._store.reading() as catalogue:
            return catalogue.file(filename) is not None

    def front(self) -> Response:
        """The list of this run's projects."""
        with self._store.reading() as catalogue:
            projects = catalogue.projects()
        links = [f'<a href="/simple/{project.name}/">{html.escape(project.display)}</a>' for project in projects]
        return _page("Simple index", links)

    async def simple(self, project: Project) -> Response:
        """The simple page of a project: pypiserver's links with the hash, and what the catalogue adds to them."""
        with self._store.reading() as catalogue:
            visible = {file.filename: file for file in catalogue.files(project.name)}
        answer = await self._client.get(f"/simple/{project.name}/")
        found = _Links()
        if answer.status_code == httpx.codes.OK:
            found.feed(answer.text)
        chosen = [(name, target) for name, target in found.links if name in visible]
        return _page(f"Links for {project.name}", [_anchor(visible[name], target) for name, target in chosen])

    def json(self, project: Project, version: str | None) -> Response:
        """What the JSON API says of a project, or of one version of it."""
        with self._store.reading() as catalogue:
            releases = {release.version: release for release in catalogue.releases(project.name)}
            files = catalogue.files(project.name)
        newest = version or max(releases, key=_preference, default=None)
        if version is not None and version not in releases:
            return JSONResponse({"message": "Not Found"}, status_code=404)
        described = {release: [self._file(file) for file in files if file.version == release] for release in releases}
        body = {
            "info": self._info(project, releases.get(newest or "")),
            "last_serial": len(files),
            "urls": described.get(newest or "", []),
            "vulnerabilities": [],
            "ownership": {"roles": [], "organization": None},
        }
        return JSONResponse(body if version else {**body, "releases": described}, headers=_HEADERS)

    def _info(self, project: Project, release: Release | None) -> Mapping[str, Any]:
        metadata = release.metadata if release else {}
        page = f"https://{self._index.main_host}/project/{project.name}/"
        return {
            "name": project.display,
            "version": release.version if release else None,
            **{name: metadata.get(name) for name in _INFO.split()},
            "classifiers": metadata.get("classifiers", []),
            "downloads": {"last_day": -1, "last_month": -1, "last_week": -1},
            "package_url": page,
            "project_url": page,
            "release_url": f"{page}{release.version}/" if release else None,
            "yanked": False,
            "yanked_reason": None,
        }

    def _file(self, file: File) -> Mapping[str, Any]:
        uploaded = datetime.datetime.fromtimestamp(file.uploaded, tz=datetime.UTC)
        return {
            "filename": file.filename,
            "packagetype": file.filetype,
            "python_version": file.pyversion,
            "has_sig": False,
            "comment_text": None,
            "md5_digest": file.md5,
            "digests": {"md5": file.md5, "sha256": file.sha256, "blake2b_256": file.blake2_256},
            "size": file.size,
            "downloads": -1,
            "upload_time": uploaded.strftime("%Y-%m-%dT%H:%M:%S"),
            "upload_time_iso_8601": uploaded.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "url": f"https://{self._index.main_host}/packages/{file.filename}",
            "requires_python": file.requires_python,
            "yanked": False,
            "yanked_reason": None,
        }


class _Links(HTMLParser):
    """The text and the target of every link of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self._target: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._target = dict(attrs).get("href")

    def handle_data(self, data: str) -> None:
        if self._target:
            self.links.append((data.strip(), self._target))
            self._target = None


def _page(title: str, links: list[str]) -> Response:
    body = "".join(f"    {link}<br/>\n" for link in links)
    page = (
        '<!DOCTYPE html>\n<html>\n  <head>\n    <meta name="pypi:repository-version" content="1.0">\n'
        f"    <title>{title}</title>\n  </head>\n  <body>\n    <h1>{title}</h1>\n{body}  </body>\n</html>\n"
    )
    return HTMLResponse(page, headers=_HEADERS)


def _anchor(file: File, target: str) -> str:
    requires = f' data-requires-python="{html.escape(file.requires_python)}"' if file.requires_python else ""
    return f'<a href="{html.escape(target)}"{requires}>{html.escape(file.filename)}</a>'


def _preference(version: str) -> tuple[bool, Version]:
    parsed = Version(version)
    return not parsed.is_prerelease, parsed
