"""Every attempt of `attempts/twin/` on one index, with the other one and that of another run beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.escapes.tokens import Indexes, TokenAttempt, release, token_attempts
from tests.twins.desk import Desk
from tests.twins.driving import publisher


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexes]:
    folder = tmp_path_factory.mktemp("indexes")
    pypi = Desk(folder / "pypi", publishers=[publisher()])
    testpypi = Desk(folder / "testpypi", index="testpypi", publishers=[publisher(index="testpypi")])
    another = Desk(folder / "another", publishers=[publisher()])
    with pypi, testpypi, another:
        for desk in (pypi, testpypi, another):
            release(desk)
        yield Indexes(pypi=pypi, testpypi=testpypi, another_run=another)


@pytest.mark.parametrize("attempt", token_attempts(), ids=lambda attempt: attempt.name)
def test_twin(attempt: TokenAttempt, found: Indexes) -> None:
    attempt.make(found)
    assert found.pypi.mint().is_success
