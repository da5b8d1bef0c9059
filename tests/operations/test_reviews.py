"""Answers to reviews that are given beforehand, and questions to a person who is asked."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from simulator.configuration.values import Configuration
from simulator.environments.model import EnvironmentRules, Pause, Review
from simulator.errors import UsageError
from simulator.operations.reviews import AskedReviews, review_answers
from simulator.run_events import ReviewEnded, ReviewRequested, RunEvent

DECLARED = Configuration(
    environments={
        "PyPI": EnvironmentRules(name="PyPI", reviewers=("ada",)),
        "docs": EnvironmentRules(name="docs"),
    }
)


def test_answers() -> None:
    assert review_answers({"pypi": True, "PyPI": True}, DECLARED) == {"PyPI": True}
    assert review_answers({"pypi": False}, DECLARED) == {"PyPI": False}


@pytest.mark.parametrize(
    ("reviews", "said"),
    [
        ({"pypy": True}, "No environment pypy is declared, so it is unprotected"),
        ({"docs": False}, "No reviewer of the environment docs is declared"),
        ({"pypi": True, "PYPI": False}, "cannot be both"),
    ],
)
def test_answers_that_make_no_sense(reviews: Mapping[str, bool], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        review_answers(reviews, DECLARED)


@pytest.mark.parametrize(
    ("file", "name", "table"),
    [
        (None, "pypi", "[environments.pypi] in pysim.toml"),
        ("pysim.toml", "my docs", '[environments."my docs"] in pysim.toml'),
        ("pyproject.toml", "pypi", "[tool.pysim.environments.pypi] in pyproject.toml"),
    ],
)
def test_the_hint_where_nothing_is_declared(file: str | None, name: str, table: str) -> None:
    with pytest.raises(UsageError) as caught:
        review_answers({name: True}, Configuration(file=file))
    assert caught.value.hint == f"Declare it: {table}."


class Person:
    """Approves at once."""

    def review(self, environment: str, people: tuple[str, ...], pause: Pause, /) -> Review | None:
        return Review(approved=True, reviewer=people[0], comment=environment)

    def secret(self, name: str, environment: str, /) -> str:
        raise AssertionError


def test_a_question_is_told_where_it_begins_and_ends() -> None:
    seen: list[RunEvent] = []
    given = AskedReviews(Person(), seen.append)("pypi", ("ada",), lambda _: False)
    assert given == Review(approved=True, reviewer="ada", comment="pypi")
    assert seen == [ReviewRequested(environment="pypi", reviewers=("ada",)), ReviewEnded(environment="pypi")]
