"""What is found on the machine: CPythons, package sources, engines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.engines import bootstrap, nodes, recipes
from simulator.engines.apt_sources import configured_sources
from simulator.engines.base import LAYOUT, SandboxSpec
from simulator.engines.docker_engine import DockerEngine
from simulator.engines.environment import INSIDE, image_os
from simulator.engines.local_engine import LocalSandbox
from simulator.engines.local_root import HostTools, own_toolchain
from simulator.engines.pythons import FoundPython, candidates, find_pythons, search
from simulator.engines.registry import ENGINES, choose
from simulator.errors import EngineError, EngineUnavailableError
from simulator.remedies import Act, remedy
from tests.engines.driving import output


def test_every_candidate_is_executed(tmp_path: Path) -> None:
    (tmp_path / ".pyenv/versions/3.99.1/bin").mkdir(parents=True)
    liar = tmp_path / ".pyenv/versions/3.99.1/bin/python3.99"
    liar.write_text("#!/bin/sh\necho command not found >&2\nexit 127\n")
    liar.chmod(0o755)
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "python3").symlink_to(sys.executable)
    (bin_folder / "python3-config").symlink_to(sys.executable)
    paths = candidates({"PATH": f"{bin_folder}:relative"}, tmp_path)
    assert {liar, bin_folder / "python3"} <= set(paths)
    assert bin_folder / "python3-config" not in paths
    result = search([liar, bin_folder / "python3", bin_folder / "gone"])
    assert [python.version for python in result.found] == [sys.version.split()[0]]
    assert result.found[0].executable == Path(sys.executable).resolve()
    assert result.found[0].prefix == Path(sys.base_prefix).resolve()
    assert result.newest("3.99") is None
    assert result.newest(result.found[0].minor) == result.found[0]
    assert liar in result.looked_at


def test_the_node_that_serves_an_action(tmp_path: Path) -> None:
    paths = []
    for version in ("v18.1.0", "v22.3.0", "v22.11.1", "v24.0.0", "not a version"):
        path = tmp_path / version / "bin/node"
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\necho '{version}'\n")
        path.chmod(0o755)
        paths.append(path)
    found = nodes.search([*paths, tmp_path / "gone"])
    assert [node.version[0] for node in found] == [24, 22, 22, 18]
    served = {major: nodes.serving(major, found) for major in (18, 20, 24, 26)}
    assert {major: node and node.executable for major, node in served.items()} == {
        18: paths[0],
        20: paths[2],
        24: paths[3],
        26: None,
    }


@pytest.mark.local
def test_what_lies_beside_an_interpreter_stays_hidden(spec: SandboxSpec, tmp_path: Path) -> None:
    prefix = tmp_path / ".local"
    for folder in ("bin", "lib/python3.12", "share/keyrings"):
        (prefix / folder).mkdir(parents=True)
    python = FoundPython(version="3.12.9", executable=prefix / "bin/python3.12", prefix=prefix)
    with LocalSandbox(spec, HostTools(toolchain=own_toolchain(), pythons=[python])) as sandbox:
        assert output(sandbox, f"ls -A {prefix}; ls -A {tmp_path}").split() == ["bin", "lib", ".local"]
        listed = json.loads(sandbox.read(LAYOUT.tool_cache / ".pysim-pythons.json"))
        assert listed == [{"version": "3.12.9", "executable": f"{prefix}/bin/python3.12", "prefix": str(prefix)}]


@pytest.mark.parametrize("python", find_pythons().found, ids=lambda python: python.version)
def test_the_agent_runs_with_every_cpython(python: FoundPython) -> None:
    config = {"user": None, "group": None, "forwarder": ["echo", "ready"]}
    request = {
        "id": 7,
        "op": "run",
        "argv": ["echo", "ü"],
        "cwd": "/",
        "env": dict(os.environ),
        "timeout": None,
        "root": False,
        "files": {},
        "collect": [],
    }
    argv: list[str | Path] = [python.executable, "-I", "-S", "-X", "utf8", INSIDE / "agent.py", json.dumps(config)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as agent:
        assert agent.stdin is not None
        assert agent.stdout is not None
        agent.stdin.write(json.dumps(request).encode() + b"\n")
        agent.stdin.flush()
        messages = [json.loads(agent.stdout.readline()) for _ in range(3)]
        agent.stdin.close()
        assert agent.wait(10) == 0
    assert [message["id"] for message in messages] == [0, 7, 7]
    assert messages[2]["done"] == {"code": 0, "reason": "exited", "error": None, "files": {}, "large": []}


def test_no_way_to_make_an_image_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(EngineError, match="mmdebstrap is not here") as caught:
        bootstrap.plan()
    assert "apt-get install mmdebstrap" in caught.value.hint
    assert caught.value.remedies == (remedy(Act.USE_ENGINE, "local"),)


def test_a_machine_without_the_images_cpython(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mmdebstrap").touch(mode=0o755)
    (tmp_path / "python3.12").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "python3.12").chmod(0o755)
    for name, value in {"PATH": str(tmp_path), "HOME": str(tmp_path), "PYENV_ROOT": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    find_pythons.cache_clear()
    try:
        if find_pythons("3.12").found:
            pytest.skip("the system itself has a CPython 3.12")
        with pytest.raises(EngineError, match=f"no CPython 3.12 here.*tried .*{tmp_path}/python3.12") as caught:
            bootstrap.plan()
        assert "uv python install 3.12" in caught.value.hint
    finally:
        find_pythons.cache_clear()


def test_the_releases_own_package_sources(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(
        "# deb http://old.example/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] http://one.example/debian bookworm main contrib # x\n"
        "deb-src http://one.example/debian bookworm main\n"
        "deb http://tools.example/apt nodistro main\n"
        "deb http://docker.example/linux bookworm stable\n"
    )
    (tmp_path / "sources.list.d/debian.sources").write_text(
        "Types: deb deb-src\nURIs: http://two.example/debian\nSuites: bookworm-updates\n bookworm-security"
        " bookworm-backports\n"
        "# a comment\nComponents: main\nSigned-By: /usr/share/keyrings/b.gpg\n\n"
        "Types: deb\nEnabled: no\nURIs: http://off.example/\nSuites: bookworm\nComponents: main\n"
    )
    (tmp_path / "sources.list.d/saved.list.save").write_text("deb http://old.example/debian bookworm main\n")
    assert list(map(str, configured_sources("bookworm", tmp_path))) == [
        "deb [signed-by=/usr/share/keyrings/a.gpg] http://one.example/debian bookworm main contrib",
        "deb [signed-by=/usr/share/keyrings/b.gpg] http://two.example/debian bookworm-updates main",
        "deb [signed-by=/usr/share/keyrings/b.gpg] http://two.example/debian bookworm-security main",
    ]
    assert configured_sources("trixie", tmp_path) == []


def test_the_recipe_is_in_the_checkout_and_its_hash_follows_it() -> None:
    assert (recipes.recipe_folder() / "ubuntu-24.04/Dockerfile").is_file()
    assert {"git", "sudo", "gcc"} <= set(recipes.packages())
    assert recipes.digest("a") == recipes.digest("a") != recipes.digest("b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('ID=ubuntu\nVERSION_ID="24.04"\n', "ubuntu24"),
        ('PRETTY_NAME="Debian"\nID=debian\nVERSION_ID="12"\n', "debian12"),
        ("ID=arch\n", "arch"),
        ("", "linux"),
    ],
)
def test_image_os(text: str, expected: str) -> None:
    assert image_os(text) == expected


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("tcp://192.0.2.1:2375", "on another machine"),
        ("ssh://user@host", "on another machine"),
        ("unix:///no/such/docker.sock", "does not exist"),
    ],
)
def test_a_daemon_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, address: str, message: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(EngineUnavailableError, match=message) as caught:
        DockerEngine().check()
    assert caught.value.hint.endswith("or use the local engine.")
    assert caught.value.remedies == (remedy(Act.USE_ENGINE, "local"),)


def test_a_socket_where_nobody_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "docker.sock").touch()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    with pytest.raises(EngineUnavailableError, match="does not answer"):
        DockerEngine().check()


@pytest.mark.local
def test_auto_says_why_it_took_the_local_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such/docker.sock")
    engine, reason = choose("auto")
    assert engine.name == "local"
    assert reason.startswith("namespaces of Linux")
    assert "/no/such/docker.sock does not exist" in reason


@pytest.mark.docker
def test_auto_prefers_docker(require_docker: None) -> None:
    engine, reason = choose("auto")
    assert (engine.name, list(ENGINES)) == ("docker", ["docker", "local"])
    assert reason.startswith("Docker ")


@pytest.mark.docker
def test_an_image_is_made_once(docker_engine: DockerEngine) -> None:
    said: list[str] = []
    again = DockerEngine()
    again.prepare(said.append)
    assert said == []
    assert again.image == docker_engine.image
    assert again.image.startswith(("pysim/ubuntu-24.04:", "pysim/bootstrap-"))


@pytest.fixture
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_binary_is_asked_once_and_again_when_what_it_named_is_gone(own_cache: Path) -> None:
    python = Path(sys.executable).resolve()
    first = search([python]).found
    remembered = next(own_cache.rglob("pythons.json"))
    known = json.loads(remembered.read_text())
    assert list(known) == [str(python)]

    known[str(python)]["facts"]["version"] = "3.99.0"
    remembered.write_text(json.dumps(known))
    assert [found.version for found in search([python]).found] == ["3.99.0"]

    known[str(python)]["facts"]["needs"] = [str(own_cache / "gone.py")]
    remembered.write_text(json.dumps(known))
    assert search([python]).found == first


def test_a_script_is_asked_each_time(own_cache: Path, tmp_path: Path) -> None:
    wrapper = tmp_path / "python3"
    wrapper.write_text(f'#!/bin/sh\nexec "{Path(sys.executable).resolve()}" "$@"\n')
    wrapper.chmod(0o755)
    found = search([wrapper]).found
    wrapper.write_text("#!/bin/sh\nexit 1\n")
    assert len(found) == 1
    assert search([wrapper]).found == ()


def test_a_broken_memory_is_no_obstacle(own_cache: Path) -> None:
    python = Path(sys.executable).resolve()
    found = search([python]).found
    next(own_cache.rglob("pythons.json")).write_text("[")
    assert search([python]).found == found
