"""What the library says of tasks."""

import pytest

from orchay import CircleError, SyntaxProblem, needed_for, parse, waves

RELEASE = """
# task: what it needs first
publish: wheel docs
wheel: lint test
docs: lint  # also spelling, one day
"""


def test_a_need_without_a_line_is_a_task_of_its_own() -> None:
    assert parse("wheel: test") == {"wheel": ["test"], "test": []}


def test_lines_of_one_task_add_up() -> None:
    assert parse("a: b\na: c")["a"] == ["b", "c"]


@pytest.mark.parametrize("line", ["wheel", ": test", "two words: test"])
def test_a_bad_line_is_named(line: str) -> None:
    with pytest.raises(SyntaxProblem, match="line 2"):
        parse(f"a: b\n{line}")


def test_what_can_run_together_shares_a_wave() -> None:
    assert waves(parse(RELEASE)) == [["lint", "test"], ["docs", "wheel"], ["publish"]]


def test_only_what_is_needed() -> None:
    assert waves(needed_for(parse(RELEASE), ["docs"])) == [["lint"], ["docs"]]


def test_a_circle_is_told_in_the_order_of_needs() -> None:
    with pytest.raises(CircleError) as error:
        waves(parse("a: b\nb: c\nc: a\nd: a"))
    circle = error.value.circle
    assert circle[0] == circle[-1]
    assert {*zip(circle, circle[1:])} == {("a", "b"), ("b", "c"), ("c", "a")}


def test_no_tasks_no_waves() -> None:
    assert waves(parse("")) == []
