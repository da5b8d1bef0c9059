"""`.pysim/`, run folders and their owners, on a real file system with real processes and a real git."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.paths import (
    Owner,
    RunFolder,
    StateFolder,
    abandoned_folders,
    authority_folder,
    cache_folder,
    remove_folder,
    temporary_folders,
)

NOW = datetime(2026, 11, 23, 7, 44, 55, tzinfo=UTC)
ROOT_WRITES_EVERYWHERE = pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
OWN_RUN = """
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from simulator.paths import StateFolder
print(StateFolder(Path(sys.argv[1])).new_run(datetime.now(UTC)).path, flush=True)
sys.stdin.read()
"""


def test_git_does_not_see_the_state(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    run = StateFolder(tmp_path).new_run(NOW)
    run.summary.write_text("{}")
    status = subprocess.run(
        ["git", "status", "--porcelain", "--ignored=no"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert status.stdout == ""


def test_run_ids_sort_by_time_whatever_the_zone(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    later = state.new_run(NOW.astimezone(timezone(timedelta(hours=-9))) + timedelta(seconds=1))
    first = state.new_run(NOW)
    (state.runs / "notes").mkdir()
    (state.runs / "20261123-074455-ffff.bak").touch()
    assert first.id.startswith("20261123-074455-")
    assert state.all_runs() == (first, later)
    assert state.run(first.id) == first


def test_runs_of_one_second_have_folders_of_their_own(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    assert len({state.new_run(NOW).id for _ in range(40)}) == 40


def test_an_unknown_run_is_named(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    assert state.all_runs() == ()
    with pytest.raises(UsageError, match="no run 20261123-074455-aaaa"):
        state.run("20261123-074455-aaaa")
    with pytest.raises(UsageError):
        state.run("../../etc")


def test_an_own_gitignore_is_kept(tmp_path: Path) -> None:
    ignore = tmp_path / ".pysim" / ".gitignore"
    ignore.parent.mkdir()
    ignore.write_text("runs/\n")
    StateFolder(tmp_path).new_run(NOW)
    assert ignore.read_text() == "runs/\n"


def test_a_run_belongs_to_its_process_until_it_is_released(tmp_path: Path) -> None:
    run = StateFolder(tmp_path).new_run(NOW)
    assert run.owner == Owner.current()
    assert run.owner_alive
    run.release()
    run.release()
    assert not run.owner_alive


def test_a_killed_run_has_no_owner_alive(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", OWN_RUN, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
        text=True,
    )
    with child:
        assert child.stdout is not None
        run = RunFolder(Path(child.stdout.readline().strip()))
        assert run.owner is not None
        assert run.owner.pid == child.pid
        assert run.owner_alive
        child.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not run.owner_alive, "a zombie is no owner"
    assert not run.owner_alive


def test_a_reused_process_number_is_another_process() -> None:
    me = Owner.current()
    assert me.alive
    assert not Owner(pid=me.pid, boot=me.boot, started=str(int(me.started) + 1)).alive
    assert not Owner(pid=me.pid, boot="another-boot", started=me.started).alive


def test_owners_are_read_back_and_rubbish_is_not() -> None:
    me = Owner.current()
    assert Owner.parse(str(me)) == me
    assert Owner.parse(str(me)[:3]) is None
    assert Owner.parse("") is None


OWN_FOLDER = """
import sys, time
from simulator.paths import temporary_folder
with temporary_folder("test") as folder:
    (folder / "closed/more").mkdir(parents=True)
    (folder / "closed").chmod(0)
    (folder / "link").symlink_to(sys.argv[1])
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("killed", [False, True])
def test_a_temporary_folder_is_its_process_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: bool) -> None:
    """What a sandbox left is removed with it, closed folders too, and nothing that a link in it leads to."""
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o750)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    child = subprocess.Popen(
        [sys.executable, "-c", OWN_FOLDER, kept],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        text=True,
    )
    with child:
        assert child.stdout is not None
        folder = Path(child.stdout.readline().strip())
        assert folder in temporary_folders("test")
        assert abandoned_folders("test") == ()
        if killed:
            child.kill()
    assert folder.exists() == killed
    assert abandoned_folders("test") == ((folder,) if killed else ())
    if killed:
        assert remove_folder(folder)
    assert sorted(tmp_path.iterdir()) == [kept]
    assert kept.stat().st_mode & 0o777 == 0o750


def test_folders_of_others_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("pysim-brief", "pysim-local-abc", "pysim-local-x-1-2-3", "pysim-local-1-2-3-"):
        (tmp_path / name).mkdir()
    assert not {path for path in temporary_folders() if path.parent == tmp_path}
    (tmp_path / "pysim-local-4194304-1-abc-xyz").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert not {path for path in abandoned_folders() if path.parent == tmp_path}


def test_without_proc_the_number_decides() -> None:
    assert Owner(pid=os.getpid(), boot="", started="").alive
    with subprocess.Popen(["true"]) as child:
        child.wait()
    assert not Owner(pid=child.pid, boot="", started="").alive


@pytest.mark.parametrize("name", ["build", "build (3.12, ubuntu-24.04)", "../..", "a/b", ".", "", "ü" * 200, "x" * 300])
def test_logs_stay_in_the_run_folder(tmp_path: Path, name: str) -> None:
    run = StateFolder(tmp_path).new_run(NOW)
    log = run.log(name, 7, name)
    log.parent.mkdir(exist_ok=True)
    log.touch()
    assert log.parent.parent == run.logs
    assert log.name.startswith("07-")
    assert log.name.endswith(".log")


def test_jobs_do_not_share_a_log_folder(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    jobs = ["build", "build (1)", "build -1", "build-1", "Build", "x" * 300, "x" * 299, "", "step", "./."]
    assert len({run.log(job, 1, "s").parent for job in jobs}) == len(jobs)
    assert run.log("build", 1, "Run python -m build") == tmp_path / "logs" / "build" / "01-Run-python-m-build.log"


def test_removing_a_run_takes_read_only_parts_too(tmp_path: Path) -> None:
    run = StateFolder(tmp_path).new_run(NOW)
    inner = run.clone / "objects"
    inner.mkdir(parents=True)
    (inner / "aa").write_text("x")
    (inner / "aa").chmod(0o400)
    inner.chmod(0o500)
    run.remove()
    assert not run.path.exists()


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / ".pysim").write_text("")
    with pytest.raises(UsageError, match=r"Cannot write .*\.pysim") as caught:
        StateFolder(tmp_path).new_run(NOW)
    assert caught.value.hint


@ROOT_WRITES_EVERYWHERE
def test_a_read_only_repository_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="Permission denied"):
        StateFolder(tmp_path).new_run(NOW)


def test_machine_wide_folders_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert cache_folder() == tmp_path / "cache" / "pysim"
    authority = authority_folder()
    assert authority == tmp_path / "data" / "pysim" / "authority"
    assert authority.stat().st_mode & 0o777 == 0o700


def test_a_cache_that_cannot_be_made_says_how_to_move_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(UsageError) as caught:
        cache_folder()
    assert "XDG_CACHE_HOME" in caught.value.hint


@pytest.mark.parametrize("name", ["", "runs", "runs/x", ".gitignore", "cache", "cache/blobs", "index/current/pypi"])
def test_a_state_folder_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    """It came with the repository: what pysim writes, removes or hands to jobs would be the user's own files."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "other").mkdir()
    link = tmp_path / "repository/.pysim" / name
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "mine")
    with pytest.raises(UsageError, match=f"{link} is a link"):
        StateFolder(tmp_path / "repository").new_run(NOW)
    assert not list((tmp_path / "mine").iterdir())
    StateFolder(tmp_path / "other").new_run(NOW)
    (tmp_path / "other/.pysim/index/g1").mkdir(parents=True)
    (tmp_path / "other/.pysim/index/current").symlink_to("g1")
    StateFolder(tmp_path / "other").new_run(NOW)
