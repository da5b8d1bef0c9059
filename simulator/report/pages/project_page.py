"""The page of a release on an index, as a page of pysim shows it: what readers of the index would see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.bounded.work import render
from simulator.described_releases import ReleaseDescribed
from simulator.report.pages.markdown import cleaned
from simulator.report.pages.markup import Html, element

_KINDS = {"": "text/x-rst", "text/x-rst": "text/x-rst", "text/markdown": "text/markdown"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectPage:
    """A release; `fields` are names with values, `links` labels with addresses, `classifiers` groups with values."""

    project: str
    version: str
    summary: str
    fields: Sequence[tuple[str, Sequence[str]]]
    links: Sequence[tuple[str, str]]
    classifiers: Sequence[tuple[str, Sequence[str]]]
    body: Html


def project_pages(described: Sequence[ReleaseDescribed]) -> list[ProjectPage]:
    """The page of each release."""
    return [_page(each) for each in described]


def _page(release: ReleaseDescribed) -> ProjectPage:
    fields = (
        ("Requires Python", (release.requires_python,) if release.requires_python else ()),
        ("License", (release.license.split("\n", 1)[0],) if release.license else ()),
        ("Authors and maintainers", release.people),
        ("Keywords", release.keywords),
        ("Requires", release.requires),
    )
    links = [url.partition(",") for url in release.urls]
    groups: dict[str, list[str]] = {}
    for classifier in release.classifiers:
        group, _, value = classifier.partition(" :: ")
        groups.setdefault(group, []).append(value or group)
    return ProjectPage(
        project=release.project,
        version=release.version,
        summary=release.summary,
        fields=[(name, values) for name, values in fields if values],
        links=[(label.strip(), address.strip()) for label, _, address in links],
        classifiers=list(groups.items()),
        body=_body(release),
    )


def _body(release: ReleaseDescribed) -> Html:
    """The description as the index renders it, or as it is where it does not."""
    if not release.description.strip():
        return element("p", "It has no description.", class_="quiet")
    kind = _KINDS.get(release.description_type.partition(";")[0].strip().lower())
    shown = render(kind, release.description) if kind else None
    return cleaned(shown.page) if shown is not None and shown.page else element("pre", release.description)
