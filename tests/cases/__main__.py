"""Writes docs/what-pypi-will-say.md of the cases: `python -m tests.cases`, part of `make docs`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.cases.table import ANY, GROUPS, LEFT_OUT, Case, cases, words

PAGE: Final = Path(__file__).parents[2] / "docs/what-pypi-will-say.md"
FRAME: Final = re.compile(r"INFO     Response from|ERROR    HTTPError: 40")
"""What twine prints around every refusal."""
HEAD: Final = """\
# What PyPI will say

The failures that releases run into, each with the text that the log shows, its cause, what to do, and what pysim makes
of it before the tag is pushed. Made by `make docs` from `tests/cases/`, where every entry is a rehearsal that shows
this text; a test holds both together. Within a part, what users report most often comes first.

Of the page of HTML that twine prints for a refused upload, here is what it says. In the texts, `{PYPI_HOST}` is PyPI's
main site, `{UPLOAD_HOST}` where it takes uploads, `{TEST_HOST}` TestPyPI and `{DOCS_HOST}` PyPI's documentation;
`{ANY}` is what differs from run to run. Where no command is named, it is `pysim run --tag v1.0`.
"""


def page() -> str:
    """The page that the cases make."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield HEAD.rstrip()
    groups = [(title, [case for case in cases() if case.group == group]) for group, title in GROUPS.items()]
    yield from ("", "## Contents", "")
    for title, rows in groups:
        if rows:
            yield f"- [{title}](#{_anchor(title)})"
            yield from (f"  - [{case.title}](#{_anchor(case.title)})" for case in rows)
    for title, rows in groups:
        if rows:
            yield from ("", f"## {title}")
            for case in rows:
                yield from _entry(case)
    if LEFT_OUT:
        yield from ("", "## Without a case", "")
        yield from (f"- {row}: {reason}" for row, reason in LEFT_OUT.items())


def _anchor(title: str) -> str:
    """What GitHub makes of a heading, to link to it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _entry(case: Case) -> Iterator[str]:
    lines = case.expected.splitlines()
    text = "\n".join(line for line in lines if not (FRAME.match(lines[0]) and FRAME.match(line)))
    yield from ("", f"### {case.title}", "", "```text", text, "```", "")
    yield f"- **Why:** {case.why}"
    yield f"- **Do:** {case.fix}"
    yield f"- **pysim:** {_shown(case)}"


def _shown(case: Case) -> str:
    """How pysim tells of it."""
    codes = ", ".join(f"`{code}`" for code in (*sorted(case.errors), *sorted(case.others)))
    ordinary = words(case.step.command, "") == words("run", "")
    command = "" if ordinary else f"`pysim {case.step.command.replace('{root}/', '')}`: "
    said = f"{command}{codes}" if codes else f"{command}its log and report"
    hints = " … ".join(f"“{hint}”" for hint in case.hint)
    return " ".join(filter(None, (f"{said}, exit code {case.step.exit}.", hints and f"It says: {hints}.", case.note)))


def main() -> int:
    """Write the page."""
    assert ANY in HEAD
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
