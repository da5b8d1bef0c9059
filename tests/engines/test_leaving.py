"""Nothing is left of a sandbox, whoever ended it and however."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.engines.base import Engine, SandboxSpec
from simulator.engines.docker_engine import DockerEngine
from simulator.engines.local_engine import LocalEngine
from simulator.errors import EngineError, EngineUnavailableError, SimulatorError
from simulator.paths import make_temporary_folder
from tests.engines.driving import run
from tests.engines.leftovers import containers, eventually, processes
from tests.real_engines import ENGINES

OWNER = """
import sys
from pathlib import Path
from simulator.engines.base import Command, LAYOUT, SandboxSpec
from simulator.engines.registry import ENGINES

name, run_id, gateway, program = sys.argv[1:]
engine = ENGINES[name]()
spec = SandboxSpec(run_id=run_id, job_id="job", gateway=Path(gateway), ca_bundle=b"")
with engine.open(spec) as sandbox:
    argv = ("bash", "-c", f"echo ready; setsid {program} & {program}")
    command = Command(argv=argv, cwd=LAYOUT.home, env=sandbox.environment)
    sandbox.run(command, lambda line: print(line, flush=True))
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for temporary files that nobody else uses."""
    folder = tmp_path / "t"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


@pytest.fixture
def run_id() -> str:
    return f"test-{secrets.token_hex(6)}"


@pytest.fixture
def spec(spec: SandboxSpec, run_id: str) -> SandboxSpec:
    return replace(spec, run_id=run_id)


def traces(run_id: str) -> Sequence[str]:
    """Containers, folders and mounts of a run on this machine."""
    folder = tempfile.gettempdir()
    found = [str(path) for path in Path(folder).iterdir()]
    with contextlib.suppress(EngineUnavailableError):
        DockerEngine().check()
        found += containers(run_id)
    return found + [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if folder in line]


def test_leaving_removes_everything(engine: Engine, spec: SandboxSpec, run_id: str) -> None:
    with engine.open(spec) as sandbox:
        assert traces(run_id)
        run(sandbox, "bash", "-c", "mkdir -p ~/a/b; chmod 0 ~/a; sleep 6543.21 > /dev/null 2>&1 &")
        eventually(lambda: len(processes("6543.21")) == 1)
    assert not traces(run_id)
    assert not processes("6543.21")


def test_leaving_with_an_error_removes_everything(engine: Engine, spec: SandboxSpec, run_id: str) -> None:
    with pytest.raises(KeyError), engine.open(spec):
        raise KeyError
    assert not traces(run_id)


def test_leaving_ends_what_runs(engine: Engine, spec: SandboxSpec, run_id: str) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        with engine.open(spec) as sandbox:
            running = pool.submit(run, sandbox, "sleep", "600")
            time.sleep(0.3)
        with pytest.raises(EngineError):
            running.result(20)
    assert not traces(run_id)


def test_entering_that_fails_leaves_nothing(
    engine: Engine, spec: SandboxSpec, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SimulatorError) as caught, engine.open(replace(spec, gateway=tmp_path / "no-such-socket")):
        pass
    assert caught.value.hint
    assert not traces(run_id)
    with pytest.raises(EngineError, match="forwarder"), engine.open(replace(spec, ports=(80, 80))):
        pass
    assert not traces(run_id)


@pytest.mark.parametrize("name", ENGINES)
def test_the_death_of_pysim_ends_its_sandboxes(
    name: str, spec: SandboxSpec, run_id: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(f"{name}_engine")
    seconds = f"{secrets.randbelow(10**6)}.123"
    argv = [sys.executable, "-c", OWNER, name, run_id, str(spec.gateway), f"sleep {seconds}"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"ready\n"
        eventually(lambda: len(processes(seconds)) == 2)
        owner.send_signal(signal.SIGKILL)
    eventually(lambda: not processes(seconds) and not traces(run_id))


IMAGE_MAKER = """
import sys
from simulator import process
from simulator.engines.bootstrap import own_namespaces
script = "mount -t tmpfs none $1; mkdir $1/inside; echo ready; setsid sleep $2 & sleep $2"
process.stream([*own_namespaces(), "sh", "-c", script, "sh", *sys.argv[1:]], lambda line: print(line, flush=True))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="without root, mmdebstrap makes namespaces itself")
def test_the_death_of_pysim_ends_the_making_of_an_image(tmp_path: Path) -> None:
    seconds = f"{secrets.randbelow(10**6)}.321"
    argv = [sys.executable, "-c", IMAGE_MAKER, str(tmp_path), seconds]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as maker:
        assert maker.stdout is not None
        assert maker.stdout.readline() == b"ready\n"
        eventually(lambda: len(processes(seconds)) >= 2)
        assert not (tmp_path / "inside").exists(), "what it mounts is its own"
        maker.send_signal(signal.SIGKILL)
    eventually(lambda: not processes(seconds))


@pytest.mark.docker
def test_a_container_that_someone_removed(docker_engine: DockerEngine, spec: SandboxSpec, run_id: str) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool, docker_engine.open(spec) as sandbox:
        running = pool.submit(run, sandbox, "sleep", "600")
        time.sleep(0.3)
        assert len(docker_engine.clean(run_id)) == 1
        with pytest.raises(EngineError):
            running.result(20)
        with pytest.raises(EngineError):
            run(sandbox, "true")
    assert not traces(run_id)


@pytest.mark.local
def test_a_local_sandbox_that_someone_ended(local_engine: LocalEngine, spec: SandboxSpec, run_id: str) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool, local_engine.open(spec) as sandbox:
        running = pool.submit(run, sandbox, "sleep", "600")
        time.sleep(0.3)
        assert len(local_engine.clean(run_id)) == 1
        with pytest.raises(EngineError):
            running.result(20)
        with pytest.raises(EngineError):
            run(sandbox, "true")
    assert not traces(run_id)


def test_cleaning_leaves_the_living_alone(engine: Engine, spec: SandboxSpec, run_id: str) -> None:
    with engine.open(spec) as sandbox:
        engine.clean()
        assert run(sandbox, "true")[0].ok
    assert not engine.clean(run_id)


@pytest.mark.local
def test_cleaning_takes_the_folders_of_the_dead(local_engine: LocalEngine) -> None:
    folder = make_temporary_folder("local")
    dead = folder.rename(folder.with_name(folder.name.replace(f"-{os.getpid()}-", "-4194304-")))
    (dead / "root/closed").mkdir(parents=True)
    assert f"folder {dead}" in local_engine.clean()
    assert not dead.exists()
