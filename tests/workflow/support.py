"""Makes docs/support.md of simulator/resources/support.json: `make docs`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TypedDict, cast

PAGE = Path(__file__).parents[2] / "docs" / "support.md"


class Row(TypedDict):
    """A line of the table; a key that ends with `.*` stands for all below it that no other row names."""

    feature: str
    keys: list[str]
    state: str
    note: str
    proof: list[str]


class Group(TypedDict):
    """The lines of one section."""

    title: str
    rows: list[Row]


class Table(TypedDict):
    """The whole file."""

    source: list[str]
    retrieved: str
    note: str
    groups: list[Group]


def table() -> Table:
    """The table as it is shipped."""
    text = files("simulator").joinpath("resources", "support.json").read_text(encoding="utf-8")
    return cast("Table", json.loads(text))


def page() -> str:
    """The page that the table makes."""
    return "\n".join(_lines(table())) + "\n"


def _lines(whole: Table) -> Iterator[str]:
    yield "# What pysim does with each key and feature"
    yield ""
    yield "Made by `make docs` from `simulator/resources/support.json`; a test holds both and the proofs together."
    yield ""
    yield "- **supported**: carried out as GitHub does."
    yield "- **parsed**: read and checked as GitHub does, without effect on a rehearsal."
    yield "- **refused**: valid, and a finding before anything runs."
    for group in whole["groups"]:
        yield from ("", f"## {group['title']}", "", "| what | keys | | note | proof |", "|---|---|---|---|---|")
        for row in group["rows"]:
            keys = ", ".join(f"`{_short(key)}`" for key in row["keys"])
            proof = ", ".join(f"[{_name(each)}](../{each.partition('::')[0]})" for each in row["proof"])
            cells = (row["feature"].replace("|", "\\|"), keys, f"**{row['state']}**", row["note"], proof)
            yield f"| {' | '.join(cells)} |"
    yield ""
    yield f"As of {whole['retrieved']}, from {', '.join(f'<{source}>' for source in whole['source'])}."


def _short(key: str) -> str:
    return key.replace("jobs.<job_id>.", "jobs.*.", 1)


def _name(proof: str) -> str:
    path, _, test = proof.partition("::")
    return test.removeprefix("test_").replace("_", " ") or path.removeprefix("tests/")


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
