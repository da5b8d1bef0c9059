"""The table of what is supported: whole, true of the files it names, and the page that is made of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from simulator.workflow.schema import known_keys
from tests.workflow.support import PAGE, Row, page, table

ROOT = Path(__file__).parents[2]
ROWS = [row for group in table()["groups"] for row in group["rows"]]


def owner(key: str) -> Row | None:
    """The row that tells of a key: the one that names it, else the one with the longest `.*` above it."""
    parts = key.split(".")
    names = [key, *(".".join([*parts[:count], "*"]) for count in range(len(parts) - 1, 0, -1))]
    return next((row for name in names for row in ROWS if name in row["keys"]), None)


def test_every_key_that_the_loader_knows_is_told_of() -> None:
    assert [key for key in sorted(known_keys()) if owner(key) is None] == []


def test_no_row_tells_of_what_is_not_there() -> None:
    known = known_keys()
    named = Counter(key for row in ROWS for key in row["keys"])
    assert [key for key, count in named.items() if count > 1] == []
    for key in named:
        assert key in known or any(each.startswith(key.removesuffix("*")) for each in known if key.endswith(".*"))


def test_states() -> None:
    assert {row["state"] for row in ROWS} == {"supported", "parsed", "refused"}
    assert all(row["proof"] for row in ROWS)


def test_the_proofs_are_there() -> None:
    for proof in (proof for row in ROWS for proof in row["proof"]):
        path, _, test = proof.partition("::")
        assert (ROOT / path).is_file(), proof
        assert not test or f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), proof
        if Path(path).suffix == ".yml" and "planning" not in path:
            assert any((ROOT / path).with_suffix(suffix).is_file() for suffix in (".out", ".json")), proof


def test_the_page_is_made_of_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run make docs"
