"""Docker inside a job: the daemon's API as far as a sealed job may use it, through the docker command and by hand."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator.engines.base import LAYOUT, ContainerError, Fetch, Sandbox, SandboxSpec
from simulator.engines.docker_engine import DockerEngine
from tests.engines.driving import BUNDLE, PYTHON, WORK, Gateway, OwnServer, output, python
from tests.engines.job_docker import IMAGE, ask
from tests.engines.leftovers import containers, volumes
from tests.engines.sealing import SEAL, SEALED, upload_hosts

pytestmark = pytest.mark.docker
with_command = pytest.mark.skipif(shutil.which("docker") is None, reason="there is no docker command to give to a job")


@pytest.fixture
def spec(spec: SandboxSpec) -> SandboxSpec:
    return replace(spec, run_id=f"test-{secrets.token_hex(6)}")


@pytest.fixture
def sandbox(docker_engine: DockerEngine, spec: SandboxSpec, image: str) -> Iterator[Sandbox]:
    with docker_engine.open(spec) as sandbox:
        output(sandbox, f"mkdir -p {WORK}")
        yield sandbox
    assert not containers(spec.run_id)
    assert not volumes(spec.run_id)


@with_command
def test_a_container_of_a_job_is_sealed(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.write(WORK / "seal.py", SEAL.encode())
    words = " ".join(upload_hosts())
    script = f"docker run --rm -v {WORK}:/project:ro {IMAGE} {PYTHON} /project/seal.py {words}"
    assert output(sandbox, script).split("\n") == SEALED
    assert gateway.ports == [443]


@with_command
def test_what_a_job_builds_is_sealed(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.write(WORK / "seal.py", SEAL.encode())
    words = " ".join(upload_hosts())
    sandbox.write(
        WORK / "Dockerfile",
        f"FROM {IMAGE}\nCOPY seal.py /\nRUN echo {secrets.token_hex(4)}; {PYTHON} /seal.py {words}\n"
        "RUN cat $PIP_CERT\n".encode(),
    )
    name = f"pysim-test-{secrets.token_hex(4)}"
    lines = output(sandbox, f"cd {WORK}; docker build -t {name} . 2>&1; docker run --rm {name} ls /seal.py").split("\n")
    assert [line for line in lines if line in SEALED] == SEALED
    assert BUNDLE.decode().strip() in lines
    assert lines[-1] == "/seal.py"


@with_command
def test_the_docker_command_works(sandbox: Sandbox) -> None:
    script = f"""
        test "$(docker ps -aq)" = ''
        docker run -d --name mine -p 8081:8080 -w /srv {IMAGE} python3 -m http.server 8080 > /dev/null
        docker ps --format '{{{{.Image}}}}' | grep -c .
        docker exec mine sh -c 'echo inside; exit 4' || echo "exit code $?"
        echo hello | docker exec -i mine cat
        docker cp {WORK}/in.txt mine:/srv/in.txt
        for i in $(seq 50); do curl -s localhost:8081/in.txt && break; sleep 0.1; done
        docker inspect -f '{{{{.HostConfig.Privileged}}}} {{{{.State.Running}}}}' mine
        docker network create some > /dev/null
        docker volume create data > /dev/null
        docker run --rm --network some -v data:/data {IMAGE} sh -c 'echo kept > /data/x'
        docker run --rm --init -v data:/data -v /:/host {IMAGE} cat /data/x /host{WORK}/in.txt 2> /dev/null
        docker run --rm -v $PWD/made:/made -v /var/run/docker.sock:/var/run/docker.sock {IMAGE} \\
            sh -c 'touch /made/file; test -S /var/run/docker.sock && echo socket'
        ls made
        docker stop -t 0 mine > /dev/null
        docker rm mine
        docker create --name again -i {IMAGE} cat > /dev/null
        echo by attaching | docker start -ai again
    """
    sandbox.write(WORK / "in.txt", b"copied\n")
    assert output(sandbox, f"cd {WORK}\n{script}").split("\n") == [
        "1", "inside", "exit code 4", "hello", "copied", "false true", "kept", "copied", "socket", "file", "mine",
        "by attaching",
    ]  # fmt: skip


REFUSED: tuple[tuple[str, str, Any, str], ...] = (
    ("POST", "/containers/create", {"HostConfig": {"Privileged": True}}, "root on this machine"),
    ("POST", "/containers/create", {"HostConfig": {"PidMode": "host"}}, "processes"),
    ("POST", "/containers/create", {"HostConfig": {"Binds": ["/etc:/x"]}}, "/etc is not shared"),
    ("POST", "/containers/create", {"HostConfig": {"Binds": [f"{LAYOUT.work}/../../..:/x"]}}, "not shared"),
    ("POST", "/containers/create", {"HostConfig": {"CapAdd": ["SYS_ADMIN"]}}, "SYS_ADMIN"),
    ("POST", "/containers/create", {"HostConfig": {"MaskedPaths": []}}, "stays"),
    ("POST", "/containers/create", {"HostConfig": {"Unheard": [1]}}, "does not know"),
    ("POST", "/images/some/push", None, "no image is pushed"),
    ("POST", "/v1.41/swarm/init", {}, "no swarm"),
    ("POST", "/plugins/pull", None, "plugins"),
    ("POST", "/images/load", None, "not replaced"),
    ("POST", "/system/prune", None, "does not need it"),
    ("POST", f"/images/{IMAGE}/tag?repo={IMAGE.replace(':', '&tag=')}", None, "an image of this machine"),
    ("POST", f"/images/{IMAGE}/tag?repo=pysim/runner&tag=1", None, "a name of pysim's own"),
    ("POST", "/build?t=pysim/runner:1", None, "a name of pysim's own"),
    ("POST", "/images/create?fromImage=registry.example/pysim/runner&tag=1", None, "a name of pysim's own"),
    ("POST", "/images/create?fromImage=127.0.0.1:5000/x&tag=1", None, "not the job's"),
    ("POST", "/images/create?fromImage=localhost/x&tag=1", None, "not the job's"),
    ("GET", "/distribution/localhost:5000/x/json", None, "not the job's"),
    ("GET", "/containers/json?filters=[]", None, "another form"),
    ("POST", "/containers/create", {"HostConfig": "x"}, "another form"),
    ("DELETE", f"/images/{IMAGE}", None, "an image of this machine"),
    ("POST", "/build?version=2", None, "BuildKit"),
    ("POST", "/build?remote=https://example.org/x.git", None, "elsewhere"),
    (
        "POST",
        "/volumes/create",
        {"Name": "x", "DriverOpts": {"type": "none", "o": "bind", "device": "/"}},
        "no options",
    ),
    ("GET", "/images/../containers/json", None, "no path"),
)


def test_what_reaches_further_is_refused_with_the_reason(sandbox: Sandbox) -> None:
    for method, path, body, reason in REFUSED:
        given = {"Image": IMAGE, **body} if path == "/containers/create" else body
        status, said = ask(sandbox, method, path, given)
        assert status in {400, 403}, (path, said)
        assert reason in said["message"], (path, said)


def test_a_job_sees_its_own_containers_alone(
    sandbox: Sandbox, docker_engine: DockerEngine, spec: SandboxSpec, tmp_path: Path
) -> None:
    own = sandbox.containers.network
    assert ask(sandbox, "GET", "/containers/json?all=1") == (200, [])
    for path in (f"/containers/{own}/json", f"/containers/{own}/kill", f"/containers/{own}/exec"):
        status, said = ask(sandbox, "GET" if path.endswith("json") else "POST", path, {})
        assert (status, said) == (404, {"message": f"No such container: {own}"})
    (tmp_path / "other").mkdir()
    os.link(spec.gateway, tmp_path / "other/gateway.sock")
    with docker_engine.open(replace(spec, job_id="another", gateway=tmp_path / "other/gateway.sock")) as other:
        status, made = ask(other, "POST", "/containers/create?name=x", {"Image": IMAGE, "Cmd": ["true"]})
        assert status == 201
        assert ask(sandbox, "GET", f"/containers/{made['Id']}/json")[0] == 404
        assert [each["Id"] for each in ask(other, "GET", "/containers/json?all=1")[1]] == [made["Id"]]
        assert ask(other, "GET", "/containers/x/json")[0] == 200


SMUGGLE = """
import json, socket
inner = json.dumps({"Image": "%s", "HostConfig": {"Privileged": True}})
head = f"Host: d\\r\\nContent-Type: application/json\\r\\nContent-Length: {len(inner)}"
second = f"POST /containers/create HTTP/1.1\\r\\n{head}\\r\\n\\r\\n{inner}"
for head in ("Upgrade: tcp\\r\\nConnection: Upgrade\\r\\n", "Connection: keep-alive\\r\\n", ""):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect("/var/run/docker.sock")
        s.sendall(f"GET /version HTTP/1.1\\r\\nHost: d\\r\\n{head}\\r\\n{second}".encode())
        said = s.makefile("rb").read().decode()
        print(said.count("HTTP/1.1"))
"""


def test_no_second_request_follows_unseen(sandbox: Sandbox) -> None:
    assert python(sandbox, SMUGGLE % IMAGE).split("\n") == ["1", "1", "1"]


def test_a_build_whose_context_is_too_large_is_not_begun(sandbox: Sandbox) -> None:
    curl = "curl -s --unix-socket /var/run/docker.sock -o /dev/null -w '%{http_code}' -X POST"
    script = f"{curl} -H 'Content-Type: application/x-tar' -H 'Content-Length: {1 << 50}' http://d/build"
    assert output(sandbox, script) == "413"


def test_an_answer_comes_where_the_daemon_reads_no_body(sandbox: Sandbox) -> None:
    sandbox.write(WORK / "body", b" " * 3_000_000)
    curl = "curl -s --unix-socket /var/run/docker.sock -o /dev/null -w '%{http_code}'"
    script = f"{curl} -H 'Content-Type: application/json' --data-binary @{WORK}/body http://d/containers/prune"
    assert output(sandbox, script) == "200"


def test_privileged_commands_are_refused(sandbox: Sandbox) -> None:
    _, made = ask(sandbox, "POST", "/containers/create", {"Image": IMAGE, "Cmd": ["sleep", "60"]})
    assert ask(sandbox, "POST", f"/containers/{made['Id']}/start")[0] == 204
    assert ask(sandbox, "POST", f"/containers/{made['Id']}/start")[0] == 304
    status, said = ask(sandbox, "POST", f"/containers/{made['Id']}/exec", {"Cmd": ["id"], "Privileged": True})
    assert (status, "privileged" in said["message"]) == (403, True)


def test_offline_pulls_nothing(docker_engine: DockerEngine, spec: SandboxSpec, image: str) -> None:
    with docker_engine.open(replace(spec, offline=True, images={"other:1": image})) as sandbox:
        status, said = ask(sandbox, "POST", "/images/create?fromImage=no-such-image&tag=1")
        assert (status, said) == (403, {"message": "the rehearsal is offline, so nothing is pulled"})
        assert ask(sandbox, "GET", "/distribution/no-such-image:1/json")[0] == 403
        assert ask(sandbox, "POST", "/images/create?fromImage=other&tag=1")[0] == 200
        assert ask(sandbox, "POST", "/containers/create", {"Image": "other:1", "Cmd": ["true"]})[0] == 201


def test_a_login_asks_nobody(sandbox: Sandbox, own_server: OwnServer) -> None:
    address = f"127.0.0.1:{own_server.port}"
    login = {"username": "me", "password": "p", "serveraddress": address}
    assert ask(sandbox, "POST", "/auth", login) == (200, {"Status": "Login Succeeded", "IdentityToken": ""})
    assert not own_server.asked


def test_what_the_daemon_fetches_is_told(docker_engine: DockerEngine, spec: SandboxSpec, tmp_path: Path) -> None:
    fetches: list[Fetch] = []
    (tmp_path / "Dockerfile").write_text("FROM pysim-test/none:2\n")
    with docker_engine.open(replace(spec, on_fetch=fetches.append)) as sandbox:
        ask(sandbox, "POST", "/images/create?fromImage=pysim-test/none&tag=1")
        ask(sandbox, "GET", "/distribution/none/json")
        ask(sandbox, "POST", "/images/create?fromImage=registry.invalid/none&tag=1")
        with pytest.raises(ContainerError, match="Docker pull failed"):
            sandbox.containers.build(tmp_path, "Dockerfile", name="none", on_line=print)
    paths = ["pysim-test/none/manifests/1", "library/none/manifests/latest", "pysim-test/none/manifests/2"]
    unknown = fetches.pop(2)
    assert [(each.host, each.path) for each in fetches] == [("docker.io", f"/v2/{path}") for path in paths]
    assert all(each.status >= 400 for each in fetches)
    assert (unknown.host, unknown.status) == ("registry.invalid", 502)


def test_a_job_is_told_nothing_of_the_machine(sandbox: Sandbox) -> None:
    import docker

    client = docker.from_env()
    try:
        facts = {**client.info(), **client.version()}
    finally:
        client.close()
    ask(sandbox, "POST", "/containers/create", {"Image": IMAGE, "Cmd": ["true"]})
    _, info = ask(sandbox, "GET", "/info")
    _, version = ask(sandbox, "GET", "/version")
    said = json.dumps([info, version])
    for name in ("Name", "ID", "DockerRootDir", "KernelVersion", "OperatingSystem", "GitCommit"):
        assert json.dumps(facts[name]) not in said, name
    assert (info["Containers"], info["ContainersRunning"], info["Images"]) == (1, 0, 0)
    assert info["RegistryConfig"]["InsecureRegistryCIDRs"] == []
    assert (info["ServerVersion"], version["Version"]) == (facts["ServerVersion"], facts["Version"])


@with_command
def test_docker_takes_what_it_is_told(sandbox: Sandbox) -> None:
    said = output(
        sandbox, "docker version; docker info 2>&1; echo p | docker login -u me --password-stdin r.example 2>&1"
    )
    assert "Server Version" in said
    assert "Login Succeeded" in said
    assert "Error" not in said
