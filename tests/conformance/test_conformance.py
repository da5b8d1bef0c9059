"""GitHub's own cases, where they lie beside the project; they are not part of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from simulator.process import run

ADAPTER = Path(__file__).with_name("adapter.py")
DATA = Path(__file__).parents[2].parent / "shared" / "conformance"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="GitHub's conformance data is not beside the project")


def check(*arguments: str) -> str:
    """What the data's own checker says of the adapter."""
    return run([sys.executable, DATA / "check.py", *arguments]).text


def test_expressions() -> None:
    said = check("expr", str(DATA / "expressions"), "--cmd", f"{sys.executable} {ADAPTER} expr", "--skip", "memory")
    totals = [line.split() for line in said.splitlines() if line.startswith("= ")]
    assert {" ".join(words[1:-3]): words[-2] for words in totals} == {
        "pass": "100.0",
        "err phase": "100.0",
        "err message": "100.0",
    }
