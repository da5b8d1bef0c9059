"""However a run ends, nothing of it stays: containers, processes, folders, mounts."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.release.driving import PROJECT, WORKFLOW, Repository

SLEEPING = """\
on: {{push: {{tags: ['v*']}}}}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: echo under way; sleep {seconds}
      - if: always()
        run: echo cleaned up
"""


def processes(marker: str) -> list[str]:
    """Command lines of this machine's processes that hold the marker."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if marker in line:
            found.append(line)
    return found


def containers(repository: Repository) -> list[str | None]:
    """The containers of the repository's one run."""
    import docker

    client = docker.from_env()
    try:
        (run,) = (repository.root / ".pysim/runs").iterdir()
        label = f"pysim.run={run.name}"
        return [container.name for container in client.containers.list(all=True, filters={"label": label})]
    finally:
        client.close()


def until(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return condition()


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """The folder for temporary files of the run that is ended."""
    folder = tmp_path / "t"
    folder.mkdir()
    return folder


@pytest.fixture
def started(tiny_on: Repository, temporary: Path) -> Iterator[tuple[Repository, subprocess.Popen[bytes], str]]:
    """A run in the middle of a step that sleeps for a time that no other process sleeps for."""
    marker = f"{3000 + secrets.randbelow(900)}.{secrets.randbelow(10**6):06d}"
    tiny_on.write(WORKFLOW, SLEEPING.format(seconds=marker))
    words = [sys.executable, "-m", "simulator", "run", "-C", str(tiny_on.root), "--tag", "v1", "--plain", "-v"]
    env = {**os.environ, **tiny_on.folders, "PYTHONPATH": str(PROJECT), "TMPDIR": str(temporary)}
    words += ["--engine", tiny_on.engine]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:
        try:
            assert until(lambda: bool(processes(f"sleep {marker}")) or run.poll() is not None, 300)
            assert run.poll() is None, run.stdout.read() if run.stdout else ""
            yield tiny_on, run, marker
        finally:
            run.kill()


def test_a_killed_run_is_cleaned_away(
    started: tuple[Repository, subprocess.Popen[bytes], str], temporary: Path
) -> None:
    repository, run, marker = started
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert until(lambda: not processes(marker), 10), "the step's own processes ended with pysim"
    cleaned = repository.pysim("clean", env={"TMPDIR": str(temporary)})
    assert cleaned.code == 0, cleaned.complaint
    assert list(temporary.iterdir()) == []
    assert not processes(str(repository.root))
    if repository.engine == "docker":
        assert containers(repository) == []
    assert "nothing to remove" in repository.pysim("clean").text


def test_an_interrupted_run_leaves_nothing(
    started: tuple[Repository, subprocess.Popen[bytes], str], temporary: Path
) -> None:
    repository, run, marker = started
    run.send_signal(signal.SIGINT)
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 130, out.decode()
    assert b"Traceback" not in out
    assert not processes(marker)
    assert list(temporary.iterdir()) == []
    assert b"cleaned up" in out, "steps with always() still run"
    if repository.engine == "docker":
        assert until(lambda: containers(repository) == [], 5)


def test_clean_keeps_what_it_was_not_asked_for(tiny: Repository, temporary: Path) -> None:
    env = {"TMPDIR": str(temporary)}
    tiny.rehearse("--tag", "other", env=env)
    assert "nothing to remove" in tiny.pysim("clean", env=env).text
    (folder,) = (tiny.root / ".pysim/runs").iterdir()
    assert (folder / "summary.json").is_file()
    assert folder.name in tiny.pysim("clean", "--runs", env=env).text
    assert list((tiny.root / ".pysim/runs").iterdir()) == []
