"""What `docs/security.md` promises is held by tests that are there, and each attempt is one of a promise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)
PROMISES = [row for row in ROWS if row[0] not in {"promise", "---"}]


def named_in(held_by: str) -> Sequence[str]:
    return re.findall(r"`(tests/[^`]+)`", held_by)


def test_every_promise_has_tests() -> None:
    assert len(PROMISES) > 20
    assert not [promise for promise, held_by in PROMISES if not named_in(held_by)]


@pytest.mark.parametrize("named", sorted({named for _, held_by in PROMISES for named in named_in(held_by)}))
def test_what_holds_a_promise_is_there(named: str) -> None:
    assert [path for path in ROOT.glob(named) if path.is_file()]


def test_every_attempt_is_of_a_promise() -> None:
    held = {path for _, held_by in PROMISES for named in named_in(held_by) for path in ROOT.glob(named)}
    assert sorted(set(ROOT.glob("tests/escapes/attempts/**/*.toml")) - held) == []


def test_it_is_found_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {"(docs/security.md)", "(SECURITY.md)"} <= set(re.findall(r"\([^()\s]+\)", readme))
