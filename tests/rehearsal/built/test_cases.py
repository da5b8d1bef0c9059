"""Rules about built files: cases/NAME.toml says what was built from which repository, NAME.out what is found.

In a case, `files` are the names of what was built (a wheel and an sdist of demo 1.0 unless it says so), `members` what
is in all of them, `metadata` and `description` what they say; `file.NAME` has what differs in one,
`again.NAME` in the second one of a name; `excessive` names sdists that unpack too far to be read. `repository` holds
files by path, `tag` or `branch` what is released, `changed` the tracked files that a step changed, by the line of the
workflow where it stands, 0 where it is not known. A line of the expectation is `place severity code message`, the hint
below it, then what the release would show.
"""

from __future__ import annotations

import io
import tomllib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from simulator.findings import Finding
from simulator.operations.inspection import surroundings
from simulator.positions import Span
from simulator.rehearsal.built.model import ChangedFile, Subject
from simulator.rehearsal.built.registry import RULES, check
from simulator.rehearsal.distributions import read_distribution
from simulator.workflow.loader import load_workflow
from tests.rehearsal.built.making import USUAL, built

CASES = Path(__file__).parent / "cases"
FILES = sorted(CASES.glob("*.toml"))
PAGE = Path(__file__).parents[3] / "docs/findings.md"
TABLE = "| code | severity | what is found | why it matters |"
BOTH = ["demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl"]
WORKFLOWS = ".github/workflows/"


class Held:
    """A repository that a case holds."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def paths(self) -> Sequence[str]:
        return sorted(self._files)

    def read(self, path: str) -> bytes | None:
        return self._files[path].encode() if path in self._files else None


def findings(case: Mapping[str, Any]) -> tuple[Finding, ...]:
    repository = case.get("repository", {})
    loaded = {path: load_workflow(text, path).workflow for path, text in repository.items() if WORKFLOWS in path}
    workflows = {path: workflow for path, workflow in loaded.items() if workflow is not None}
    around = surroundings(Held(repository), workflows, list(workflows.values()))
    distributions = []
    for number, name in enumerate(names := case.get("files", BOTH)):
        differing = case.get("again" if name in names[:number] else "file", {})
        own = {**case, **differing.get(name, {})}
        content = built(
            name,
            own.get("members", {"src/demo/__init__.py" if name.endswith(".gz") else "demo/__init__.py": ""}),
            headers=own.get("metadata", USUAL).strip(),
            description=own.get("description", "A demo."),
        )
        found = read_distribution(name, partial(io.BytesIO, content))
        assert found is not None, name
        distributions.append(found)
    return check(
        Subject(
            distributions=distributions,
            excessive=case.get("excessive", ()),
            ref=case.get("tag", case.get("branch")),
            ref_type="tag" if "tag" in case else "branch" if "branch" in case else None,
            projects=around.projects,
            tree=around.tree if repository else None,
            pythons=around.pythons,
            checkout=around.checkout,
            changed=[changed(path, line) for path, line in case.get("changed", {}).items()],
        )
    )


def changed(path: str, line: int) -> ChangedFile:
    span = Span(file=f"{WORKFLOWS}release.yml", line=line, column=9)
    return ChangedFile(path=path, step=f"step {line}", span=span) if line else ChangedFile(path=path)


def report(found: Sequence[Finding]) -> str:
    return "".join(
        f"{item.where} {item.severity} {item.code} {item.message}\n    {item.hint}\n"
        + (f"    shows: {item.would_show}\n" if item.would_show else "")
        for item in found
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_case(path: Path, update_cases: bool) -> None:
    compare(report(findings(tomllib.loads(path.read_text(encoding="utf-8")))), path.with_suffix(".out"), update_cases)


def compare(got: str, expected: Path, update: bool) -> None:
    if update:
        expected.write_text(got, encoding="utf-8")
    assert got == expected.read_text(encoding="utf-8")


def codes(path: Path) -> set[str]:
    return {line.split(" ")[2] for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith(" ")}


def test_every_rule_has_a_case_that_breaks_it() -> None:
    assert set[str]().union(*map(codes, CASES.glob("*.out"))) == RULES.keys()


def test_a_case_is_named_after_what_it_shows() -> None:
    for path in CASES.glob("*.out"):
        rule = next((code for code in sorted(RULES, key=len, reverse=True) if path.stem.startswith(code)), None)
        assert rule is not None or path.stem.endswith("silent")
        if path.stem.endswith("silent"):
            assert not codes(path), path.stem
        else:
            assert rule in codes(path), path.stem


def test_the_page_of_findings_is_true(update_cases: bool) -> None:
    compare(findings_page(), PAGE, update_cases)


def findings_page() -> str:
    rows = [f"| `{code}` | {rule.severity} | {rule.summary} | {rule.why} |" for code, rule in RULES.items()]
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(f"{TABLE}\n")
    tail = rest.partition("\n\n")[2]
    return "\n".join([head + TABLE, "|---|---|---|---|", *rows, ""]) + (f"\n{tail}" if tail else "")
