"""What a step's output does: commands take effect, the rest is shown, all of it masked."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from simulator.run_events import Annotation, RunEvent, StepLine
from simulator.runner.log import JobLog, StepLog
from simulator.runner.masking import Masker


def feed(
    *lines: str, debug: bool = False, any_token: bool = False
) -> tuple[StepLog, list[tuple[str, str]], list[Annotation]]:
    events: list[RunEvent] = []
    log = StepLog(JobLog(job_id="build", masker=Masker(), emit=events.append, debug=debug), 3)
    log.any_token = any_token
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


@pytest.mark.parametrize("end", ["::TOK::", "##[tok]", " ::tok a=b::rest"])
def test_the_token_counts_in_any_case_and_form(end: str) -> None:
    assert feed("::stop-commands::tok", end, "::error::x")[1][-1] == ("error", "x")


def test_other_words_do_not_resume() -> None:
    lines = ("::stop-commands::tok", "::tok", "::token::", "x ::tok::", "::stop-commands::other", "::error::x")
    assert [level for level, _ in feed(*lines)[1]] == ["text"] * 6


def test_a_long_token_is_masked() -> None:
    assert feed("::stop-commands::tok-123", "a tok-123", "::tok-123::")[1] == [
        ("text", "::stop-commands::***"),
        ("text", "a ***"),
        ("text", "::***::"),
    ]


def test_where_it_is_allowed_any_word_stops_commands() -> None:
    log, shown, _ = feed("::stop-commands::error", "::warning::x", "::error::", "::warning::y", any_token=True)
    assert not log.failed
    assert shown[1:] == [("text", "::warning::x"), ("text", "::error::"), ("warning", "y")]


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
    assert feed("::echo::")[0].failed


def test_unsecure_commands_have_their_limits_too() -> None:
    log = StepLog(JobLog(job_id="build", masker=Masker(), emit=lambda _: None), 3)
    log.unsecure = True
    log("::set-env name=node_options::x")
    log("::set-env name=A::x")
    assert (log.env, log.failed) == ({"A": "x"}, False)
    log("::add-path::")
    assert log.failed


def test_echo_shows_the_commands_that_are_carried_out() -> None:
    lines = ("::echo::on", "::set-output name=a::1", "::echo::off", "::set-output name=b::2")
    assert [line for level, line in feed(*lines)[1] if level == "text"] == ["::set-output name=a::1", "::echo::off"]


def test_what_is_echoed_and_what_never_is() -> None:
    lines = ("::echo::ON", "::group::G", "::endgroup::", "::add-mask::s3cret", "::warning::s3cret", "::debug::d")
    assert feed(*lines)[1] == [
        ("text", "::group::G"),
        ("group", "G"),
        ("text", "::endgroup::"),
        ("endgroup", ""),
        ("text", "::add-mask::***"),
        ("warning", "***"),
    ]


def test_a_debugged_step_shows_debug_messages_and_echoes_commands() -> None:
    log, shown, _ = feed("::debug::one%0Atwo", "::set-output name=a::1", debug=True)
    assert shown[:3] == [("debug", "one"), ("debug", "two"), ("text", "::set-output name=a::1")]
    assert log.outputs == {"a": "1"}


def test_an_empty_mask_warns() -> None:
    assert feed("::add-mask:: ")[1] == [("warning", "Can't add secret mask for empty string in ##[add-mask] command.")]


def test_each_line_of_a_mask_counts() -> None:
    assert feed("::add-mask::first%0D%0A  second  ", "first", "a second b")[1] == [("text", "***"), ("text", "a *** b")]


def test_a_long_message_is_cut_in_the_log_too() -> None:
    _, shown, annotations = feed(f"::error::{'x' * 5000}")
    assert len(shown[0][1]) == len(annotations[0].message) == 4096


def test_a_container_calls_the_workspace_by_another_name() -> None:
    events: list[RunEvent] = []
    log = StepLog(JobLog(job_id="b", masker=Masker(), emit=events.append, folder=PurePosixPath("/job/tool")), 1)
    log.container_paths = {PurePosixPath("/github/workspace"): PurePosixPath("/job/tool")}
    log("::error file=/github/workspace/src/a.py,line=1::x")
    log("::error file=/github/workspaces/a.py,line=1::x")
    found = [event.file for event in events if isinstance(event, Annotation)]
    assert found == ["src/a.py", "/github/workspaces/a.py"]


def test_groups() -> None:
    assert feed("::group::G", "x", "::endgroup::")[1] == [("group", "G"), ("text", "x"), ("endgroup", "")]
