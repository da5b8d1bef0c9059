"""What a program asks of pysim: the names that the package gives, its page, and rehearsals beside each other."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest

import simulator
from simulator import Cancellation, CancelledError, Rehearsal, Request, Verdict, rehearse
from simulator.report.codec import encode
from simulator.run_events import RunEvent, StepLine
from tests.release.driving import PROJECT, TINY, WORKFLOW, Repository

PAGE: Final = PROJECT / "docs/api.md"
EXAMPLES: Final = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
# What is never the same in two runs: by the field's name, whatever its value is.
_CHANGING: Final = frozenset({"at", "runId", "record", "seconds", "sha", "digest", "sha256", "size", "status"})
_NUMBERS: Final = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}|[A-Za-z0-9+/=_-]{30,}|/[\w./-]+|\d+(\.\d+)?")
_OF_TWINS: Final = frozenset({"twin-request", "artifact-stored", "cache-used", "token-exchanged", "file-uploaded"})


def test_every_name_is_there_and_imports_nothing_before_it_is_used() -> None:
    assert {name for name in simulator.__all__ if not hasattr(simulator, name)} == set()
    assert set(simulator.__all__) <= set(dir(simulator))
    said = "import sys, simulator; print([name for name in sys.modules if name.startswith('simulator.')])"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert done.stdout.strip() == "['simulator.version']"
    assert (Path(simulator.__file__).parent / "py.typed").is_file()


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'rehears'"):
        simulator.rehears  # noqa: B018 - the look-up is the test


# ---- real rehearsals


@pytest.fixture
def own_folders(state_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caches and the authority that the command of `tiny` has, for this process."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(state_home / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(state_home / "data"))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """The events of a rehearsal that has the machine for itself."""
    root = tmp_path_factory.mktemp("alone") / "repository"
    shutil.copytree(TINY, root)
    _, events = heard(Repository(root=root, engine="local", home=root))
    return alike(events)


def request(repository: Repository) -> Request:
    return Request(repository=repository.root, tag="v0.1.0", engine="local", offline=True)


def heard(repository: Repository, cancellation: Cancellation | None = None) -> tuple[Rehearsal, list[RunEvent]]:
    events: list[RunEvent] = []
    return rehearse(request(repository), events.append, cancellation=cancellation), events


def alike(events: Sequence[RunEvent | dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Events as two runs have in common, without times, ids and what is made of them: the runner's, and the twins'.

    The twins tell theirs from a thread of their own, so that only the order of the others is the same.
    """
    plain = [event if isinstance(event, dict) else encode(event) for event in events]
    told = [event for event in plain if event["type"] != "summary"]
    ours, theirs = ([e for e in told if (e["type"] in _OF_TWINS) is of_twins] for of_twins in (False, True))
    lines = [json.dumps(_settled(event), sort_keys=True) for event in ours]
    return lines, sorted(json.dumps(_settled(event), sort_keys=True) for event in theirs)


def _settled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "" if key in _CHANGING else _settled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_settled(item) for item in value]
    return _NUMBERS.sub("#", value) if isinstance(value, str) else value


@pytest.mark.local
def test_the_command_and_the_api_say_the_same(
    tiny: Repository, own_folders: None, alone: tuple[list[str], list[str]]
) -> None:
    command = tiny.rehearse("--offline")
    rehearsal, events = heard(tiny)
    assert (rehearsal.verdict, command.verdict) == (Verdict.GO, "go")
    assert rehearsal.reason == command.summary["reason"]
    assert {finding.code for finding in rehearsal.findings} == command.findings.keys()
    assert alike(events) == alike(command.events) == alone
    assert [job.name for job in rehearsal.jobs] == ["build", "publish"]
    assert {file.filename for file in rehearsal.published} == {
        file["filename"] for release in command.summary["published"] for file in release["files"]
    }
    assert (rehearsal.record / "events.jsonl").is_file()


@pytest.mark.local
def test_two_rehearsals_of_a_repository_keep_apart(
    tiny: Repository, own_folders: None, alone: tuple[list[str], list[str]]
) -> None:
    cancellation = Cancellation()
    before = Path.cwd(), dict(os.environ)
    tiny_events: list[RunEvent] = []

    def cancel_in_the_middle(event: RunEvent) -> None:
        tiny_events.append(event)
        if isinstance(event, StepLine):
            cancellation.cancel()

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(rehearse, request(tiny), cancel_in_the_middle, cancellation=cancellation)
        other = pool.submit(heard, tiny)
        with pytest.raises(CancelledError):
            one.result(120)
        rehearsal, events = other.result(120)
    assert rehearsal.verdict is Verdict.GO
    assert alike(events) == alone
    assert not any(event for event in encoded(tiny_events) if event["type"] == "run-finished")
    assert (Path.cwd(), dict(os.environ)) == before


def encoded(events: Sequence[RunEvent]) -> Iterator[dict[str, Any]]:
    return map(encode, events)


@pytest.mark.local
def test_two_processes_at_once_keep_apart(tiny: Repository, alone: tuple[list[str], list[str]]) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: tiny.pysim("run", "--json", "--engine", "local", "--tag", "v0.1.0", "--offline"),
                             range(2)))  # fmt: skip
    for done in both:
        assert done.code == 0, done.stderr.decode()
        events = [json.loads(line) for line in done.stdout.decode().splitlines()]
        assert alike(events) == alone


def test_one_that_was_cancelled_before_does_not_begin(tiny: Repository, own_folders: None) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(CancelledError):
        heard(tiny, cancellation)


@pytest.mark.local
def test_the_examples_of_the_page(
    tiny: Repository, own_folders: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.edit("pyproject.toml", ('version = "0.1.0"', 'version = "1.2.3"'))
    monkeypatch.chdir(tiny.root)
    names: dict[str, Any] = {}
    before = frozenset(threading.enumerate())
    for example in EXAMPLES:
        exec(compile(example, str(PAGE), "exec"), names)  # noqa: S102 - the page's own code
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer) and thread not in before:
            thread.join()
    printed = capsys.readouterr().out
    assert "the record is in" in printed
    assert "publish success" in printed
    assert "The operation was cancelled." in printed
    assert str(WORKFLOW) in printed
    assert "environment:pypi taken" in printed
