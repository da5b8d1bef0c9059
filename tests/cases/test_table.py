"""The table of failures is whole, and the page is made of it."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.cases.__main__ import PAGE, page
from tests.cases.table import BASE, GROUPS, HERE, LEFT_OUT, ROWS, Case, cases, hosts


def test_every_row_is_a_case_or_is_left_out_for_a_reason() -> None:
    shown = Counter(case.row for case in cases())
    assert sorted({*shown, *LEFT_OUT}) == list(ROWS)
    assert not shown.keys() & LEFT_OUT.keys()
    assert all(reason.endswith(".") for reason in LEFT_OUT.values())


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_case_is_complete(case: Case) -> None:
    assert case.name.startswith(f"{case.row:02}-")
    assert case.group in GROUPS
    assert case.expected.strip()
    assert all(text.endswith(".") for text in (case.why, case.fix))
    assert case.errors or case.others or case.hint or case.step.exit != 1


def test_titles_differ() -> None:
    assert [title for title, count in Counter(case.title for case in cases()).items() if count > 1] == []


def test_no_file_names_a_host_of_an_index() -> None:
    names = [host for host in hosts().values() if "." in host]
    for path in [*HERE.glob("[0-9]*/*"), *BASE.rglob("*"), PAGE]:
        if path.is_file():
            assert not re.search("|".join(map(re.escape, names)), path.read_text(encoding="utf-8")), path


def test_the_page_is_made_of_the_cases() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run make docs"
