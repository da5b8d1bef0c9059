"""Guesses of what was meant: only what a person would mistype."""

from __future__ import annotations

import pytest

from simulator.spelling import closest, suggest


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("publsh", ["publish", "dry"], "publish"),
        ("branch", ["branches", "tags"], "branches"),
        ("rnu", ["run", "uses"], "run"),
        ("stesp", ["steps"], "steps"),
        ("Release", ["release"], "release"),
        ("prerelease", ["prereleased", "released"], "prereleased"),
        ("open", ["opened", "closed"], "opened"),
        ("tag_name", ["event_name", "ref_name"], None),
        ("tag", ["run", "path"], None),
        ("a", ["b"], None),
        ("", ["a"], None),
        ("x" * 10_000, ["x" * 9_999], None),
    ],
)
def test_closest(word: str, known: list[str], meant: str | None) -> None:
    assert closest(word, known) == meant


def test_suggest() -> None:
    assert suggest("biuld", ["build", "test"]) == "Did you mean build?"
    assert suggest("deploy", ["build", "test"]) == "There is: build, test."
    assert suggest("deploy", []) == "There is none."
