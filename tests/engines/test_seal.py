"""Nothing in a sandbox reaches the outside but through the gateway, or sees what is the caller's."""

from __future__ import annotations

import contextlib
import json
import socket
from pathlib import Path, PurePosixPath

import pytest

from simulator.engines.base import LAYOUT, Engine, Sandbox, SandboxSpec
from simulator.engines.environment import FORWARDER_ADDRESS
from simulator.engines.local_engine import LocalEngine
from simulator.indexes import indexes
from tests.engines.driving import BUNDLE, Gateway, connect, output, python, run


def test_there_is_no_route_out(sandbox: Sandbox) -> None:
    assert output(sandbox, "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '") == "lo"
    assert output(sandbox, "tail -n +2 /proc/net/route") == ""
    assert connect(sandbox, "192.0.2.1", 443) == "OSError"
    assert connect(sandbox, "2001:db8::1", 443) == "OSError"


def test_servers_of_this_machine_are_out_of_reach(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        assert connect(sandbox, "127.0.0.1", server.getsockname()[1]) == "ConnectionRefusedError"
        abstract.bind("\0pysim-seal-test")
        abstract.listen()
        code = "import socket; s = socket.socket(socket.AF_UNIX); print(s.connect_ex('\\0pysim-seal-test'))"
        assert python(sandbox, code) == "111"


@pytest.mark.parametrize("index", ["pypi", "testpypi"])
def test_upload_hosts_are_the_forwarder(sandbox: Sandbox, gateway: Gateway, index: str) -> None:
    hosts = {host for found in indexes().values() if found.name == index for host in found.hosts}
    for host in hosts:
        code = f"import socket; print({{a[4][0] for a in socket.getaddrinfo({host!r}, 443)}})"
        assert python(sandbox, code) == str({FORWARDER_ADDRESS})
        assert connect(sandbox, host, 443) == "HELLO"
    assert gateway.ports == [443] * len(hosts)


def test_a_port_that_was_not_asked_for_is_closed(sandbox: Sandbox) -> None:
    assert connect(sandbox, "example.org", 8443) == "ConnectionRefusedError"


def test_the_callers_environment_is_not_inherited(
    engine: Engine, spec: SandboxSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy = {"httpProxy": "http://the caller's:password@proxy.example"}
    (tmp_path / "config.json").write_text(json.dumps({"proxies": {"default": proxy}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("TWINE_PASSWORD", "GITHUB_TOKEN", "SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS", "PYSIM_SEAL_TEST"):
        monkeypatch.setenv(name, "the caller's")
    with engine.open(spec) as sandbox:
        script = "env; for each in /proc/[0-9]*/environ; do tr '\\0' '\\n' < $each || true; done 2>&1"
        seen = "\n".join(run(sandbox, "bash", "-c", script, as_root=True)[1])
    assert "the caller's" not in seen
    assert "PATH=" in seen


def test_the_callers_files_are_not_there(
    engine: Engine, spec: SandboxSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path / "caller"
    (home / ".ssh").mkdir(parents=True)
    secrets = [home / ".pypirc", home / ".netrc", home / ".ssh/id_ed25519"]
    for secret in secrets:
        secret.write_text("secret-of-the-caller")
    monkeypatch.setenv("HOME", str(home))
    with engine.open(spec) as sandbox:
        assert output(sandbox, f"find / -xdev -name {tmp_path.name} 2>/dev/null || true") == ""
        assert run(sandbox, "cat", *map(str, secrets))[0].code == 1
        assert output(sandbox, "echo ~; ls -A ~ | sort | tr '\\n' ' '").startswith("/home/runner\n")
        for path in (
            Path.home() / ".gitconfig",
            "/etc/shadow",
            "/etc/gshadow",
            "/run/docker.sock",
            "/var/run/docker.sock",
        ):
            assert run(sandbox, "head", "-c1", str(path))[0].code == 1


def test_there_is_no_keyring_and_no_socket_but_of_the_network_namespace(sandbox: Sandbox) -> None:
    code = (
        "import ctypes, errno, socket; c = ctypes.CDLL(None, use_errno=True); add = {248: 'x86_64', 217: 'aarch64'}\n"
        "import os; first = next(n for n, machine in add.items() if machine == os.uname().machine)\n"
        "print([(c.syscall(first + n, b'user', b'x', b'x', 1, -3), ctypes.get_errno()) for n in (0, 2)])\n"
        "made = []\n"
        "for family in range(1, 50):\n"
        "    for kind in (1, 2, 3, 5):\n"
        "        try: socket.socket(family, kind).close(); made.append(family)\n"
        "        except OSError: pass\n"
        "print(*sorted({*made} - {1, 2, 10, 16}))"
    )
    assert python(sandbox, code).split("\n") == ["[(-1, 1), (-1, 1)]", ""]


def test_steps_have_no_capability(sandbox: Sandbox) -> None:
    status = output(sandbox, "id -u; grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status | cut -f2 | sort -u")
    assert status == "1001\n0000000000000000"


def test_steps_cannot_harm_the_agent(sandbox: Sandbox) -> None:
    run(sandbox, "bash", "-c", "kill -9 1; kill -INT 1; kill -TERM 1; kill -9 -1")
    assert output(sandbox, "echo still here") == "still here"


def test_steps_see_nothing_of_the_agent(sandbox: Sandbox) -> None:
    """Its standard output is pysim's: a line in it would be taken for the agent's word, and a tracer could stop it."""
    attach = "import ctypes; print(ctypes.CDLL(None).ptrace(16, 1, 0, 0))"
    assert python(sandbox, attach) == "-1"
    for name in ("fd/0", "fd/1", "fd/2", "mem", "environ", "root"):
        done, _ = run(sandbox, "bash", "-c", f"exec 3<> /proc/1/{name} || head -c1 /proc/1/{name}")
        assert done.code != 0, name
    assert output(sandbox, "echo still here") == "still here"


def test_the_machine_cannot_be_changed(sandbox: Sandbox) -> None:
    for path in ("/usr/bin/x", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/etc/alternatives/x"):
        assert run(sandbox, "bash", "-c", f"echo > {path}")[0].code != 0
    code = (
        "import ctypes, os; c = ctypes.CDLL(None, use_errno=True);"
        "print(c.mount(b'', b'/usr', b'', 32 | 4096, b''), c.umount2(b'/proc/sys', 2), c.unshare(0x20000))"
    )
    assert python(sandbox, code) == "-1 -1 -1"


def test_the_devices_of_the_machine_cannot_be_changed(sandbox: Sandbox) -> None:
    for name in ("null", "zero", "random", "tty"):
        assert run(sandbox, "chmod", "666", f"/dev/{name}")[0].code == 1  # its mode already, should this succeed
    assert output(sandbox, "echo x > /dev/null; head -c3 /dev/zero | wc -c") == "3"


@pytest.mark.local
def test_proc_is_as_for_anybody_also_where_root_runs_pysim(local_engine: LocalEngine, spec: SandboxSpec) -> None:
    code = (
        "import os, pathlib, stat\n"
        "for path in pathlib.Path('/proc').iterdir():\n"
        "    if path.name.isdigit() or path.is_symlink(): continue\n"
        "    if path.is_dir() and not os.statvfs(path).f_flag & os.ST_RDONLY: print(path)\n"
        "    if path.is_file() and (os.access(path, os.W_OK) or not path.stat().st_mode & stat.S_IROTH): print(path)\n"
        "print(pathlib.Path('/proc/keys').read_text())"
    )
    with local_engine.open(spec) as sandbox:
        assert python(sandbox, code) == ""


def test_the_certificates_are_those_of_the_spec(sandbox: Sandbox) -> None:
    assert sandbox.read(LAYOUT.ca_bundle) == BUNDLE
    named = [PurePosixPath(v) for k, v in sandbox.environment.items() if k.endswith(("_CERT", "_FILE", "_BUNDLE"))]
    assert len(named) >= 4
    assert set(named) == {LAYOUT.ca_bundle}


def test_a_sandbox_sees_its_own_gateway_alone(sandbox: Sandbox) -> None:
    with contextlib.suppress(FileNotFoundError):
        assert output(sandbox, "find / -xdev -type s 2>/dev/null || true") in {"/run/pysim/gateway.sock", ""}
