"""A run with faults, and drills, as they are shown."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace

from rich.console import Console

from simulator.report.drills import DrillsView, DrillView, as_json, print_drills, verdict
from simulator.report.go_no_go import report
from simulator.report.pages.page import document
from simulator.report.pages.record import record_of
from simulator.report.plain import event_lines
from simulator.report.state import RunState, replay
from simulator.report.summary import summary
from simulator.run_events import FaultInjected, RunEvent, RunStarted

EventsOf = Callable[[str], Sequence[RunEvent]]
FIRED = FaultInjected(job_id="publish", fault="upload-503=2", what="upload: 2nd request answered with 503")


def with_faults(events: Sequence[RunEvent]) -> list[RunEvent]:
    asked = ("upload-503=2", "oidc-down")
    found = [replace(event, faults=asked) if isinstance(event, RunStarted) else event for event in events]
    return [*found[:-1], FIRED, FIRED, found[-1]]


def text(state: RunState) -> str:
    console = Console(width=120, color_system=None, _environ={})
    return "\n".join(line.plain for line in report(state, console))


def test_every_report_has_the_faults(events_of: EventsOf) -> None:
    events = with_faults(events_of("go"))
    state = replay(events)
    shown = text(state)
    assert "upload-503=2  twice, first on publish: upload: 2nd request answered with 503" in shown
    assert "oidc-down     never took effect" in shown
    html = str(document(record_of(events)))
    assert "What was made to fail" in html
    assert "never took effect" in html
    made = summary(state)
    assert made is not None
    assert made["faults"] == [
        {"fault": "upload-503=2", "effects": [f"publish: {FIRED.what}"] * 2},
        {"fault": "oidc-down", "effects": []},
    ]
    assert event_lines(state, FIRED) == ["publish: fault upload-503=2: upload: 2nd request answered with 503"]
    assert event_lines(state, events[0])[-1] == "with the faults upload-503=2, oidc-down"


def test_a_run_without_faults_says_nothing_of_them(events_of: EventsOf) -> None:
    state = replay(events_of("go"))
    assert "Faults" not in text(state)
    made = summary(state)
    assert made is not None
    assert "faults" not in made


CUT = DrillView(
    name="upload-cut",
    faults=["upload-503=2+"],
    says="the index stops answering",
    outcome="second attempt",
    counts=True,
    first="upload: 2nd request answered with 503",
    there=[("pypi", "a.whl")],
    missing=[("pypi", "a.tar.gz")],
    second="",
    advice="Re-run the failed job.",
)


def shown(view: DrillsView) -> str:
    out = io.StringIO()
    print_drills(view, Console(file=out, width=260, color_system=None, _environ={}))
    return out.getvalue()


def test_the_table_of_drills() -> None:
    lost = replace(CUT, name="token-expired", outcome="lost", second="400 File\x1b[2J already exists " + "x" * 300)
    aside = replace(lost, name="rebuilt", counts=False, advice="Never.")
    view = DrillsView(drills=[CUT, lost, aside], survives=False, left=["lint"], record=".pysim/runs/1/drills")
    said = shown(view)
    assert "1 of 2 files there, missing: a.tar.gz" in said
    assert "the only file there" in shown(replace(view, drills=[replace(CUT, missing=())]))
    assert "all 2 files there" in shown(
        replace(view, drills=[replace(CUT, there=(*CUT.there, *CUT.there), missing=())])
    )
    assert "\x1b" not in said
    assert "xxx..." in "".join(said.split())
    assert "Not drilled, as nothing that publishes needs it: lint" in said
    assert "rebuilt does not count: Never." in said
    assert said.rstrip().endswith(
        "2 drills, 0 in the first attempt, 1 in the second; the release does not survive token-expired"
    )
    assert verdict(view).startswith("NO-GO")
    assert as_json(view)["schemaVersion"] == 1


def test_files_of_several_indexes_are_told_apart() -> None:
    row = replace(CUT, there=[("testpypi", "a.whl"), ("testpypi", "a.tar.gz")], missing=[("pypi", "a.whl")])
    said = shown(DrillsView(drills=[row], survives=True, left=[], record="x"))
    assert "2 of 3 files there, missing: a.whl (PyPI)" in said


def test_drills_that_could_not_be_run() -> None:
    view = DrillsView(drills=[], survives=False, left=[], record="x", stopped="build failed\nmore")
    assert shown(view).rstrip().splitlines()[-1] == "NO-GO  build failed"
