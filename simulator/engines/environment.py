"""What engines agree on about the inside of a sandbox beyond `LAYOUT`: its user, addresses and process environment.

Facts of a hosted runner (user, PATH, PIPX_*, ImageOS) are those of `actions/runner-images` for ubuntu-24.04, 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from simulator.engines.base import LAYOUT, SandboxSpec

USER = "runner"
USER_ID = 1001
GROUP_ID = 1001
HOST_NAME = "runner"
# Every name resolves to this. Not 127.0.0.1, so that a job's own servers on localhost keep their ports.
FORWARDER_ADDRESS = "127.77.0.1"
PROGRAMS = PurePosixPath("/run/pysim")  # the agent, the forwarder and the gateway's socket
GATEWAY = PROGRAMS / "gateway.sock"
TOOLS = LAYOUT.python.parent
PIPX_BIN = PurePosixPath("/opt/pipx_bin")
INSIDE = Path(__file__).parent / "inside"

RESOLV_CONF = f"nameserver {FORWARDER_ADDRESS}\noptions timeout:2 attempts:2\n"
HOSTS = f"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 {HOST_NAME}\n"

_OWN_PROGRAMS = (f"{LAYOUT.home}/.local/bin", str(PIPX_BIN))
_PROGRAMS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
# Each client looks for certificates in a place of its own; all are told the one bundle.
_BUNDLE_VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
)


def process_environment(
    spec: SandboxSpec, *, image_os: str, programs: Sequence[PurePosixPath] = ()
) -> Mapping[str, str]:
    """The environment of a command that adds nothing, final; `programs` are folders that go before the system's own."""
    return {
        "PATH": ":".join((*_OWN_PROGRAMS, *map(str, programs), *_PROGRAMS)),
        "HOME": str(LAYOUT.home),
        "USER": USER,
        "LOGNAME": USER,
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
        "XDG_CONFIG_HOME": f"{LAYOUT.home}/.config",
        "AGENT_TOOLSDIRECTORY": str(LAYOUT.tool_cache),
        "PIPX_HOME": "/opt/pipx",
        "PIPX_BIN_DIR": str(PIPX_BIN),
        "ImageOS": image_os,
        **certificate_variables(LAYOUT.ca_bundle),
        **spec.environment,
    }


def certificate_variables(bundle: PurePosixPath) -> Mapping[str, str]:
    """What tells every client where the certificates lie."""
    return dict.fromkeys(_BUNDLE_VARIABLES, str(bundle))


def agent_argv(python: PurePosixPath, spec: SandboxSpec, *, drops_to_user: bool) -> list[str]:
    """How the sandbox's first process is started; with `drops_to_user` it is root and commands are not."""
    # -S: the two programs need the standard library alone, and start in half the time.
    start = [str(python), "-I", "-S", "-X", "utf8"]
    ports = [str(port) for port in spec.ports]
    config = {
        "user": USER_ID if drops_to_user else None,
        "group": GROUP_ID if drops_to_user else None,
        "forwarder": [*start, str(PROGRAMS / "forwarder.py"), FORWARDER_ADDRESS, str(GATEWAY), *ports],
    }
    return [*start, str(PROGRAMS / "agent.py"), json.dumps(config)]


def forward_argv(python: PurePosixPath, port: int, target: int) -> list[str]:
    """What makes a port of localhost in a sandbox lead to another one there."""
    return [str(python), "-I", "-S", "-X", "utf8", str(PROGRAMS / "forwarder.py"), str(port), str(target)]


def image_os(os_release: str) -> str:
    """The `ImageOS` of a system from its os-release, in the form of GitHub's own (`ubuntu24`), for any distribution."""
    facts = parse_os_release(os_release)
    return facts.get("ID", "linux") + facts.get("VERSION_ID", "").partition(".")[0]


def parse_os_release(text: str) -> Mapping[str, str]:
    """The assignments of an os-release file, quotes removed."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name: value.strip("\"'") for name, _, value in pairs}
