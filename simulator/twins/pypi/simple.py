"""The simple API, version 1.4: what it says of a project and of all projects, in JSON and in HTML.

The HTML form is made of the JSON one. Knows no request.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any, Final

from packaging.utils import canonicalize_name

from simulator.twins.pypi.catalogue import Catalogue, Status
from simulator.twins.pypi.described import Described, moment

API_VERSION: Final = "1.4"
HTML: Final = "text/html"
V1_HTML: Final = "application/vnd.pypi.simple.v1+html"
V1_JSON: Final = "application/vnd.pypi.simple.v1+json"
_SHOWN: Final = {Status.ARCHIVED, Status.QUARANTINED}


def detail(found: Described) -> Mapping[str, Any]:
    """The page of a project."""
    return {
        "meta": {"api-version": API_VERSION, "_last-serial": found.serial},
        "name": found.project.name,
        "project-status": {"status": str(found.status) if found.status in _SHOWN else "active"},
        "versions": list(found.versions),
        "files": [
            {
                "filename": file.filename,
                "url": found.url(file),
                "hashes": {"sha256": file.sha256},
                "requires-python": found.requires_python[file.version],
                "size": file.size,
                "upload-time": moment(file)["iso"],
                "yanked": found.is_yanked(file.version),
                "data-dist-info-metadata": found.core_metadata(file),
                "core-metadata": found.core_metadata(file),
                "provenance": found.provenance(file),
            }
            for file in found.files
        ],
    }


def front(catalogue: Catalogue) -> Mapping[str, Any]:
    """The list of all projects but quarantined ones."""
    shown = [each for each in catalogue.projects() if catalogue.status(each) is not Status.QUARANTINED]
    return {
        "meta": {"api-version": API_VERSION, "_last-serial": catalogue.last_serial()},
        "projects": [{"name": each.display, "_last-serial": catalogue.serial(each.name)} for each in shown],
    }


def detail_page(page: Mapping[str, Any]) -> str:
    """The HTML form of a project's page."""
    status = html.escape(page["project-status"]["status"])
    meta = f'    <meta name="pypi:project-status" content="{status}">\n'
    links = (f"{_anchor(file)}<br />" for file in page["files"])
    return _page(f"Links for {page['name']}", page, links, meta)


def front_page(page: Mapping[str, Any]) -> str:
    """The HTML form of the list of all projects."""
    names = [str(project["name"]) for project in page["projects"]]
    links = (f'<a href="/simple/{canonicalize_name(name)}/">{html.escape(name)}</a>' for name in names)
    return _page("Simple index", page, links)


def _page(title: str, page: Mapping[str, Any], links: Iterator[str], meta: str = "") -> str:
    body = "".join(f"    {link}\n" for link in links)
    heading = f"    <h1>{title}</h1>\n" if meta else ""
    version = f'    <meta name="pypi:repository-version" content="{API_VERSION}">\n'
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n  <head>\n{version}{meta}'
        f"    <title>{title}</title>\n  </head>\n  <body>\n{heading}{body}  </body>\n</html>\n"
        f"<!--SERIAL {page['meta']['_last-serial']}-->"
    )


def _anchor(file: Mapping[str, Any]) -> str:
    digest = f"sha256={file['core-metadata']['sha256']}" if file["core-metadata"] else None
    yanked = file["yanked"]
    data = {
        "href": f"{file['url']}#sha256={file['hashes']['sha256']}",
        "data-requires-python": file["requires-python"],
        "data-dist-info-metadata": digest,
        "data-core-metadata": digest,
        "data-yanked": None if yanked is False else "" if yanked is True else yanked,
        "data-provenance": file["provenance"],
    }
    words = (f' {name}="{html.escape(value)}"' for name, value in data.items() if value is not None)
    return f"<a{''.join(words)}>{html.escape(file['filename'])}</a>"
