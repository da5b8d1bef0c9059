"""`--now`: the clock of the stand-ins starts where the user says, and goes on."""

from __future__ import annotations

import time

import click
import pytest

from simulator.cli.arguments.common import moment
from simulator.cli.arguments.run import command
from simulator.cli.main import main
from simulator.operations.opened import clock_from


@pytest.mark.parametrize("text", ["2026-01-31", "2026-01-31T00:00:00Z", "2026-01-31T02:00:00+02:00"])
def test_a_time_is_read(text: str) -> None:
    assert moment(click.Context(command), command.params[0], text) == 1_769_817_600


def test_a_time_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--now", "soon", "--tag", "v1"]) == 2
    assert "'soon' is no time of ISO 8601." in capsys.readouterr().err


def test_the_clock_goes_on() -> None:
    clock = clock_from(1000.0)
    first = clock()
    time.sleep(0.01)
    assert 1000 <= first < clock() < 1030
