"""Release rules on workflows: cases/NAME.yml and NAME.out, or a folder that is a repository, with its expected.out.

A line of the expectation is `file:line:column severity code message`; an empty one says that all rules are silent.
Hosts of the indexes are written as in `tests/cases`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from simulator.operations.check import CheckRequest, check
from simulator.rehearsal.rules.registry import RULES
from tests.cases.table import filled, hosts

CASES = Path(__file__).parent / "cases"
PAGE = Path(__file__).parents[3] / "docs/check.md"
TABLE = "| code | severity | what is found | why it matters |"
FILES = sorted(CASES.glob("*.yml"))
FOLDERS = sorted(path for path in CASES.iterdir() if path.is_dir())


@pytest.fixture(autouse=True)
def nothing_kept(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers of git hosts that this machine keeps say nothing here."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def report(root: Path) -> str:
    checked = check(CheckRequest(repository=root))
    assert checked.valid, [str(item) for item in checked.problems]
    lines = [f"{item.span} {item.severity} {item.code} {item.message}\n    {item.hint}" for item in checked.problems]
    said = "".join(line.replace(".github/workflows/", "") + "\n" for line in lines)
    for placeholder, host in hosts().items():
        said = said.replace(host, placeholder)
    return said


def compare(got: str, expected: Path, *, update: bool) -> None:
    if update:
        expected.write_text(got, encoding="utf-8")
    assert got == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file(path: Path, tmp_path: Path, update_cases: bool) -> None:
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (folder / "release.yml").write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
    compare(report(tmp_path), path.with_suffix(".out"), update=update_cases)


@pytest.mark.parametrize("path", FOLDERS, ids=lambda path: path.name)
def test_repository(path: Path, tmp_path: Path, update_cases: bool) -> None:
    root = shutil.copytree(path, tmp_path / "repository")
    (root / "workflows").rename(root / ".workflows")
    (root / ".github").mkdir()
    (root / ".workflows").rename(root / ".github/workflows")
    compare(report(root), path / "expected.out", update=update_cases)


def test_every_rule_has_a_case_that_breaks_it_and_one_that_does_not() -> None:
    expectations = [*CASES.glob("*.out"), *CASES.glob("*/expected.out")]
    codes = {line.split()[2] for path in expectations for line in path.read_text().splitlines() if line[:1].strip()}
    assert codes == RULES.keys()
    silent = {path.stem if path.name != "expected.out" else path.parent.name for path in expectations}
    assert {f"{code}-silent" for code in RULES} <= silent


def test_what_is_silent_is_silent() -> None:
    for path in (*CASES.glob("*-silent.out"), *CASES.glob("*-silent/expected.out")):
        name = path.stem if path.name != "expected.out" else path.parent.name
        rules = [code for code in RULES if name.startswith(f"{code}-")]
        assert rules
        assert not any(f" {code} " in path.read_text(encoding="utf-8") for code in rules)


def test_the_page_of_rules_is_true(update_cases: bool) -> None:
    compare(rules_page(), PAGE, update=update_cases)


def rules_page() -> str:
    rows = [f"| `{code}` | {rule.severity} | {rule.summary} | {rule.why} |" for code, rule in RULES.items()]
    head, _, _ = PAGE.read_text(encoding="utf-8").partition(f"{TABLE}\n")
    return "\n".join([head + TABLE, "|---|---|---|---|", *rows, ""])
