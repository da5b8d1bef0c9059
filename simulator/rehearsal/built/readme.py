"""Rules of the description: that PyPI renders it, and shows what it refers to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email.message import Message
from typing import Final

from simulator.bounded.work import BOUNDS, render
from simulator.findings import Severity
from simulator.positions import Span
from simulator.rehearsal.built.contents import some
from simulator.rehearsal.built.model import Problem, Subject
from simulator.rehearsal.built.sources import key_span, readme_of
from simulator.rehearsal.distributions import Distribution
from simulator.rehearsal.rule import rule

_RST: Final = "text/x-rst"
_SEARCHED: Final = 50_000_000  # characters that addresses are looked for in
_RENDERED: Final = (_RST, "text/markdown")
_ABSOLUTE: Final = re.compile(r"[a-z][a-z0-9+.-]*:|//|#|$", re.IGNORECASE)
_FAILED: Final = "`long_description` has syntax errors in markup and would not be rendered on PyPI."
_COMPLAINT: Final = re.compile(r"^<string>:(\d+): \((?:WARNING|ERROR|SEVERE)/\d\) (.+)$", re.MULTILINE)
_MARKDOWN: Final = re.compile(r"^#{1,6} \S|\]\([^\s()]+\)|^```", re.MULTILINE)


@rule(
    "readme-render",
    Severity.ERROR,
    summary="The description is not valid reStructuredText.",
    why="`twine check` fails, and PyPI refuses the file.",
)
def readme_render(subject: Subject) -> Iterator[Problem]:
    for found in _described(subject):
        text = found.metadata.get("description") or ""
        kind = _kind(found)
        if not text or kind not in _RENDERED:
            continue
        shown = render(kind, text)
        if shown is None:
            yield Problem(
                message=f"The description of {found.project} cannot be rendered within {BOUNDS}",
                where=_line_of(subject, found, 1),
                hint="Write it more simply: what pysim cannot render within these bounds it cannot judge.",
            )
        elif kind == _RST and not shown.is_rendered:
            first = _COMPLAINT.search(shown.said)
            yield Problem(
                message=f"The description of {found.project} does not render as reStructuredText"
                + (f": {first[2].rstrip('.')}" if first else ""),
                where=_line_of(subject, found, int(first[1]) if first else 1),
                would_show=_FAILED,
                hint="Mend the markup; `twine check` shows all complaints."
                if found.metadata.get("description_content_type")
                else "Mend the markup, or say what it is: text/markdown as its content type.",
            )


@rule(
    "readme-type",
    Severity.WARNING,
    summary="The description looks like Markdown and has no content type.",
    why="PyPI takes it for reStructuredText.",
)
def readme_type(subject: Subject) -> Iterator[Problem]:
    for found in _described(subject):
        text = found.metadata.get("description") or ""
        if text and not found.metadata.get("description_content_type") and _MARKDOWN.search(text):
            yield Problem(
                message=f"The description of {found.project} has no content type, so PyPI takes this Markdown for "
                "reStructuredText",
                where=key_span(subject, found.project, "readme") or found.filename,
                hint="Name the README in pyproject.toml (its ending tells), or set long_description_content_type to "
                "text/markdown.",
            )


@rule(
    "readme-missing",
    Severity.WARNING,
    summary="A project has no description.",
    why="Its page on PyPI says that the author has provided none.",
)
def readme_missing(subject: Subject) -> Iterator[Problem]:
    for found in _described(subject):
        if not (found.metadata.get("description") or "").strip():
            yield Problem(
                message=f"{found.project} has no description: its page will say that the author provided none",
                where=key_span(subject, found.project, "name") or found.filename,
                hint='Name the README in pyproject.toml: readme = "README.md".',
            )


@rule(
    "readme-links",
    Severity.WARNING,
    summary="The description refers to pictures (a notice for links) by relative addresses.",
    why="PyPI has no other file of the repository, and no release can be changed afterwards.",
)
def readme_links(subject: Subject) -> Iterator[Problem]:
    for found in _described(subject):
        text = found.metadata.get("description") or ""
        kind = _kind(found)
        shown = render(kind, text) if text and kind in _RENDERED else None
        if shown is None or not shown.is_rendered:
            continue
        for what, addresses in (("picture", shown.pictures), ("link", shown.links)):
            relative = list(dict.fromkeys(each for each in addresses if not _ABSOLUTE.match(each)))
            if relative:
                yield _relative(subject, found, what, relative)


def _relative(subject: Subject, found: Distribution, what: str, addresses: Sequence[str]) -> Problem:
    many, picture = len(addresses) > 1, what == "picture"
    several = f"{len(addresses)} {what}s of {found.project}'s description"
    one = f"{'a' if picture else 'A'} {what} of {found.project}'s description"
    if picture:
        message = f"PyPI will not show {several if many else one}"
    else:
        message = f"{several} lead nowhere on PyPI" if many else f"{one} leads nowhere on PyPI"
    readme = readme_of(subject, found.project)
    if readme is not None and len(readme[1]) * len(addresses) > _SEARCHED:
        readme = None
    places = [place for address in addresses if readme and (place := _place(address, *readme))]
    lines = [f"{address} (line {place.line})" for address, place in zip(addresses, places, strict=False)]
    shown = some(lines if len(places) == len(addresses) else addresses)
    return Problem(
        message=f"{message}, as {'their addresses are' if many else 'its address is'} relative: {shown}",
        where=places[0] if places else found.filename,
        hint="Write whole addresses, with https:// in front: PyPI keeps no other file of the repository.",
        severity=None if picture else Severity.NOTICE,
    )


def _described(subject: Subject) -> Iterator[Distribution]:
    """A file of each project, a wheel if there is one: all have the same description."""
    for _, files in subject.by_project():
        yield next((file for file in files if file.kind == "wheel"), files[0])


def _kind(found: Distribution) -> str:
    header = Message()
    header["content-type"] = found.metadata.get("description_content_type") or _RST
    return header.get_content_type()


def _line_of(subject: Subject, found: Distribution, number: int) -> Span | str:
    """A line of the description in its README, or the file's name."""
    readme = readme_of(subject, found.project)
    lines = (found.metadata.get("description") or "").splitlines()
    if readme is None or not 0 < number <= len(lines):
        return found.filename
    path, text = readme
    source = text.splitlines()
    if number <= len(source) and source[number - 1] == lines[number - 1]:
        return Span(file=path, line=number, column=1)
    same = [place for place, line in enumerate(source, start=1) if line == lines[number - 1] and line.strip()]
    return Span(file=path, line=same[0], column=1) if len(same) == 1 else found.filename


def _place(address: str, path: str, text: str) -> Span | None:
    """Where a README has an address: after a bracket, a quotation mark or a blank, and before one."""
    found = re.search(rf"(?<=[(\"'<\s:]){re.escape(address)}(?=[)\"'>\s_]|$)", text, re.MULTILINE)
    if found is None:
        return None
    before = text[: found.start()]
    return Span(file=path, line=before.count("\n") + 1, column=len(before) - before.rfind("\n"))
