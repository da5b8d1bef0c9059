"""What a step's output does: commands take effect, the rest is shown, all of it masked."""

from __future__ import annotations

import pytest

from simulator.run_events import Annotation, RunEvent, StepLine
from simulator.runner.log import StepLog
from simulator.runner.masking import Masker


def feed(*lines: str) -> tuple[StepLog, list[tuple[str, str]], list[Annotation]]:
    events: list[RunEvent] = []
    log = StepLog("build", 3, Masker(), events.append)
    for line in lines:
        log(line)
    shown: list[tuple[str, str]] = [(event.level, event.line) for event in events if isinstance(event, StepLine)]
    return log, shown, [event for event in events if isinstance(event, Annotation)]


def test_text_is_shown_as_it_is() -> None:
    assert feed("hello", "  ::unknown::x")[1] == [("text", "hello"), ("text", "  ::unknown::x")]


def test_a_mask_counts_from_the_next_line_on_and_is_not_shown() -> None:
    assert feed("my-token", "::add-mask::my-token", "my-token")[1] == [("text", "my-token"), ("text", "***")]


def test_annotations_keep_their_place_and_do_not_fail_the_step() -> None:
    log, shown, annotations = feed("::error file=a.py,line=7,col=2,title=T::bad")
    assert shown == [("error", "bad")]
    found = annotations[0]
    assert (found.file, found.line, found.column, found.title) == ("a.py", 7, 2, "T")
    assert not log.failed


def test_only_ten_annotations_of_a_level_are_kept() -> None:
    _, shown, annotations = feed(*(f"::warning::{n}" for n in range(12)), "::notice::x")
    assert len(shown) == 13
    assert [a.message for a in annotations] == [*map(str, range(10)), "x"]


def test_stop_commands_until_the_token() -> None:
    log, shown, _ = feed("::stop-commands::tok", "::set-output name=a::1", "::tok::", "::set-output name=b::2")
    assert log.outputs == {"b": "2"}
    assert [line for level, line in shown if level == "text"] == [
        "::stop-commands::tok",
        "::set-output name=a::1",
        "::tok::",
    ]


@pytest.mark.parametrize("token", ["", "set-output", "Pause-Logging"])
def test_what_cannot_stop_commands(token: str) -> None:
    log, shown, _ = feed(f"::stop-commands::{token}", "::set-output name=a::1")
    assert log.failed
    assert log.outputs == {"a": "1"}
    assert shown[0] == ("error", f"Unable to process command '::stop-commands::{token}' successfully.")


def test_the_old_output_command_works_and_warns() -> None:
    log, _, annotations = feed("::set-output name=a::1", "::save-state name=s::2")
    assert (log.outputs, log.state) == ({"a": "1"}, {"s": "2"})
    assert "deprecated" in annotations[0].message


def test_disabled_commands_fail_the_step() -> None:
    log, shown, _ = feed("::set-env name=A::1")
    assert log.failed
    assert shown[0] == ("error", "Unable to process command '::set-env name=A::1' successfully.")
    assert "disabled" in shown[1][1]
    assert log.env == {}


def test_commands_that_are_not_complete_fail_the_step() -> None:
    assert feed("::set-output::1")[0].failed
    assert feed("::echo::maybe")[0].failed


def test_echo_shows_the_commands_that_are_carried_out() -> None:
    lines = ("::echo::on", "::set-output name=a::1", "::echo::off", "::set-output name=b::2")
    assert [line for level, line in feed(*lines)[1] if level == "text"] == ["::set-output name=a::1", "::echo::off"]


def test_groups() -> None:
    assert feed("::group::G", "x", "::endgroup::")[1] == [("group", "G"), ("text", "x"), ("endgroup", "")]
