"""The contract of `engines.base`, on every engine and on the fake one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from simulator.engines.base import LAYOUT, Command, Engine, Exit, NewFile, Sandbox, SandboxSpec
from simulator.errors import EngineError
from tests.engines.driving import run
from tests.engines.fake import FakeEngine, FakeSandbox
from tests.real_engines import ENGINES


@pytest.fixture(scope="session")
def fake_engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture(params=["fake", *ENGINES])
def engine(request: pytest.FixtureRequest) -> Engine:
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    return engine


@pytest.fixture
def sandbox(engine: Engine, spec: SandboxSpec) -> Iterator[Sandbox]:
    with engine.open(spec) as sandbox:
        yield sandbox


def test_a_command_says_its_lines_and_how_it_ended(sandbox: Sandbox) -> None:
    assert run(sandbox, "echo", "hello", "world") == (Exit(code=0), ["hello world"])
    assert run(sandbox, "false") == (Exit(code=1), [])
    assert not Exit(code=1).ok


def test_a_program_that_is_not_there_is_a_result(sandbox: Sandbox) -> None:
    done, lines = run(sandbox, "no-such-program")
    assert (done.code, done.reason, lines) == (127, "exited", [])
    assert "no-such-program" in (done.error or "")


def test_a_working_folder_that_is_not_there_is_a_result(sandbox: Sandbox) -> None:
    command = Command(argv=("true",), cwd=PurePosixPath("/no/such"), env=sandbox.environment)
    fault = "An error occurred trying to start process 'true' with working directory '/no/such'."
    assert sandbox.run(command, print) == Exit(code=126, error=f"{fault} No such file or directory")


def test_a_command_brings_files_and_leaves_some(sandbox: Sandbox) -> None:
    given, empty, absent = (LAYOUT.temp / "files" / name for name in ("given", "empty", "absent"))
    command = Command(
        argv=("cat", str(given)),
        cwd=LAYOUT.home,
        env=sandbox.environment,
        files={given: NewFile(content=b"brought\n"), empty: NewFile(content=b"", mode=0o666)},
        collect=(given, empty, absent, given.parent),
    )
    lines: list[str] = []
    assert sandbox.run(command, lines.append) == Exit(code=0, files={given: b"brought\n", empty: b""})
    assert lines == ["brought"]


def test_a_large_file_is_collected_whole(sandbox: Sandbox) -> None:
    path = LAYOUT.temp / "large"
    content = bytes(range(256)) * 2000
    files = {path: NewFile(content=content)}
    command = Command(argv=("true",), cwd=LAYOUT.home, env=sandbox.environment, files=files, collect=(path,))
    assert sandbox.run(command, print).files == {path: content}


def test_the_environment_is_that_of_the_command_alone(sandbox: Sandbox) -> None:
    env = {"PATH": "/usr/bin:/bin", "NAME": "a value", "INPUT_PYTHON-VERSION": "3.12", "EMPTY": ""}
    lines: list[str] = []
    sandbox.run(Command(argv=("env",), cwd=LAYOUT.home, env=env), lines.append)
    assert sorted(lines) == sorted(f"{name}={value}" for name, value in env.items())


def test_the_sandboxes_own_environment(engine: Engine, spec: SandboxSpec) -> None:
    more = SandboxSpec(
        run_id="r", job_id="j", gateway=spec.gateway, ca_bundle=b"", environment={"PIP_INDEX_URL": "https://i.example/"}
    )
    with engine.open(more) as sandbox:
        assert sandbox.environment["HOME"] == "/home/runner"
        assert "/usr/bin" in sandbox.environment["PATH"].split(":")
        assert sandbox.environment["PIP_INDEX_URL"] == "https://i.example/"


def test_the_working_folder(sandbox: Sandbox) -> None:
    lines: list[str] = []
    sandbox.run(Command(argv=("pwd",), cwd=LAYOUT.temp, env=sandbox.environment), lines.append)
    assert lines == [str(LAYOUT.temp)]


def test_files_are_written_and_read(sandbox: Sandbox) -> None:
    path = LAYOUT.work / "new folder/ü/file.bin"
    content = bytes(range(256)) * 3
    sandbox.write(path, content)
    assert sandbox.read(path) == content
    sandbox.write(path, b"less")
    assert sandbox.read(path) == b"less"
    sandbox.write(path, b"")
    assert sandbox.read(path) == b""


def test_files_are_read_while_a_command_prints(sandbox: Sandbox) -> None:
    """Also when much more is printed meanwhile than waits for a reader."""
    path = LAYOUT.temp / "read.txt"
    sandbox.write(path, b"content")
    read: list[bytes] = []
    many = "yes $(printf '%05000d' 0) | head -n 8000"  # 40 MB
    program = ("echo", "one") if isinstance(sandbox, FakeSandbox) else ("sh", "-c", many)

    def on_line(_: str) -> None:
        if len(read) < 3:
            time.sleep(0.3)
            read.append(sandbox.read(path))

    done = sandbox.run(Command(argv=program, cwd=LAYOUT.work, env=sandbox.environment), on_line)
    assert done.ok
    assert set(read) == {b"content"}


def test_a_file_that_is_not_there(sandbox: Sandbox) -> None:
    with pytest.raises(FileNotFoundError):
        sandbox.read(LAYOUT.work / "nothing")


def test_a_folder_is_copied_in(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "action/lib").mkdir(parents=True)
    (tmp_path / "action/lib/ä.js").write_text("one")
    (tmp_path / "action/run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "action/run.sh").chmod(0o755)
    target = LAYOUT.actions / "owner/name/v1"
    sandbox.copy_in(tmp_path / "action", target)
    assert sandbox.read(target / "lib/ä.js") == b"one"
    assert sandbox.which("run.sh", str(target)) == str(target / "run.sh")


def test_programs_are_looked_up(sandbox: Sandbox) -> None:
    assert sandbox.which("env", "/nowhere:/usr/bin:/bin") == "/usr/bin/env"
    assert sandbox.which("env", "/nowhere") is None
    assert sandbox.which("no-such-program", "/usr/bin:/bin") is None
    own = LAYOUT.temp / "bin"
    sandbox.write(own / "tool", b"#!/bin/sh\n", mode=0o755)
    sandbox.write(own / "text", b"no program\n")
    assert sandbox.which("tool", f"{own}:/usr/bin") == str(own / "tool")
    assert sandbox.which("text", str(own)) is None


def test_a_command_that_takes_too_long(sandbox: Sandbox) -> None:
    began = time.monotonic()
    done, _ = run(sandbox, "sleep", "60", timeout=0.3)
    assert done.reason == "timed-out"
    assert not done.ok
    assert time.monotonic() - began < 5


def test_a_command_that_is_cancelled(sandbox: Sandbox) -> None:
    timer = threading.Timer(0.3, sandbox.cancel)
    timer.start()
    done, _ = run(sandbox, "sleep", "60")
    timer.join()
    assert done.reason == "cancelled"
    assert not done.ok
    assert run(sandbox, "echo", "later") == (Exit(code=0), ["later"])


def test_a_command_that_begins_too_late(sandbox: Sandbox) -> None:
    stop = threading.Event()
    stop.set()
    began = time.monotonic()
    done = sandbox.run(Command(argv=("sleep", "60"), cwd=LAYOUT.home, env=sandbox.environment), lambda _: None, stop)
    assert done.reason == "cancelled"
    assert time.monotonic() - began < 5
    assert run(sandbox, "true")[0].ok


def test_cancel_without_a_command_does_nothing(sandbox: Sandbox) -> None:
    sandbox.cancel()
    assert run(sandbox, "true")[0].ok


def test_a_sandbox_works_only_while_it_is_entered(engine: Engine, spec: SandboxSpec) -> None:
    sandbox = engine.open(spec)
    with pytest.raises(EngineError):
        run(sandbox, "true")
    with sandbox:
        assert run(sandbox, "true")[0].ok
    for use in (
        lambda: run(sandbox, "true"),
        lambda: sandbox.read(LAYOUT.ca_bundle),
        lambda: sandbox.write(LAYOUT.temp / "x", b""),
        lambda: sandbox.which("env", "/usr/bin"),
    ):
        with pytest.raises(EngineError):
            use()


def test_several_sandboxes_at_once(engine: Engine, spec: SandboxSpec) -> None:
    path = PurePosixPath("/tmp/mine")
    with engine.open(spec) as one, engine.open(spec) as other:
        one.write(path, b"one's")
        with pytest.raises(FileNotFoundError):
            other.read(path)
        assert one.read(path) == b"one's"


def test_an_engine_says_what_it_is(engine: Engine) -> None:
    assert engine.name in {"docker", "local"}
    assert engine.check()
    said: list[str] = []
    engine.prepare(said.append)
    assert engine.image
