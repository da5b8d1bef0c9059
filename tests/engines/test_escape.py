"""Ways out of a sandbox that a malicious job, action or image would try through the daemon, which is this machine's."""

from __future__ import annotations

import io
import json
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.engines.base import ContainerError, Sandbox, SandboxSpec
from simulator.engines.builds import JOB_LABEL, job_labels
from simulator.engines.docker_engine import DockerEngine
from tests.engines.driving import WORK, OwnServer, output, python
from tests.engines.job_docker import ASK, IMAGE, ask
from tests.engines.leftovers import containers, eventually, volumes

pytestmark = pytest.mark.docker


@pytest.fixture
def sandbox(docker_engine: DockerEngine, spec: SandboxSpec, image: str) -> Iterator[Sandbox]:
    spec = replace(spec, run_id=f"test-{secrets.token_hex(6)}")
    with docker_engine.open(spec) as sandbox:
        output(sandbox, f"mkdir -p {WORK}")
        yield sandbox
    assert not containers(spec.run_id)
    assert not volumes(spec.run_id)


FORM = ASK.replace('"application/json"', '"application/x-www-form-urlencoded"').replace(
    "body, {", "json.loads(body or '\"\"'), {"
)


def form(sandbox: Sandbox, method: str, path: str, body: str) -> str:
    """What the API answers to a request whose body is a form."""
    return python(sandbox, f"import sys; sys.argv = ['', {method!r}, {path!r}, {json.dumps(body)!r}]\n{FORM}")


def test_no_form_changes_what_was_judged(sandbox: Sandbox, own_server: OwnServer) -> None:
    import docker

    port, asked = own_server.port, own_server.asked
    client = docker.from_env()
    try:
        other = client.api.create_container(IMAGE, ["true"], labels={"of": "the user"})["Id"]
        try:
            filters = '{"label":{"of=the user":true}}'
            form(sandbox, "POST", "/containers/prune", f"filters={filters}")
            assert client.api.inspect_container(other)["Id"] == other
        finally:
            client.api.remove_container(other)
    finally:
        client.close()
    for name in ("", "&repo=pysim-test/in-a-job&tag=1"):
        source = f"fromImage=&fromSrc=http://127.0.0.1:{port}/x{name}"
        form(sandbox, "POST", "/images/create?fromImage=none.example/x", source)
    assert not asked


def test_no_copy_leads_out_of_a_shared_folder(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of this machine\n")
    output(sandbox, f"mkdir -p {WORK}/shared")
    _, made = ask(
        sandbox,
        "POST",
        "/containers/create",
        {"Image": IMAGE, "Cmd": ["sleep", "60"], "HostConfig": {"Binds": [f"{WORK}/shared:/x"]}},
    )
    copy = f"curl -s --unix-socket /var/run/docker.sock http://d/containers/{made['Id']}/archive?path=/x/secret"
    assert ask(sandbox, "POST", f"/containers/{made['Id']}/start")[0] == 204
    assert output(sandbox, f"echo theirs > {WORK}/shared/secret; {copy} | tar -xO") == "theirs"
    moved = f"mv {WORK}/shared {WORK}/moved; ln -s {tmp_path} {WORK}/shared"
    assert "is a symbolic link" in output(sandbox, f"{moved}; {copy}")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "localhost", "HOSTNAME"])
def test_no_registry_of_this_machine_is_asked(sandbox: Sandbox, own_server: OwnServer, host: str) -> None:
    address = f"{host.replace('HOSTNAME', socket.gethostname())}:{own_server.port}"
    for method, path in (("POST", f"/images/create?fromImage={address}/x"), ("GET", f"/distribution/{address}/x/json")):
        status, said = ask(sandbox, method, path)
        assert (status, "not the job's" in said["message"]) == (400, True), said
    with pytest.raises(ContainerError, match="not the job's"):
        sandbox.containers.image(f"{address}/x", on_line=print)
    assert not own_server.asked


def test_what_a_build_that_failed_left_goes_with_the_run(
    docker_engine: DockerEngine, spec: SandboxSpec, image: str
) -> None:
    import docker

    client = docker.from_env()
    try:
        run_id = f"test-{secrets.token_hex(6)}"
        marks = {"label": f"{JOB_LABEL}={run_id}"}
        with docker_engine.open(replace(spec, run_id=run_id)) as sandbox:
            sandbox.write(WORK / "Dockerfile", f"FROM {image}\nENV A={run_id}\nRUN exit 3\n".encode())
            send = "-H 'Content-Type: application/x-tar' --data-binary @- http://d/build"
            output(sandbox, f"tar -C {WORK} -c . | curl -s --unix-socket /var/run/docker.sock {send}")
            assert client.images.list(filters=marks)
        assert not client.images.list(filters=marks)
    finally:
        client.close()


def test_an_image_makes_the_daemon_fetch_nothing(sandbox: Sandbox, own_server: OwnServer, tmp_path: Path) -> None:
    port, asked = own_server.port, own_server.asked
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nONBUILD USER root\n")
    base = sandbox.containers.build(tmp_path, "Dockerfile", name="its base", on_line=print).id
    (tmp_path / "Dockerfile").write_text(f"ARG IT={base}\nFROM ${{IT}}\n")
    sandbox.containers.build(tmp_path, "Dockerfile", name="upon it", on_line=print)
    import docker

    client = docker.from_env()
    try:
        tag = f"pysim-test/triggers:{secrets.token_hex(4)}"
        made = client.api.create_container(IMAGE, ["true"])["Id"]
        changes = [f"ONBUILD ADD http://127.0.0.1:{port}/x /x"]
        client.containers.get(made).commit(*tag.split(":"), changes=changes)
        client.api.remove_container(made)
        (tmp_path / "Dockerfile").write_text(f"FROM {tag}\n")
        with pytest.raises(ContainerError, match="ADD from an address"):
            sandbox.containers.build(tmp_path, "Dockerfile", name="upon that", on_line=print)
        client.images.remove(tag, force=True)
    finally:
        client.close()
    assert not asked


def test_no_name_that_a_job_gives_outlives_the_run(docker_engine: DockerEngine, spec: SandboxSpec, image: str) -> None:
    import docker

    client = docker.from_env()
    try:
        name = f"pysim-test-named-{secrets.token_hex(4)}"
        spec = replace(spec, run_id=f"test-{secrets.token_hex(6)}")
        with docker_engine.open(spec) as sandbox:
            assert ask(sandbox, "POST", f"/images/{image}/tag?repo={name}&tag=1") == (201, None)
            assert ask(sandbox, "POST", f"/images/{name}:1/tag?repo={name}&tag=2") == (201, None)
            assert ask(sandbox, "POST", "/containers/create", {"Image": f"{name}:2", "Cmd": ["true"]})[0] == 201
            assert client.images.list(name)
            with docker_engine.open(replace(spec, run_id="another", job_id="another")) as other:
                status, said = ask(other, "DELETE", f"/images/{name}:1")
                assert (status, "image of this machine" in said["message"]) == (403, True)
        assert not client.images.list(name)
    finally:
        client.close()


def test_clean_removes_the_images_that_jobs_of_a_dead_run_made(docker_engine: DockerEngine, image: str) -> None:
    import docker

    client = docker.from_env()
    try:
        run_id = f"test-{secrets.token_hex(6)}"
        marks = {"label": f"{JOB_LABEL}={run_id}"}
        with io.BytesIO(f"FROM {image}\nLABEL a={run_id}\n".encode()) as text:
            client.images.build(fileobj=text, labels=dict(job_labels(run_id)), rm=True)
        docker_engine.clean(f"another-{run_id}")
        assert len(client.images.list(filters=marks)) == 1
        (said,) = docker_engine.clean(run_id)
        assert said.startswith("image ")
        assert not client.images.list(filters=marks)
    finally:
        client.close()


OWNER = """
import sys
from pathlib import Path, PurePosixPath
from simulator.engines.base import Command, SandboxSpec
from simulator.engines.builds import JOB_LABEL, job_labels
from simulator.engines.docker_engine import DockerEngine

run_id, gateway, image, name = sys.argv[1:]
engine = DockerEngine()
engine.prepare(print)
with engine.open(SandboxSpec(run_id=run_id, job_id="job", gateway=Path(gateway), ca_bundle=b"")) as sandbox:
    tag = f"curl -s --unix-socket /var/run/docker.sock -X POST 'http://d/images/{image}/tag?repo={name}&tag=1'"
    argv = ("bash", "-c", f"{tag}; echo ready; sleep 600")
    command = Command(argv=argv, cwd=PurePosixPath("/"), env=sandbox.environment)
    sandbox.run(command, lambda line: print(line, flush=True))
"""


def test_the_death_of_pysim_ends_the_names_that_a_job_gave(spec: SandboxSpec, image: str) -> None:
    import docker

    client = docker.from_env()
    try:
        name = f"pysim-test-named-{secrets.token_hex(4)}"
        argv = [sys.executable, "-c", OWNER, f"test-{secrets.token_hex(6)}", str(spec.gateway), image, name]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as owner:
            assert owner.stdout is not None
            while owner.stdout.readline() != b"ready\n":
                pass
            assert client.images.list(name)
            owner.send_signal(signal.SIGKILL)
        eventually(lambda: not client.images.list(name))
    finally:
        client.close()
