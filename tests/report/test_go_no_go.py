"""What must hold of every report, beside the recorded ones in `cases/`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from simulator.findings import Finding, Severity
from simulator.paths import RunFolder
from simulator.positions import Span
from simulator.publisher_records import ClaimCheck, PublisherForm
from simulator.report.go_no_go import report
from simulator.report.state import RunState, replay
from simulator.run_events import (
    Annotation,
    CacheUsed,
    Conclusion,
    FindingRaised,
    Installed,
    JobFinished,
    JobPlanned,
    RunEvent,
    RunFinished,
    RunStarted,
    StepFinished,
    StepLine,
    StepStarted,
    StepSummary,
    TokenExchanged,
    TwinRequest,
    Verdict,
    WorkflowConsidered,
)

CASES = sorted(path.name for path in (Path(__file__).parent / "cases").iterdir())
EventsOf = Callable[[str], Sequence[RunEvent]]


def text(state: RunState, width: int = 100, folder: RunFolder | None = None) -> list[str]:
    console = Console(width=width, color_system=None, force_terminal=True, _environ={})
    return [line.plain.rstrip() for line in report(state, console, folder=folder)]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_a_report_fits_its_width_and_loses_no_word(events_of: EventsOf, case: str, width: int) -> None:
    state = replay(events_of(case))
    lines = text(state, width)
    assert all(cell_len(line) <= width for line in lines if "https://" not in line)
    wide = "".join("".join(text(state, 1000)).split())
    assert re.sub(r"[|,]|sha256", "", "".join("".join(lines).split())) == re.sub(r"[|,]|sha256", "", wide)


def test_a_green_report_fits_one_screen(events_of: EventsOf) -> None:
    assert len(text(replay(events_of("go")), 100)) <= 40


@pytest.mark.parametrize("case", CASES)
def test_the_last_line_is_the_verdict(events_of: EventsOf, case: str) -> None:
    last = text(replay(events_of(case)), 200)[-1]
    assert re.match(r"(GO|NO-GO|NOT REHEARSED|NOTHING PUBLISHED|NOT FINISHED)  \S", last)


def test_a_log_is_named_so_that_it_can_be_copied(events_of: EventsOf) -> None:
    folder = RunFolder(Path(".pysim/runs/20261123-074455-3f9a"))
    lines = text(replay(events_of("failed-build")), 60, folder)
    path = str(folder.log("build", 5, "Run python -m build"))
    assert any(line.endswith(path) for line in lines)


def test_the_words_of_others_give_no_orders(events_of: EventsOf) -> None:
    lines = text(replay(events_of("matrix")))
    assert all(line.isprintable() for line in lines)


def exchange(*checks: tuple[str, str, str]) -> TokenExchanged:
    claims = tuple(
        ClaimCheck(claim=claim, value=value, expected=expected, ok=True) for claim, value, expected in checks
    )
    return TokenExchanged(job_id="p", index="pypi", ok=True, publisher="x", declared=False, claims=claims)


@pytest.mark.parametrize(("index", "title"), [("pypi", "PyPI"), ("testpypi", "TestPyPI")])
def test_what_to_register(index: str, title: str) -> None:
    page = "https://index.example/publishing/?" + "x" * 200
    new = PublisherForm(
        project="demo", owner="o", repository="r", workflow="p.yml", environment="pypi", pending=True, page=page
    )
    known = replace(new, pending=False, environment="", there=True)
    unnamed = replace(known, owner="", repository="")
    forms = (replace(new, there=False), new, known, unnamed)
    shown = text(replay([replace(exchange(), index=index, forms=forms)]))
    assert [line[17:] for line in shown].count(page) == 3, "in one piece"
    words = " ".join(line.strip() for line in shown).replace(page, "PAGE")
    assert (
        f"None is declared. {title} has no project demo, so register a pending publisher: "
        "PyPI Project Name: demo; Owner: o; Repository name: r; Workflow name: p.yml; Environment name: pypi PAGE "
        f"None is declared. Whether {title} has a project demo is unknown. If it has none, register a pending "
        "publisher; else register it in the project's settings: "
        "PyPI Project Name: demo; Owner: o; Repository name: r; Workflow name: p.yml; Environment name: pypi PAGE "
        f"None is declared. Register it for demo on {title}, where the link fills in the form: PAGE "
        f"None is declared. Register it for demo on {title}, where the link fills in the form: "
        "Owner: (the repository's owner at GitHub); Repository name: (its name at GitHub); Workflow name: p.yml; "
        "Environment name: (leave empty) PAGE"
    ) in words


def test_two_new_projects_cannot_be_registered_beside_each_other() -> None:
    one = PublisherForm(
        project="one", owner="o", repository="r", workflow="p.yml", environment="", pending=True, page="https://x"
    )
    said = "TestPyPI takes one pending publisher with these values, and would refuse that of two: give each new project"
    for other, problem in ((replace(one, project="two"), True), (replace(one, project="two", pending=False), False)):
        shown = text(replay([replace(exchange(), index="testpypi", forms=(one, other))]))
        assert (said in " ".join(line.strip() for line in shown)) == problem


def test_a_publisher_that_takes_any_environment() -> None:
    lines = text(replay([exchange(("environment", "MISSING", "Any"))]))
    assert any(line.endswith("environment  none, and the publisher takes any") for line in lines)


def test_equal_exchanges_are_told_once() -> None:
    state = replay([exchange(("repository", "o/r", "o/r"))] * 3)
    assert sum("gives p an upload token" in line for line in text(state)) == 1
    assert len(state.exchanges) == 3


def test_many_idle_workflows_are_counted() -> None:
    idle = [WorkflowConsidered(path=f"{n}.yml", starts=False, rehearsed=False, reason="no") for n in range(20)]
    assert len(text(replay(idle))) > 20, "each has its reason when none starts"
    lines = text(replay([*idle, replace(idle[0], path="pypi.yml", starts=True, rehearsed=True)]))
    assert "pypi.yml" in lines[3]
    assert any(line.strip() == "not started  15 more workflows" for line in lines)


def test_installs_from_several_indexes_say_from_which() -> None:
    one = Installed(tool="pip", dist="wheel", project="demo", version="1", ok=True, seconds=1.0, detail="")
    both = [one, replace(one, index="testpypi")]
    assert not any("from PyPI" in line for line in text(replay([one])))
    found = "\n".join(text(replay(both)))
    assert "pip install (wheel) from PyPI " in found
    assert "pip install (wheel) from TestPyPI " in found


def test_many_jobs_that_did_not_run_for_one_reason_are_one_line() -> None:
    planned = [JobPlanned(job_id=f"test ({n})", name=f"test ({n})", needs=(), workflow="t.yml") for n in range(9)]
    ended = [JobFinished(job_id=job.job_id, conclusion=Conclusion.SKIPPED, at=1.0, reason="no") for job in planned[:4]]
    lines = [line.strip() for line in text(replay([*planned, *ended]))]
    assert [line.split()[-1] for line in lines if "test (" in line] == ["no", "started"]
    assert any("test (0) and 3 more" in line for line in lines)
    assert any("test (4) and 4 more" in line for line in lines)


def test_caches_and_one_that_a_release_would_not_find(events_of: EventsOf) -> None:
    events = events_of("go")
    started = next(event for event in events if isinstance(event, RunStarted))
    own = CacheUsed(job_id="b", outcome="saved", key="k-1", matched="k-1", scope="refs/tags/v1", size=2048)
    own = replace(own, run_id=started.run_id)
    hit = replace(own, outcome="hit", key="k-2", run_id="earlier")
    found = text(replay([*events, CacheUsed(job_id="b", outcome="miss", key="k"), own, hit]), 200)
    begin = next(number for number, line in enumerate(found) if line.startswith("Caches"))
    earlier = ", saved by an earlier rehearsal; at GitHub a new tag has no cache of its own"
    assert [line.removeprefix("Caches").strip() for line in found[begin : begin + 3]] == [
        "b: missed k",
        "b: saved k-1: 2.0 kB for refs/tags/v1",
        f"b: hit k-1 for k-2: 2.0 kB of refs/tags/v1{earlier}",
    ]


def test_the_busiest_hosts_outside_are_named() -> None:
    request = TwinRequest(job_id="b", twin="outside", method="CONNECT", host="", path="", status=200)
    hosts = [replace(request, host=f"h{n}.example") for n in range(7) for _ in range(n + 1)]
    own = [replace(request, twin="pypi", host="index.example")]
    line = next(line for line in text(replay([*hosts, *own]), 200) if line.startswith("Outside"))
    assert line == (
        "Outside      28 requests of jobs to the real network: h6.example (7), h5.example (6), h4.example (5), "
        "h3.example (4), h2.example (3) and 2 other hosts"
    )


def test_annotations_are_limited_and_those_of_failed_steps_not_repeated(events_of: EventsOf) -> None:
    notes = [Annotation(job_id="b", number=9, level="warning", message=f"w{n}") for n in range(12)]
    lines = text(replay([*events_of("failed-build"), *notes]))
    shown = [line for line in lines if re.search(r"warning  b  w\d", line)]
    assert len(shown) == 10
    assert any("and 2 more, in the record" in line for line in lines)
    assert not any("error  build" in line for line in lines)


def test_annotations_are_sorted_by_level_and_show_their_line(events_of: EventsOf) -> None:
    notes = [
        Annotation(job_id="b", number=2, level="notice", message="n", file="a.py", line=2, end_line=4),
        Annotation(job_id="b", number=2, level="error", title="T", message="e", file="a.py", line=7, source="  x = 1 "),
        Annotation(job_id="b", number=2, level="warning", message="w", file="a.py"),
    ]
    lines = text(replay([*events_of("go"), *notes, *notes]))
    start = next(number for number, line in enumerate(lines) if line.startswith("Annotations"))
    assert [line.removeprefix("Annotations").strip() for line in lines[start : start + 4]] == [
        "error    a.py:7  T: e (b)",
        "| x = 1",
        "warning  a.py  w (b)",
        "notice   a.py:2-4  n (b)",
    ]


def test_a_summary_is_shown_briefly_and_its_file_named(events_of: EventsOf) -> None:
    folder = RunFolder(Path(".pysim/runs/20261123-074455-3f9a"))
    written = StepSummary(job_id="build", number=2, markdown="# Built\n\n" + "\n".join(f"- row {n}" for n in range(12)))
    lines = text(replay([*events_of("go"), written]), 100, folder)
    start = next(number for number, line in enumerate(lines) if line.startswith("Summaries"))
    shown = [line.strip() for line in lines[start : start + 12]]
    assert shown[0] == "Summaries    build / Run actions/checkout@v4"
    assert shown[1:11] == ["| Built", "|", *(f"|  • row {n}" for n in range(8))]
    assert shown[11] == f"all of it: {folder.step_summary('build', 2, 'Run actions/checkout@v4')}"


@pytest.mark.parametrize(
    ("message", "would_show", "told"),
    [
        ("it failed: 403 Forbidden", "403: Forbidden", False),
        ("it failed", "403 Forbidden", True),
        ("it failed", "one\ntwo", True),
        ("it failed: one, two", "one\n\ntwo", False),
    ],
)
def test_the_same_is_not_said_twice(message: str, would_show: str, told: bool) -> None:
    finding = Finding(code="x", severity=Severity.ERROR, message=message, hint="mend", would_show=would_show)
    lines = text(replay([FindingRaised(finding=finding)]))
    assert any("The release would have shown" in line for line in lines) is told


def test_what_a_failed_step_said_is_not_said_again(events_of: EventsOf) -> None:
    said = next(event for event in events_of("failed-build") if isinstance(event, StepLine) and "ERROR" in event.line)
    finding = Finding(code="x", severity=Severity.ERROR, message="it failed", hint="mend", would_show=said.line)
    shown = [text(replay([*events_of(case), FindingRaised(finding=finding)])) for case in ("failed-build", "go")]
    assert [sum("The release would have shown" in line for line in lines) for lines in shown] == [0, 1]


def test_a_place_in_pysims_own_file_is_not_named(events_of: EventsOf) -> None:
    planned = JobPlanned(job_id="install", name="install check", needs=(), workflow="pysim:install.yml", own=True)
    span = Span(file="pysim:install.yml", line=3, column=1)
    started = StepStarted(job_id="install", number=1, name="pip installs", span=span, at=1.0)
    failed = StepFinished(
        job_id="install", number=1, outcome=Conclusion.FAILURE, conclusion=Conclusion.FAILURE, at=2.0, exit_code=1
    )
    shown = "\n".join(text(replay([*events_of("go"), planned, started, failed])))
    assert "install check / pip installs (exit code 1, 1.0 s)" in shown
    assert "pysim:install.yml" not in shown


def test_a_snapshot_is_called_one(events_of: EventsOf) -> None:
    started, *rest = events_of("go")
    assert isinstance(started, RunStarted)
    assert "commit 3f2a91c04b" in text(replay([started, *rest]))[3]
    assert "the files as they are, 3f2a91c04b" in text(replay([replace(started, snapshot=True), *rest]))[3]


@pytest.mark.parametrize("case", CASES)
def test_the_verdict_is_the_first_line_too(events_of: EventsOf, case: str) -> None:
    lines = text(replay(events_of(case)), 300)
    assert lines[1] == lines[-1]


@pytest.mark.parametrize("case", ["go", "sample", "declared"])
def test_a_go_that_need_not_be_whole_fits_a_small_screen(events_of: EventsOf, case: str) -> None:
    console = Console(width=80, color_system=None, force_terminal=True, _environ={})
    state = replay(events_of(case))
    shown = [line.plain for line in report(state, console, whole=False)]
    assert len(shown) <= 28
    names = [line.split()[0] for line in shown if line[:1].strip()]
    assert names[:3] == ["GO", "Rehearsed", "Published"]
    assert all(file.filename in "\n".join(shown) for file in state.published)


def test_a_no_go_is_always_whole(events_of: EventsOf) -> None:
    console = Console(width=100, color_system=None, force_terminal=True, _environ={})
    state = replay(events_of("failed-build"))
    assert report(state, console, whole=False) == report(state, console)


def failing(*said: str, command: str, errors: Sequence[str] = ()) -> list[RunEvent]:
    """A step that says what it runs, writes lines, then errors, and fails."""
    line = StepLine(job_id="j", number=1, line="")
    return [
        StepStarted(job_id="j", number=1, name="Build", span=None, at=1.0),
        replace(line, level="group", line=f"Run {command}"),
        replace(line, line="env:"),
        replace(line, level="endgroup"),
        *(replace(line, line=text) for text in said),
        *(Annotation(job_id="j", number=1, level="error", message=text) for text in errors),
        *(replace(line, level="error", line=text) for text in errors),
        StepFinished(
            job_id="j", number=1, outcome=Conclusion.FAILURE, conclusion=Conclusion.FAILURE, at=2.0, exit_code=1
        ),
    ]


def test_a_failed_step_shows_its_annotations_then_its_log_without_what_it_was_given() -> None:
    shown = text(replay(failing("before", command="make", errors=["it broke", "Process completed with exit code 1."])))
    start = next(n for n, line in enumerate(shown) if "j / Build" in line)
    assert [line[13:] for line in shown[start : start + 4]] == [
        "j / Build (exit code 1, 1.0 s)",
        "  ran: make",
        "  error    j  it broke",
        "  | before",
    ]


def test_a_failed_step_shows_its_first_complaint_and_its_end() -> None:
    noise = [f"line {n}" for n in range(200)]
    shown = text(
        replay(failing(*noise[:50], "error: no such file", *noise[50:], "x" * 5000, "the end", command="make"))
    )
    logged = [line.removeprefix(" " * 13 + "  | ") for line in shown if line[13:].startswith("  | ")]
    assert logged[:4] == ["line 47", "line 48", "line 49", "error: no such file"]
    assert "…" in logged
    assert logged[-1] == "the end"
    assert sum(len(line) for line in shown) < 4000, "long lines are cut"


def test_the_cause_stands_behind_what_else_was_found_with_its_line() -> None:
    place = Span(file="release.yml", line=4, column=9)
    cause = Finding(
        code="b", severity=Severity.ERROR, message="It fails.", hint="Mend it.", where=place, source="    path: x/"
    )
    other = Finding(code="a", severity=Severity.WARNING, message="It is odd.", hint="See to it.")
    ended = RunFinished(verdict=Verdict.NO_GO, reason="It fails.", refused=False, at=1.0)
    shown = text(replay([FindingRaised(finding=other), FindingRaised(finding=cause), ended]))
    assert [line.strip() for line in shown if line[13:] and not line.startswith("NO-GO")] == [
        "Findings     warning  [a]",
        "It is odd.",
        "Fix: See to it.",
        "Cause        error  [b]  release.yml:4",
        "| path: x/",
        "It fails.",
        "Fix: Mend it.",
    ]


def test_a_cause_that_several_jobs_share_stands_once() -> None:
    planned = [JobPlanned(job_id=f"t ({n})", name=f"t ({n})", needs=(), workflow="w") for n in range(2)]
    errors = [
        FindingRaised(
            finding=Finding(code="x", severity=Severity.ERROR, message=f"It fails in job t ({n})", hint="Mend it.")
        )
        for n in range(2)
    ]
    ended = RunFinished(verdict=Verdict.NO_GO, reason="It fails in job t (0)", refused=False, at=1.0)
    shown = "\n".join(text(replay([*planned, *errors, ended])))
    assert shown.count("[x]") == 1
    assert "It fails in jobs t (0), t (1)" in shown
