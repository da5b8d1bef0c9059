"""Events as JSON lines and back."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Literal, Union, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import run_events
from simulator.errors import UsageError
from simulator.report.codec import EVENT_TYPES, decode, dump, encode, load, read_events
from simulator.run_events import Conclusion, FindingRaised, JobFinished, RunEvent, StepLine

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters() | st.sampled_from("\ud800\x1b\u2028\n\x00"), max_size=20)
SCALARS: dict[object, st.SearchStrategy[object]] = {
    str: TEXTS,
    int: st.integers(),
    float: NUMBERS,
    bool: st.booleans(),
    type(None): st.none(),
}


def values(hint: object) -> st.SearchStrategy[object]:
    """Any value of a field's type, for each kind of type that events use."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return st.one_of([values(argument) for argument in arguments])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is Mapping:
        return st.dictionaries(TEXTS, values(arguments[1]), max_size=3)
    if isinstance(hint, type) and is_dataclass(hint):
        hints = typing.get_type_hints(hint, localns=vars(run_events))
        return st.builds(hint, **{f.name: values(hints[f.name]) for f in fields(hint)})
    return SCALARS[hint] if hint in SCALARS else st.sampled_from(list(typing.cast("type[Conclusion]", hint)))


EVENTS = st.one_of([values(kind) for kind in get_args(RunEvent)])


@given(EVENTS)
def test_nothing_is_lost(event: object) -> None:
    line = dump(typing.cast("RunEvent", event))
    assert line.isascii()
    assert "\n" not in line
    assert load(line) == event
    assert type(load(line)) is type(event)


@given(EVENTS, st.dictionaries(TEXTS, st.integers() | st.none(), min_size=1))
def test_fields_of_a_newer_version_are_passed_over(event: object, newer: dict[str, object]) -> None:
    assert decode({**newer, **encode(typing.cast("RunEvent", event)), "schemaVersion": 99}) == event


def test_every_event_has_a_type_of_its_own() -> None:
    assert set(EVENT_TYPES.values()) == set(get_args(RunEvent))
    assert len(EVENT_TYPES) == len(get_args(RunEvent))


def test_the_format() -> None:
    event = JobFinished(job_id="build", conclusion=Conclusion.SUCCESS, at=2.5, outputs={"my_output": "1"})
    assert json.loads(dump(event)) == {
        "type": "job-finished",
        "schemaVersion": 1,
        "jobId": "build",
        "conclusion": "success",
        "at": 2.5,
        "outputs": {"my_output": "1"},
        "environmentUrl": None,
        "reason": None,
    }


def test_a_type_of_a_newer_version_and_the_summary_are_passed_over(tmp_path: Path) -> None:
    event = StepLine(job_id="build", number=1, line="x")
    record = tmp_path / "events.jsonl"
    record.write_text(f'{{"type": "moon-landed"}}\n\n{dump(event)}\n{{"type": "summary", "verdict": "go"}}\n')
    assert list(read_events(record)) == [event]


def test_a_line_cut_short_by_a_kill_is_passed_over(tmp_path: Path) -> None:
    event = StepLine(job_id="build", number=1, line="x")
    record = tmp_path / "events.jsonl"
    for cut in range(len(dump(event)) + 1):
        record.write_text(f"{dump(event)}\n{dump(event)[:cut]}")
        assert list(read_events(record)) == [event]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("nonsense", "Expecting value"),
        ("[]", "not an object"),
        ('{"type": "job-started", "at": 1.0}', "job_id"),
        ('{"type": "job-started", "jobId": 7, "at": 1.0}', "job_id: 7 is not a str"),
        ('{"type": "job-started", "jobId": "a", "at": true}', "at: True is not a float"),
        ('{"type": "job-finished", "jobId": "a", "at": 1.0, "conclusion": "perfect"}', "perfect"),
        ('{"type": "job-finished", "jobId": "a", "at": 1.0, "conclusion": "success", "outputs": []}', "outputs"),
        ('{"type": "step-line", "jobId": "a", "number": 1, "line": "", "level": "loud"}', "level"),
        ('{"type": "finding-raised", "finding": {"code": "x"}}', "missing"),
        ('{"type": "finding-raised", "finding": null}', "finding"),
        ('{"type": "job-planned", "jobId": "a", "name": "a", "workflow": "w", "needs": "b"}', "needs"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_a_line_that_is_no_event_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    record = tmp_path / "events.jsonl"
    record.write_text(f'{{"type": "newer"}}\n{line}\n')
    with pytest.raises(UsageError, match=rf"events\.jsonl:2: .*{complaint}"):
        list(read_events(record))


def test_a_record_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Cannot read"):
        list(read_events(tmp_path / "none"))
    (tmp_path / "binary").write_bytes(b"\xff\xfe\n")
    with pytest.raises(UsageError, match="Cannot read"):
        list(read_events(tmp_path / "binary"))


def test_a_finding_keeps_its_place() -> None:
    line = (
        '{"type": "finding-raised", "finding": {"code": "c", "severity": "error", "message": "m", "hint": "h",'
        ' "where": {"file": "a.yml", "line": 3, "column": 5}}}'
    )
    event = load(line)
    assert isinstance(event, FindingRaised)
    assert str(event.finding.where) == "a.yml:3:5"
