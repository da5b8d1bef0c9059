"""Further containers of a sandbox: what they are, that they are as sealed as it is, and that nothing of them stays."""

from __future__ import annotations

import concurrent.futures
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from simulator.engines.base import LAYOUT, Command, Container, ContainerError, ContainerSpec, Exit, Sandbox, SandboxSpec
from simulator.engines.docker_engine import DockerEngine
from tests.engines.driving import BUNDLE, PYTHON, WORK, Gateway, output
from tests.engines.leftovers import containers, eventually, processes, volumes
from tests.engines.sealing import SEAL, SEALED, upload_hosts

pytestmark = pytest.mark.docker


@pytest.fixture
def spec(spec: SandboxSpec) -> SandboxSpec:
    return replace(spec, run_id=f"test-{secrets.token_hex(6)}", environment={"PIP_INDEX_URL": "https://i.example/"})


@pytest.fixture
def sandbox(docker_engine: DockerEngine, spec: SandboxSpec) -> Iterator[Sandbox]:
    with docker_engine.open(spec) as sandbox:
        output(sandbox, f"mkdir -p {WORK}")
        yield sandbox
    assert not containers(spec.run_id)


@pytest.fixture
def image(docker_engine: DockerEngine, sandbox: Sandbox) -> str:
    """The id of an image that is on this machine: that of sandboxes."""
    return sandbox.containers.image(docker_engine.image.partition(" ")[0], on_line=print).id


def make(
    sandbox: Sandbox, image: str, *argv: str, env: Mapping[str, str] | None = None, options: str = ""
) -> Container:
    """A container that sees the workspace."""
    folders = {PurePosixPath("/github/workspace"): WORK}
    spec = ContainerSpec(
        name="it", image=image, env=env or {}, entrypoint=argv[:1], command=argv[1:], folders=folders, options=options
    )
    return sandbox.containers.create(spec)


def said(container: Container) -> str:
    lines: list[str] = []
    done = container.run(lines.append, timeout=60)
    text = "\n".join(lines)
    assert done.ok, text
    return text


def test_a_container_is_sealed(sandbox: Sandbox, image: str, gateway: Gateway) -> None:
    assert said(make(sandbox, image, PYTHON, "-c", SEAL, *upload_hosts())).split("\n") == SEALED
    assert gateway.ports == [443]


def test_what_is_built_is_sealed(sandbox: Sandbox, docker_engine: DockerEngine, tmp_path: Path) -> None:
    (tmp_path / "seal.py").write_text(SEAL)
    tag = docker_engine.image.partition(" ")[0]
    words = " ".join(upload_hosts())
    (tmp_path / "Dockerfile").write_text(
        f"FROM {tag} AS first\nCOPY seal.py /\nRUN {PYTHON} /seal.py {words}\nFROM first\n"
        f"RUN echo {secrets.token_hex(4)}; {PYTHON} /seal.py {words}; cat $PIP_CERT; echo $PIP_INDEX_URL\n"
    )
    lines: list[str] = []
    built = sandbox.containers.build(tmp_path, "Dockerfile", name="the test", on_line=lines.append)
    assert [line for line in lines if line in {*SEALED}][-len(SEALED) :] == SEALED
    assert BUNDLE.decode().strip() in lines
    assert "https://i.example/" in lines
    assert "PIP_CERT" not in built.environment


def test_a_folder_of_the_sandbox_is_built(sandbox: Sandbox, docker_engine: DockerEngine) -> None:
    folder = WORK / "action"
    sandbox.write(folder / "Dockerfile", f"FROM {docker_engine.image.partition(' ')[0]}\nCOPY word.txt /\n".encode())
    sandbox.write(folder / "word.txt", b"of the workspace\n")
    built = sandbox.containers.build(folder, "Dockerfile", name="the other test", on_line=print)
    assert said(make(sandbox, built.id, "cat", "/word.txt")) == "of the workspace"
    with pytest.raises(ContainerError, match="no Dockerfile"):
        sandbox.containers.build(folder, "Dockerfile.other", name="x", on_line=print)


def test_a_build_that_fails_says_why(sandbox: Sandbox, docker_engine: DockerEngine, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {docker_engine.image.partition(' ')[0]}\nRUN echo so; exit 7\n")
    with pytest.raises(ContainerError, match="returned a non-zero code: 7"):
        sandbox.containers.build(tmp_path, "Dockerfile", name="x", on_line=print)
    (tmp_path / "Dockerfile").write_text("FROM x\nRUN --mount=type=cache,target=/c true\n")
    with pytest.raises(ContainerError, match="BuildKit"):
        sandbox.containers.build(tmp_path, "Dockerfile", name="x", on_line=print)


def test_the_workspace_is_shared_both_ways(sandbox: Sandbox, image: str) -> None:
    sandbox.write(WORK / "in.txt", b"in\n")
    script = "cat /github/workspace/in.txt; echo out > /github/workspace/out.txt"
    assert said(make(sandbox, image, "sh", "-c", script)) == "in"
    assert sandbox.read(WORK / "out.txt") == b"out\n"


def test_certificates_and_settings_are_there(sandbox: Sandbox, image: str) -> None:
    container = make(
        sandbox, image, "sh", "-c", "cat $PIP_CERT; echo $GIT_SSL_CAINFO $PIP_INDEX_URL", env={"GIT_SSL_CAINFO": "mine"}
    )
    assert said(container) == f"{BUNDLE.decode().strip()}\nmine https://i.example/"


def test_links_lead_nowhere(sandbox: Sandbox, image: str) -> None:
    """The daemon would follow them on its own machine."""
    output(sandbox, f"rmdir {WORK}; ln -s /etc {WORK}")
    with pytest.raises(ContainerError, match="symbolic link"):
        make(sandbox, image, "ls", "/github/workspace").run(print)
    output(sandbox, f"rm {WORK}; rmdir {WORK.parent}; ln -s / {WORK.parent}")
    with pytest.raises(ContainerError, match="symbolic link"):
        make(sandbox, image, "ls", "/github/workspace").run(print)
    assert output(sandbox, "echo goes on") == "goes on"


REFUSED = {
    "--privileged": "root on this machine",
    "--network host": "network of this machine",
    "--network container:other": "NetworkMode",
    "--net=some-network": "NetworkMode",
    "--pid host": "processes",
    "--ipc=host": "memory",
    "--cap-add SYS_ADMIN": "SYS_ADMIN",
    "--cap-add=ALL": "ALL",
    "--cap-add NET_ADMIN": "NET_ADMIN",
    "-v /:/host -v /etc:/etc-of-the-host": "/etc is not shared",
    f"-v {LAYOUT.work}/../..:/x": "not shared",
    "--mount type=bind,src=/var/run,dst=/x": "/var/run is not shared",
    "--mount type=volume,src=x,dst=/x,volume-driver=local,volume-opt=device=/": "driver",
    "--volumes-from other": "VolumesFrom",
    "--device /dev/kmsg": "device",
    "--security-opt seccomp=unconfined": "seccomp",
    "--security-opt apparmor=unconfined": "apparmor",
    "--userns=host": "UsernsMode",
    "--cgroup-parent /": "CgroupParent",
    "--dns 192.0.2.1": "Dns",
    "--sysctl net.ipv4.ip_forward=1": "Sysctls",
    "--unheard-of 1": "does not know",
    "image": "is no option",
}


def test_what_opens_a_door_is_refused(sandbox: Sandbox, image: str) -> None:
    for options, reason in REFUSED.items():
        with pytest.raises(ContainerError, match=reason):
            make(sandbox, image, "true", options=options)


def test_other_options_do_what_they_say(sandbox: Sandbox, image: str) -> None:
    options = "--user 1001 -e A=1 --env=B=2 --tmpfs /scratch --workdir /scratch -m 64m --health-cmd 'test -e /x'"
    container = make(sandbox, image, "sh", "-c", "id -u; pwd; echo $A$B; hostname", options=f"{options} --cap-drop ALL")
    assert said(container).split("\n")[:3] == ["1001", "/scratch", "12"]


def test_volumes_are_the_jobs_own(sandbox: Sandbox, image: str, spec: SandboxSpec) -> None:
    said(make(sandbox, image, "sh", "-c", "echo kept > /data/file", options="-v data:/data"))
    assert said(make(sandbox, image, "cat", "/data/file", options="-v data:/data")) == "kept"


def test_how_a_container_ends(sandbox: Sandbox, image: str) -> None:
    lines: list[str] = []
    container = make(sandbox, image, "sh", "-c", "echo one; printf two >&2; exit 3")
    assert container.run(lines.append) == Exit(code=3)
    assert sorted(lines) == ["one", "two"]
    assert make(sandbox, image, "sleep", "60").run(print, timeout=0.3).reason == "timed-out"
    with pytest.raises(ContainerError, match="no-such-program"):
        make(sandbox, image, "no-such-program").run(print)


def test_cancel_ends_a_container(sandbox: Sandbox, image: str) -> None:
    timer = threading.Timer(1.0, sandbox.cancel)
    timer.start()
    began = time.monotonic()
    script = "trap 'echo stopped; exit 5' INT; echo on; while :; do sleep 0.1; done"
    lines: list[str] = []
    done = make(sandbox, image, "sh", "-c", script).run(lines.append)
    timer.join()
    assert (done, lines) == (Exit(code=5, reason="cancelled"), ["on", "stopped"])
    assert time.monotonic() - began < 5
    stop = threading.Event()
    stop.set()
    assert make(sandbox, image, "sleep", "60").run(print, stop=stop).reason == "cancelled"


def run_in(container: Container, *argv: str, timeout: float | None = 30) -> tuple[Exit, list[str]]:
    lines: list[str] = []
    command = Command(argv=argv, cwd=PurePosixPath("/github/workspace"), env={"NAME": "a value"}, timeout=timeout)
    return container.execute(command, lines.append), lines


def test_commands_run_in_a_container(sandbox: Sandbox, image: str) -> None:
    container = make(sandbox, image, "tail", "-f", "/dev/null", env={"OWN": "1"})
    container.start()
    assert run_in(container, "sh", "-c", "echo $NAME $OWN; pwd; exit 4") == (
        Exit(code=4),
        ["a value 1", "/github/workspace"],
    )
    done, lines = run_in(container, "no-such-program")
    assert done.code == 127
    assert "no-such-program" in lines[0]
    seconds = f"{secrets.randbelow(10**6)}.456"
    began = time.monotonic()
    done, _ = run_in(container, "sh", "-c", f"sleep {seconds} & sleep {seconds}", timeout=0.5)
    assert done.reason == "timed-out"
    assert time.monotonic() - began < 5
    eventually(lambda: not processes(seconds))
    assert container.state().running
    container.remove()
    container.remove()


def test_health(sandbox: Sandbox, image: str) -> None:
    options = '--health-cmd "test -e /tmp/well" --health-interval 1s --health-retries 2'
    container = make(sandbox, image, "sh", "-c", "echo hello; sleep 1; touch /tmp/well; sleep 60", options=options)
    container.start()
    assert container.state().health == "starting"
    eventually(lambda: container.state().health == "healthy")
    assert container.logs() == ["hello"]


def test_a_server_in_a_container_is_on_localhost_and_by_name(sandbox: Sandbox, image: str) -> None:
    server = make(sandbox, image, PYTHON, "-m", "http.server", "5432")
    server.start()
    sandbox.containers.forward(5433, 5432)
    for address in ("localhost:5432", "localhost:5433", "postgres:5432"):
        code = f"import urllib.request as u; print(u.urlopen('http://{address}/').status)"
        output(sandbox, f'for i in $(seq 50); do {PYTHON} -c "{code}" 2> /dev/null && exit; sleep 0.1; done; exit 1')


OWNER = """
import sys
from pathlib import Path, PurePosixPath
from simulator.engines.base import ContainerSpec, SandboxSpec
from simulator.engines.docker_engine import DockerEngine

run_id, gateway, seconds = sys.argv[1:]
engine = DockerEngine()
engine.prepare(print)
with engine.open(SandboxSpec(run_id=run_id, job_id="job", gateway=Path(gateway), ca_bundle=b"")) as sandbox:
    image = sandbox.containers.image(engine.image.partition(" ")[0], on_line=print).id
    spec = ContainerSpec(name="it", image=image, env={}, command=(), entrypoint=("sleep", seconds), volumes=("v:/v",))
    sandbox.containers.create(spec).start()
    print("ready", flush=True)
    sandbox.containers.create(spec).run(print)
"""


def test_the_death_of_pysim_ends_its_containers(docker_engine: DockerEngine, spec: SandboxSpec) -> None:
    seconds = f"{secrets.randbelow(10**6)}.789"
    argv = [sys.executable, "-c", OWNER, spec.run_id, str(spec.gateway), seconds]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        while owner.stdout.readline() != b"ready\n":
            pass
        eventually(lambda: len(processes(seconds)) == 2)
        owner.send_signal(signal.SIGKILL)
    eventually(lambda: not processes(seconds) and not containers(spec.run_id) and not volumes(spec.run_id))


def test_leaving_a_sandbox_removes_its_containers(docker_engine: DockerEngine, spec: SandboxSpec) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        with docker_engine.open(spec) as sandbox:
            image = sandbox.containers.image(docker_engine.image.partition(" ")[0], on_line=print).id
            output(sandbox, f"mkdir -p {WORK}")
            make(sandbox, image, "sleep", "600", options="-v data:/data").start()
            running = pool.submit(make(sandbox, image, "sleep", "600").run, print)
            eventually(lambda: len(containers(spec.run_id)) == 3)
        assert running.exception(20) is not None or not running.result().ok
    assert not containers(spec.run_id)
    assert not volumes(spec.run_id)
