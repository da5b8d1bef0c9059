"""The table of failures: a folder a case, with what makes a release fail and the text that its user sees.

Source of the rows: what users report of failed releases (issues of pypa/gh-action-pypi-publish, pypi/warehouse and of
projects), in a rough order of how often. The rows that no case reproduces are named here, with the reason.
"""

from __future__ import annotations

import functools
import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simulator.indexes import indexes

HERE: Final = Path(__file__).parent
BASE: Final = HERE / "base"
WORKFLOW: Final = ".github/workflows/release.yml"
ROWS: Final = range(1, 53)
LEFT_OUT: Final[Mapping[int, str]] = {}
GROUPS: Final[Mapping[str, str]] = {
    "workflow": "Before the index is asked: workflow, artifacts, environment",
    "exchange": "Trusted publishing: the token exchange",
    "token": "Tokens and permissions: 403 at the upload",
    "name": "Names and versions",
    "metadata": "Metadata",
    "file": "Files",
    "attestation": "Attestations",
    "outside": "The index, the network and afterwards",
}
"""Titles by the `group` of a case, in the order of the page."""
ANY: Final = "{ANY}"
"""Stands for whatever is not the same in two runs: a hash, a commit, a path."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """Changes of the repository, then a command of pysim without the program's name; `{root}` in it is its folder."""

    edits: Sequence[tuple[str, str, str]]  # file, a text in it, and what comes in its place
    files: Mapping[str, str]
    command: str
    exit: int


@dataclass(frozen=True, kw_only=True)
class Case:
    """A row of the table, or one of its forms. `title`, `why` and `fix` are for the reader of the page."""

    name: str
    row: int
    group: str
    title: str
    why: str
    fix: str
    before: Sequence[Step]
    step: Step
    errors: frozenset[str]  # the codes of all findings that are errors
    others: frozenset[str]  # codes of findings that must be there beside them
    hint: Sequence[str]  # what the findings must say
    expected: str  # with placeholders
    docker: bool  # whether it runs on that engine, too
    note: str  # what else the page should say of it


@functools.cache
def cases() -> Sequence[Case]:
    """All cases, by name."""
    return [read(folder) for folder in sorted(HERE.glob("[0-9]*")) if folder.is_dir()]


def read(folder: Path) -> Case:
    """A case of its folder. Raises KeyError or ValueError for one that is incomplete or has too much."""
    data = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    case = Case(
        name=folder.name,
        row=data.pop("row"),
        group=data.pop("group"),
        title=data.pop("title"),
        why=data.pop("why"),
        fix=data.pop("fix"),
        before=[_step(table, 0) for table in data.pop("before", [])],
        errors=frozenset(data.pop("errors", [])),
        others=frozenset(data.pop("others", [])),
        hint=data.pop("hint", []),
        docker=data.pop("docker", False),
        note=data.pop("note", ""),
        step=_step(data, 1),
        expected=(folder / "expected.out").read_text(encoding="utf-8"),
    )
    if data or case.group not in GROUPS:
        raise ValueError(f"{folder.name}: {data or case.group}")
    return case


def _step(data: dict[str, Any], code: int) -> Step:
    return Step(
        edits=[(file, old, new) for file, old, new in data.pop("edits", [])],
        files=data.pop("files", {}),
        command=data.pop("command", "run"),
        exit=data.pop("exit", code),
    )


@functools.cache
def hosts() -> Mapping[str, str]:
    """The hosts that stand in the texts, by placeholder."""
    pypi, test = indexes()["pypi"], indexes()["testpypi"]
    return {
        "{UPLOAD_HOST}": pypi.upload_host,
        "{TEST_HOST}": test.main_host,
        "{DOCS_HOST}": f"docs.{pypi.main_host}",
        "{PYPI_HOST}": pypi.main_host,
    }


def filled(text: str) -> str:
    """A text with hosts in the place of their placeholders."""
    for placeholder, host in hosts().items():
        text = text.replace(placeholder, host)
    return text


def missing(expected: str, said: str) -> str | None:
    """The first line of `expected` that `said` does not hold behind the lines before it.

    White space does not count: twine breaks its messages into lines wherever they are too long.
    """
    text, at = _dense(said), 0
    for line in filter(None, map(_dense, filled(expected).splitlines())):
        found = re.compile(".+?".join(re.escape(part) for part in line.split(ANY))).search(text, at)
        if found is None:
            return line
        at = found.end()
    return None


def _dense(text: str) -> str:
    return "".join(text.split())


def words(command: str, engine: str) -> list[str]:
    """The words of a command; a run is of the tag v1.0 unless it says of what."""
    name, *rest = shlex.split(command)
    if name != "run":
        return [name, *rest]
    subject = [] if {"--tag", "--event", "--branch"} & set(rest) else ["--tag", "v1.0"]
    return [name, "--verbose", "--engine", engine, *subject, *rest]
