"""The tree on a terminal: it fits, it tells what runs, and the report follows it."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence

import pytest
from rich.cells import cell_len
from rich.console import Console

from simulator.report.live import LiveRenderer, frame
from simulator.report.plain import PlainRenderer
from simulator.report.state import RunState, replay
from simulator.run_events import (
    Conclusion,
    JobFinished,
    JobPlanned,
    JobStarted,
    ReviewEnded,
    ReviewRequested,
    RunEvent,
    StepLine,
    StepStarted,
)

NOW = 1795419925.0
EventsOf = Callable[[str], Sequence[RunEvent]]


def lines(state: RunState, width: int = 80, height: int = 40) -> list[str]:
    return [text.plain.rstrip() for text in frame(state, NOW, width, height)]


@pytest.mark.parametrize("case", ["go", "failed-build", "matrix", "refused-publisher"])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 40), (40, 10), (20, 3), (200, 1), (10, 0)])
def test_every_frame_fits(events_of: EventsOf, case: str, width: int, height: int) -> None:
    events = events_of(case)
    for count in range(len(events)):
        drawn = lines(replay(events[:count]), width, height)
        assert len(drawn) <= height
        assert all(cell_len(text) <= width for text in drawn)
        assert not any("\x1b" in text or "\n" in text for text in drawn)


def test_a_running_step_shows_its_time_and_last_lines(events_of: EventsOf) -> None:
    events = events_of("go")
    running = next(n for n, e in enumerate(events) if isinstance(e, StepLine) and "Successfully installed" in e.line)
    assert lines(replay(events[: running + 1])) == [
        "pysim  push of tag v0.1.0 in bytehonest/orchay                 0 of 2 jobs, 0:30",
        "engine docker, image pysim/ubuntu-24.04:5f0c1a2b3d4e",
        "..    build                                                                 28 s",
        "      ok   Set up job                                                      0.6 s",
        "      ok   Run actions/checkout@v4                                         1.2 s",
        "      ok   Run actions/setup-python@v5                                     0.9 s",
        "      ..   Run pip install build                                            26 s",
        "           | $ pip install build",
        "           |   Downloading 100%",
        "           | Successfully installed build-1.5.1",
        "      publish-pypi  after build",
    ]


def test_a_finished_job_is_one_line(events_of: EventsOf) -> None:
    events = events_of("go")
    started = next(n for n, e in enumerate(events) if isinstance(e, JobStarted) and e.job_id == "publish-pypi")
    drawn = lines(replay(events[: started + 1]))
    assert drawn[2] == "ok    build                                                                 20 s"
    assert drawn[3].startswith("..    publish-pypi")
    assert len(drawn) == 4


def test_what_ended_gives_way_before_what_runs(events_of: EventsOf) -> None:
    events = events_of("failed-build")
    running = next(n for n, e in enumerate(events) if isinstance(e, StepLine) and e.level == "error")
    drawn = lines(replay(events[: running + 1]), height=7)
    assert any("Run python -m build" in text for text in drawn)
    assert "      4 steps done" in drawn
    assert not any("Set up job" in text for text in drawn)


def test_many_jobs_that_wait_are_counted() -> None:
    jobs = [JobPlanned(job_id=f"j{n}", name=f"j{n}", needs=(), workflow="w") for n in range(100)]
    ended = [JobFinished(job_id="j0", conclusion=Conclusion.FAILURE, at=NOW, reason="no image")]
    drawn = lines(replay([*jobs, *ended, JobStarted(job_id="j1", at=NOW)]), height=10)
    assert drawn[0] == "FAIL  j0  no image"
    assert drawn[-1] == "      98 jobs more to come"


def console(stream: io.StringIO) -> Console:
    return Console(file=stream, width=100, height=30, color_system="standard", force_terminal=True, _environ={})


def play(events: Sequence[RunEvent], *, verbose: bool = False) -> str:
    stream = io.StringIO()
    renderer = LiveRenderer(stream, verbose=verbose, clock=lambda: NOW, console=console(stream))
    try:
        for event in events:
            renderer(event)
    finally:
        renderer.close()
    renderer.close()
    return stream.getvalue()


def wait_until(holds: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def test_the_report_follows_once(events_of: EventsOf) -> None:
    text = play(events_of("go"))
    assert text.count("Pushing the tag v0.1.0 would publish") == 2, "the first line and the last"
    assert text.endswith("Pushing the tag v0.1.0 would publish orchay 0.1.0 to PyPI.\n")
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1, "the cursor is hidden, and comes back"


def test_an_interrupted_run_gives_the_terminal_back(events_of: EventsOf) -> None:
    text = play(events_of("interrupted"))
    assert text.count("\x1b[?25h") == 1
    assert "Trigger" not in text


def test_verbose_lines_keep_their_colours_and_nothing_else() -> None:
    text = play(
        [
            JobStarted(job_id="build", at=NOW),
            StepStarted(job_id="build", number=1, name="one", span=None, at=NOW),
            StepLine(
                job_id="build", number=1, line="\x1b[92mgreen\x1b[0m \x1b[2Jgone\x1b]0;title\x07 [bold]kept[/bold]"
            ),
        ],
        verbose=True,
    )
    assert "\x1b[92mgreen" in text
    assert "\x1b[2J" not in text
    assert "title" not in text
    assert "gone [bold]kept[/bold]" in text


def test_without_verbose_lines_do_not_scroll_by(events_of: EventsOf) -> None:
    assert "build | " not in play(events_of("go"))


def test_the_tree_is_away_while_a_person_is_asked(events_of: EventsOf) -> None:
    events = events_of("go")
    started = next(n for n, e in enumerate(events) if isinstance(e, JobStarted) and e.job_id == "publish-pypi")
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=80, height=24, legacy_windows=False)
    renderer = LiveRenderer(stream, console=console)
    for event in [*events[:started], ReviewRequested(environment="pypi", reviewers=("ada",))]:
        renderer(event)
    stream.write("QUESTION")
    renderer(events[started])  # another job goes on meanwhile
    asked = stream.getvalue()
    assert asked.endswith("QUESTION"), "nothing is drawn over the question"
    renderer(ReviewEnded(environment="pypi"))
    wait_until(lambda: "publish-pypi" in stream.getvalue().removeprefix(asked))
    renderer.close()
    after = stream.getvalue().removeprefix(asked)
    assert "publish-pypi" in after
    assert "\x1b[1A" not in after.partition("publish-pypi")[0], "the question stays"


def busy(count: int, *, running: int, ended: int) -> list[RunEvent]:
    """Jobs of which some ended, the next ones run, each with a step that says something, and the others wait."""
    name = "build wheels for a platform whose name is far too long for any terminal (cp{}-many)".format
    jobs = [JobPlanned(job_id=f"j{n}", name=name(n), needs=(), workflow="w") for n in range(count)]
    events: list[RunEvent] = [*jobs, *(JobStarted(job_id=f"j{n}", at=NOW - 100) for n in range(ended + running))]
    events += [JobFinished(job_id=f"j{n}", conclusion=Conclusion.SUCCESS, at=NOW - 5) for n in range(ended)]
    for n in range(ended, ended + running):
        events += [
            StepStarted(job_id=f"j{n}", number=1, name="compile", span=None, at=NOW - 42),
            StepLine(job_id=f"j{n}", number=1, line=f"object file {n}"),
        ]
    return events


@pytest.mark.parametrize("running", [3, 12, 20])
def test_of_thirty_jobs_each_that_runs_is_visible(running: int) -> None:
    drawn = lines(replay(busy(30, running=running, ended=7)), height=23)
    for n in range(7, 7 + running):
        row = next(number for number, text in enumerate(drawn) if f"(cp{n}-many" in text)
        assert any(f"object file {n}" in text for text in drawn[row : row + 3]), "the last line of its step"
        assert any(text.endswith("42 s") for text in drawn[row : row + 3])


def test_jobs_that_run_and_do_not_fit_are_counted() -> None:
    drawn = lines(replay(busy(60, running=50, ended=7)), height=23)
    assert len(drawn) == 23
    assert drawn[-1] == "..    29 more jobs running"


def test_the_first_line_counts_jobs_and_time(events_of: EventsOf) -> None:
    started, *_ = events_of("go")
    assert lines(replay([started, *busy(30, running=3, ended=7)]))[0].endswith("7 of 30 jobs, 0:30")


def test_a_step_that_says_nothing_is_told_in_plain_output() -> None:
    stream = io.StringIO()
    renderer = PlainRenderer(stream, quiet=0.2, clock=lambda: NOW)
    try:
        for event in busy(2, running=1, ended=1):
            renderer(event)
        wait_until(lambda: "so far" in stream.getvalue())
    finally:
        renderer.close()
    told = [line for line in stream.getvalue().splitlines() if "so far" in line]
    assert told[0].endswith("compile ... 42 s so far: object file 1")
