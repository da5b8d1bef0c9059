"""Renderers by name, the JSON lines, and the fan-out of events."""

from __future__ import annotations

import errno
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.paths import RunFolder
from simulator.report.codec import decode
from simulator.report.registry import RENDERERS, RendererName, broadcast, is_live_terminal, open_renderer
from simulator.run_events import Notice, RunEvent, RunFinished, StepLine, Verdict

ROOT = Path(__file__).parent.parent.parent
EventsOf = Callable[[str], Sequence[RunEvent]]


def rendered(name: RendererName, events: Sequence[RunEvent], folder: RunFolder | None = None) -> str:
    stream = io.StringIO()
    renderer = open_renderer(name, stream, folder=folder)
    for event in events:
        renderer(event)
    renderer.close()
    return stream.getvalue()


def test_json_is_the_events_and_then_the_summary(events_of: EventsOf) -> None:
    events = events_of("go")
    *lines, last = [json.loads(line) for line in rendered("json", events).splitlines()]
    assert [decode(line) for line in lines] == list(events)
    assert last["type"] == "summary"
    assert last["verdict"] == "go"
    assert [len(release["files"]) for release in last["published"]] == [2]


def test_json_of_a_run_without_verdict_has_no_summary(events_of: EventsOf) -> None:
    lines = rendered("json", events_of("interrupted")).splitlines()
    assert len(lines) == len(events_of("interrupted"))
    assert "summary" not in {json.loads(line)["type"] for line in lines}


def test_what_follows_the_verdict_stays_before_the_summary(events_of: EventsOf) -> None:
    lines = rendered("json", [*events_of("go"), Notice(message="late")]).splitlines()
    assert [json.loads(line)["type"] for line in lines[-2:]] == ["notice", "summary"]


def test_auto_is_plain_where_there_is_no_terminal(events_of: EventsOf) -> None:
    assert rendered("auto", events_of("go")) == rendered("plain", events_of("go"))


def test_auto_is_live_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    controller, terminal = pty.openpty()
    with open(controller, "rb"), open(terminal, "w") as stream:  # noqa: PTH123 - file descriptors
        monkeypatch.setenv("TERM", "xterm")
        assert is_live_terminal(stream)
        assert type(open_renderer("auto", stream)).__name__ == "LiveRenderer"
        monkeypatch.setenv("TERM", "dumb")
        assert type(open_renderer("auto", stream)).__name__ == "PlainRenderer"


def test_the_folder_is_named_as_the_user_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events_of: EventsOf
) -> None:
    folder = RunFolder(tmp_path / ".pysim" / "runs" / "one")
    assert f"Record{folder.path}/" in "".join(rendered("plain", events_of("go"), folder).split())
    monkeypatch.chdir(tmp_path)
    assert "Record       .pysim/runs/one/" in rendered("plain", events_of("go"), folder)


@pytest.mark.parametrize("name", RENDERERS)
def test_what_an_encoding_lacks_is_escaped(name: RendererName) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    renderer = open_renderer(name, stream, verbose=True)
    renderer(Notice(message="größer \ud800"))
    renderer(RunFinished(verdict=Verdict.GO, reason="漢字", at=1.0))
    renderer.close()
    renderer.close()
    stream.flush()
    assert raw.getvalue()


class Listening:
    """A sink that keeps what it hears, and fails at a word or at the end."""

    def __init__(
        self, *, fails_at: str | None = None, fault: Exception | None = None, fails_at_end: bool = False
    ) -> None:
        self.fault = fault or ValueError("fault")
        self.heard: list[str] = []
        self.closed = 0
        self.fails_at = fails_at
        self.fails_at_end = fails_at_end

    def __call__(self, event: RunEvent, /) -> None:
        assert isinstance(event, Notice)
        if event.message == self.fails_at:
            raise self.fault
        self.heard.append(event.message)

    def close(self) -> None:
        self.closed += 1
        if self.fails_at_end:
            raise ValueError("end")


def test_all_hear_the_same_in_the_same_order_from_any_thread() -> None:
    sinks = [Listening(), Listening()]
    with broadcast(sinks) as emit, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: emit(Notice(message=str(n))), range(800)))
    assert len(sinks[0].heard) == 800
    assert sinks[0].heard == sinks[1].heard
    assert [sink.closed for sink in sinks] == [1, 1]


def test_a_sink_that_fails_stops_neither_the_run_nor_the_others() -> None:
    broken, well, late = Listening(fails_at="b", fault=KeyError("b")), Listening(), Listening(fails_at_end=True)
    emit = broadcast([broken, well, late])
    for message in "abc":
        emit(Notice(message=message))
    with pytest.raises(KeyError, match="b"):
        emit.close()
    emit.close()
    assert broken.heard == ["a"]
    assert well.heard == ["a", "b", "c"]
    assert [broken.closed, well.closed] == [1, 1]


def test_a_reader_that_has_gone_is_no_fault() -> None:
    gone, well = Listening(fails_at="a", fault=BrokenPipeError()), Listening()
    with broadcast([gone, well]) as emit:
        emit(Notice(message="a"))
        emit(Notice(message="b"))
    assert (gone.heard, well.heard, gone.closed) == ([], ["a", "b"], 1)


def test_a_full_disk_is_told_in_words() -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    emit = broadcast([Listening(fails_at="a", fault=full)])
    emit(Notice(message="a"))
    with pytest.raises(UsageError, match="No space left"):
        emit.close()


@pytest.mark.parametrize("module", ["registry", "plain", "jsonl", "recorder", "diagnostics", "codec", "state"])
def test_rich_is_imported_only_where_it_draws(module: str) -> None:
    code = f"import sys, simulator.report.{module}; print([m for m in sys.modules if m.split('.')[0] == 'rich'])"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_plain_never_imports_the_live_display(events_of: EventsOf) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom simulator.report.codec import read_events\n"
        "from simulator.report.registry import open_renderer\nrenderer = open_renderer('auto', sys.stdout)\n"
        "for event in read_events(Path('tests/report/cases/go/events.jsonl')): renderer(event)\n"
        "renderer.close()\nassert 'rich.live' not in sys.modules and 'rich.console' in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("GO  Pushing the tag v0.1.0 would publish orchay 0.1.0 to PyPI.\n")


def test_plain_lines_can_be_seen_as_they_are_written() -> None:
    raw = io.BytesIO()
    renderer = open_renderer("plain", io.TextIOWrapper(raw, encoding="utf-8"), verbose=True)
    renderer(StepLine(job_id="build", number=1, line="now"))
    assert raw.getvalue() == b"build: | now\n"
