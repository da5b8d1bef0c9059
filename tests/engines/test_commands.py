"""What real programs do in the real sandboxes: output, processes, users and files."""

from __future__ import annotations

import concurrent.futures
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from simulator.engines.base import LAYOUT, MOST_READ, Command, Engine, Exit, NewFile, Sandbox, SandboxSpec
from simulator.engines.channel import CHUNK, CUT, LONGEST_LINE, Lines
from simulator.errors import EngineError
from tests.engines.driving import output, python, run


@pytest.fixture
def local_sandbox(local_engine: Engine, spec: SandboxSpec) -> Iterator[Sandbox]:
    with local_engine.open(spec) as sandbox:
        yield sandbox


def test_output_and_errors_keep_their_order(sandbox: Sandbox) -> None:
    script = "for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done"
    assert output(sandbox, script).splitlines() == [f"{s} {i}" for i in range(1, 6) for s in ("out", "err")]


def test_lines_of_all_kinds(sandbox: Sandbox) -> None:
    _, lines = run(sandbox, "printf", r"ünï 漢字 🎉\n\ndos\r\nbad \xff byte\n last")
    assert lines == ["ünï 漢字 🎉", "", "dos", "bad � byte", " last"]


def test_a_long_line_and_many_lines(sandbox: Sandbox) -> None:
    lines = output(sandbox, "head -c 1048576 /dev/zero | tr '\\0' x; echo; seq 100000").splitlines()
    assert lines[0] == "x" * LONGEST_LINE
    assert lines[1:] == [str(number) for number in range(1, 100_001)]


def test_a_line_without_end_is_cut_up_to_the_next_line_feed(sandbox: Sandbox) -> None:
    many = "head -c 20000000 /dev/zero | tr '\\0'"
    first, *rest = output(sandbox, f"{many} x; echo; echo next; {many} y; {many} z").splitlines()
    assert first == "x" * LONGEST_LINE + CUT
    assert rest == ["next", "y" * LONGEST_LINE + CUT]


def test_lines_take_no_more_memory_than_the_longest() -> None:
    shown: list[str] = []
    lines = Lines(shown.append)
    tracemalloc.start()
    try:
        for _ in range(64):
            lines.feed(b"x" * CHUNK)
        lines.feed(b"y\nnext\nlast")
        lines.close()
        assert tracemalloc.get_traced_memory()[1] < 8 * LONGEST_LINE
    finally:
        tracemalloc.stop()
    assert shown == ["x" * LONGEST_LINE + CUT, "next", "last"]


def test_a_slow_reader_loses_nothing_and_blocks_nobody(sandbox: Sandbox) -> None:
    seen: list[str] = []
    gate = threading.Event()

    def slow(line: str) -> None:
        gate.wait(30)
        seen.append(line)

    command = Command(argv=("seq", "500000"), cwd=LAYOUT.home, env=sandbox.environment)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        slowly = pool.submit(sandbox.run, command, slow)
        time.sleep(0.5)
        # The sandbox waits for the slow reader, and whoever comes later waits behind its output.
        quickly = pool.submit(run, sandbox, "echo", "hi")
        gate.set()
        assert slowly.result(60).ok
        assert quickly.result(60) == (Exit(code=0), ["hi"])
    assert len(seen) == 500_000


def test_a_file_that_cannot_be_written_is_a_result(sandbox: Sandbox) -> None:
    sandbox.write(LAYOUT.temp / "shut/file", b"")
    assert run(sandbox, "chmod", "0", str(LAYOUT.temp / "shut"))[0].ok
    path = LAYOUT.temp / "shut/other"
    command = Command(
        argv=("true",), cwd=LAYOUT.home, env=sandbox.environment, files={path: NewFile(content=b"x")}, collect=(path,)
    )
    assert sandbox.run(command, print) == Exit(code=126, error=f"Permission denied: '{path}'")
    assert run(sandbox, "true")[0].ok


def test_a_limit_may_be_longer_than_any_run(sandbox: Sandbox) -> None:
    assert run(sandbox, "true", timeout=1e15)[0].ok


def test_exit_codes_and_signals(sandbox: Sandbox) -> None:
    assert run(sandbox, "sh", "-c", "exit 42")[0] == Exit(code=42)
    assert run(sandbox, "sh", "-c", "kill -9 $$")[0] == Exit(code=137)


def test_what_cannot_be_started_is_a_result(sandbox: Sandbox) -> None:
    command = Command(argv=("true",), cwd=PurePosixPath("/no/such"), env=sandbox.environment)
    assert sandbox.run(command, print).code == 126
    sandbox.write(LAYOUT.temp / "text", b"no program")
    done, lines = run(sandbox, str(LAYOUT.temp / "text"))
    assert (done.code, lines) == (126, [])
    assert done.error is not None
    assert done.error.endswith(". Permission denied")


def test_what_a_command_left_running_is_found_by_its_variables(sandbox: Sandbox) -> None:
    script = "sleep 77 >/dev/null 2>&1 & until grep -q ^sleep /proc/$!/cmdline; do :; done"
    env = {**sandbox.environment, "TRACKING": "mine"}
    assert sandbox.run(Command(argv=("sh", "-c", script), cwd=LAYOUT.home, env=env), print).ok
    assert sandbox.end_orphans("TRACKING=min") == []
    assert [name for _, name in sandbox.end_orphans("TRACKING=mine")] == ["sleep"]
    deadline = time.monotonic() + 10
    while sandbox.end_orphans("TRACKING=mine"):  # a killed process takes a moment to go
        assert time.monotonic() < deadline


def test_standard_input_is_closed(sandbox: Sandbox) -> None:
    assert run(sandbox, "cat", timeout=10) == (Exit(code=0), [])


def test_a_process_in_the_background_is_not_waited_for(sandbox: Sandbox) -> None:
    began = time.monotonic()
    assert output(sandbox, "sleep 600 > /dev/null 2>&1 & echo started $!").startswith("started ")
    assert time.monotonic() - began < 3
    assert output(sandbox, "pgrep -cx sleep || true") == "1"


@pytest.mark.local  # the same agent serves all engines, and this takes its time
def test_a_child_that_keeps_the_output_open_is_waited_for_5_seconds(local_sandbox: Sandbox) -> None:
    began = time.monotonic()
    done, lines = run(local_sandbox, "sh", "-c", "(echo tick; sleep 600) & echo started; exit 3")
    assert 4.5 < time.monotonic() - began < 8
    assert done == Exit(code=3)
    assert sorted(lines) == ["started", "tick"]
    assert output(local_sandbox, "pgrep -cx sleep || true") == "1"


@pytest.mark.local  # the same agent serves all engines, and this takes its time
def test_a_stubborn_command_is_ended_in_steps(local_sandbox: Sandbox) -> None:
    code = """
import signal, sys, time
def say(number, frame):
    print(signal.Signals(number).name, flush=True)
signal.signal(signal.SIGINT, say)
signal.signal(signal.SIGTERM, say)
while True:
    time.sleep(0.1)
"""
    began = time.monotonic()
    done, lines = run(local_sandbox, str(LAYOUT.python), "-c", code, timeout=1)
    assert lines == ["SIGINT", "SIGTERM"]
    assert done == Exit(code=137, reason="timed-out")
    assert 10.5 < time.monotonic() - began < 13


@pytest.mark.local  # the same agent serves all engines, and this takes its time
def test_the_whole_group_is_ended(local_sandbox: Sandbox) -> None:
    done, _ = run(local_sandbox, "bash", "-c", "sleep 601 & sleep 602; echo not reached", timeout=0.5)
    assert done.reason == "timed-out"
    assert output(local_sandbox, "pgrep -cx sleep || true") == "0"


def test_a_command_has_a_session_of_its_own(sandbox: Sandbox) -> None:
    assert run(sandbox, "bash", "-c", "kill -TERM 0")[0] == Exit(code=143)
    assert run(sandbox, "true")[0].ok


def test_commands_run_side_by_side(sandbox: Sandbox) -> None:
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda n: run(sandbox, "sh", "-c", f"echo {n}; sleep 0.5; echo {n}"), range(8)))
    assert [lines for _, lines in results] == [[str(n)] * 2 for n in range(8)]
    assert time.monotonic() - began < 3


def test_cancel_ends_all_that_run(sandbox: Sandbox) -> None:
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        results = [pool.submit(run, sandbox, "sleep", "60") for _ in range(3)]
        time.sleep(0.3)
        sandbox.cancel()
        assert [result.result(20)[0].reason for result in results] == ["cancelled"] * 3


def test_cancel_ends_what_one_event_stops_and_nothing_else(sandbox: Sandbox) -> None:
    one, other = threading.Event(), threading.Event()
    command = Command(argv=("bash", "-c", "sleep 3"), cwd=LAYOUT.home, env=sandbox.environment)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        results = [pool.submit(sandbox.run, command, lambda _: None, stop) for stop in (one, other, None)]
        time.sleep(0.3)
        sandbox.cancel(one)
        assert [result.result(20).reason for result in results] == ["cancelled", "exited", "exited"]


def test_an_error_of_the_reader_ends_its_command_alone(sandbox: Sandbox) -> None:
    def fail(line: str) -> None:
        raise KeyError(line)

    command = Command(argv=("bash", "-c", "echo one; sleep 60"), cwd=LAYOUT.home, env=sandbox.environment)
    with pytest.raises(KeyError, match="one"):
        sandbox.run(command, fail)
    assert run(sandbox, "echo", "more")[1] == ["more"]


def test_files_are_the_users(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "copied").mkdir()
    (tmp_path / "copied/link").symlink_to("file")
    (tmp_path / "copied/file").write_text("text")
    (tmp_path / "copied/file").chmod(0o640)
    sandbox.copy_in(tmp_path / "copied", LAYOUT.work / "a/b")
    sandbox.write(LAYOUT.work / "a/script", b"#!/bin/sh\necho ran\n", mode=0o755)
    stat = output(sandbox, f"cd {LAYOUT.work}/a; stat -c '%u %a %N' b/file b/link script; ./script; stat -c %u . b")
    assert stat.splitlines() == [
        "1001 640 'b/file'",
        "1001 777 'b/link' -> 'file'",
        "1001 755 'script'",
        "ran",
        "1001",
        "1001",
    ]


def test_a_file_without_end_is_read_up_to_a_bound(sandbox: Sandbox) -> None:
    path = LAYOUT.temp / "without-end"
    argv = ("truncate", "--size=1T", str(path))
    command = Command(argv=argv, cwd=LAYOUT.home, env=sandbox.environment, collect=(path,))
    done = sandbox.run(command, print)
    assert {len(content) for content in done.files.values()} == {MOST_READ + 1}
    assert len(sandbox.read(path)) == MOST_READ + 1


def test_large_files(sandbox: Sandbox) -> None:
    content = bytes(range(256)) * 40_000
    sandbox.write(LAYOUT.temp / "large", content)
    assert output(sandbox, f"stat -c %s {LAYOUT.temp}/large") == str(len(content))
    assert sandbox.read(LAYOUT.temp / "large") == content


def test_what_cannot_be_read_or_written(sandbox: Sandbox) -> None:
    with pytest.raises(EngineError, match="not a regular file"):
        sandbox.read(LAYOUT.work)
    with pytest.raises(EngineError):
        sandbox.write(PurePosixPath("/proc/version/x"), b"")
    with pytest.raises(EngineError):
        sandbox.write(PurePosixPath("/usr/bin/x"), b"x" * 1_000_000)
    assert run(sandbox, "true")[0].ok


def test_the_layout_is_there_and_writable(sandbox: Sandbox) -> None:
    folders = (LAYOUT.home, LAYOUT.work, LAYOUT.temp, LAYOUT.actions, LAYOUT.tool_cache, LAYOUT.externals)
    script = "".join(f"touch {folder}/x {folder}/../y 2>/dev/null || touch {folder}/x\n" for folder in folders)
    output(sandbox, script + "touch /tmp/x; ln /tmp/x ~/same-file-system")
    assert output(sandbox, "id -un; hostname; umask") == "runner\nrunner\n0022"


def test_the_tools_are_there(sandbox: Sandbox) -> None:
    code = "import build, id, packaging, pipx, requests, sys, twine; print(sys.executable, sys.prefix)"
    assert python(sandbox, code) == f"{LAYOUT.python} /opt/pysim"
    assert output(sandbox, "pipx --version && /opt/pysim/bin/twine --version && git --version")


def test_mounts_are_shown_read_only(engine: Engine, spec: SandboxSpec, tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels/x.whl").write_text("a wheel")
    inside = PurePosixPath("/opt/wheels/here")
    mounted = SandboxSpec(
        run_id="r", job_id="j", gateway=spec.gateway, ca_bundle=b"", mounts={inside: tmp_path / "wheels"}
    )
    with engine.open(mounted) as sandbox:
        assert sandbox.read(inside / "x.whl") == b"a wheel"
        assert run(sandbox, "touch", f"{inside}/y")[0].code == 1


@pytest.mark.docker
def test_sudo_works_in_a_container(docker_engine: Engine, spec: SandboxSpec) -> None:
    with docker_engine.open(spec) as sandbox:
        assert output(sandbox, "sudo id -u; sudo -u runner id -u") == "0\n1001"
        assert run(sandbox, "id", "-u", as_root=True)[1] == ["0"]
        assert output(sandbox, "sudo ip link set lo down 2>&1 || echo refused").endswith("refused")


@pytest.mark.docker
def test_the_image_says_what_it_is(docker_engine: Engine, spec: SandboxSpec) -> None:
    with docker_engine.open(spec) as sandbox:
        release = output(sandbox, ". /etc/os-release; lsb_release -is; echo $ID$VERSION_ID").splitlines()
        assert release[0].lower() in release[1]
        assert sandbox.environment["ImageOS"].startswith(release[0].lower())
        cached = output(
            sandbox, "ls -d /opt/hostedtoolcache/Python/3.12.*/x64.complete; node --version; ls ~/externals"
        )
        assert cached.splitlines()[1].startswith("v20.")
        assert cached.endswith("node20\nnode24")
        version = output(sandbox, "/opt/hostedtoolcache/Python/3.12.*/x64/bin/python -m pip --version")
        assert "python 3.12" in version
