"""What all tests share."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-cases",
        action="store_true",
        help="write what the cases under tests/*/cases are compared with anew, to be read in the diff",
    )


@pytest.fixture
def update_cases(request: pytest.FixtureRequest) -> bool:
    """Whether the expected files of a case are to be written instead of compared."""
    return bool(request.config.getoption("--update-cases"))
