"""Which of the forms of an answer a client gets."""

from __future__ import annotations

import pytest

from simulator.twins.pypi.accept import acceptable

OFFERS = ("text/html", "application/json")


@pytest.mark.parametrize(
    ("header", "best"),
    [
        ("*/*", "text/html"),  # twine
        ("application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7", "application/json"),  # uv
        ("text/html", "text/html"),
        ("Application/JSON", "application/json"),
        ("application/*", "application/json"),
        ("text/html;q=0.1, */*", "application/json"),
        ("text/html;q=0, */*;q=0.5", "application/json"),
        ("text/html;charset=utf-8;q=0.2,application/json ; q=0.3", "application/json"),
        ("text/html;q=x, application/json;q=0.1", "application/json"),
        ("text/plain", None),
        (";,;q=1", None),
        ("", None),
    ],
)
def test_the_best_offer(header: str, best: str | None) -> None:
    assert next(iter(acceptable(header, OFFERS)), None) == best
