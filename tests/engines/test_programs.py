"""What a job finds in a sandbox as on GitHub's ubuntu-24.04, before it sets anything up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.engines.base import LAYOUT, Engine, Sandbox, SandboxSpec
from simulator.engines.recipes import MINOR
from tests.actions.wheels import write_wheel
from tests.engines.driving import output
from tests.real_engines import ENGINES


@pytest.fixture(params=ENGINES)
def sandbox(request: pytest.FixtureRequest, spec: SandboxSpec) -> Iterator[Sandbox]:
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    with engine.open(spec) as sandbox:
        yield sandbox


@pytest.mark.parametrize("name", ["python", "python3", f"python{MINOR}"])
def test_python_is_of_githubs_version(sandbox: Sandbox, name: str) -> None:
    assert output(sandbox, f"{name} --version").startswith(f"Python {MINOR}.")


def test_pip_installs_without_an_environment(sandbox: Sandbox, tmp_path: Path) -> None:
    script = "#!python\nimport sys\nprint('%d.%d' % sys.version_info[:2])\n"
    write_wheel(tmp_path, "greeter", "1.0", {"greeter-1.0.data/scripts/greet": script})
    sandbox.copy_in(tmp_path, LAYOUT.work / "wheels")
    wheel = LAYOUT.work / "wheels/greeter-1.0-py3-none-any.whl"
    for installer, minor in (("pip", MINOR), ("/usr/bin/python3 -m pip", "3.")):
        output(sandbox, f"{installer} install --quiet --no-index --force-reinstall {wheel}")
        shown = output(sandbox, "command -v greet; greet").splitlines()
        assert shown[0] == f"{LAYOUT.home}/.local/bin/greet"
        assert shown[1].startswith(minor)


def test_pipx_makes_environments_with_githubs_python(sandbox: Sandbox) -> None:
    said = output(sandbox, "$(pipx environment --value PIPX_DEFAULT_PYTHON) --version")
    assert said.startswith(f"Python {MINOR}.")


def test_pipx_takes_no_uv_that_the_job_did_not_choose(sandbox: Sandbox) -> None:
    assert output(sandbox, "pipx environment --value PIPX_RESOLVED_BACKEND || true") == "pip"


def test_a_login_shell_keeps_its_path(sandbox: Sandbox) -> None:
    shown = output(sandbox, "export PATH=/opt/added/bin:$PATH; echo $PATH; bash -l -c 'echo $PATH'").splitlines()
    assert shown[1] == shown[0]
    assert shown[0].startswith("/opt/added/bin:")
