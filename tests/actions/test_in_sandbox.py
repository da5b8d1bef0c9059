"""The built-in actions where they belong: in real sandboxes, with the twins as their only network."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.engines.base import LAYOUT, Engine
from simulator.indexes import indexes
from simulator.run_events import FileUploaded, TwinRequest
from simulator.twins.base import Publisher
from tests.actions.sandboxed import job
from tests.actions.wheels import write_wheel
from tests.twins.distributions import write_dists
from tests.twins.driving import REPOSITORY, Rig

PUBLISH = "pypa/gh-action-pypi-publish@release/v1"
UPLOAD_URL = indexes()["pypi"].upload_url


def test_a_build_job(engine: Engine, rig: Rig) -> None:
    with job(engine, rig, "build") as build:
        checkout = build.run("actions/checkout@v4")
        assert checkout.code == 0, checkout.log
        assert checkout.outputs["commit"] == build.environment["GITHUB_SHA"]

        setup = build.run("actions/setup-python@v5", {"python-version": "3.x"})
        assert setup.code == 0, setup.log
        shown = build.command(["sh", "-c", "command -v python; command -v pip; python --version; pip --version"])
        assert shown.lines[:3] == [
            f"{setup.variables['pythonLocation']}/bin/python",
            f"{setup.variables['pythonLocation']}/bin/pip",
            f"Python {setup.outputs['python-version']}",
        ]

        upload = build.run("actions/upload-artifact@v4", {"name": "source", "path": "file.txt"})
        assert upload.code == 0, upload.log
        download = build.run("actions/download-artifact@v5", {"name": "source", "path": "again"})
        assert download.code == 0, download.log
        assert build.command(["cat", "again/file.txt"]).lines == ["2"]
    assert {request.twin for request in rig.seen(TwinRequest)} == {"github", "results"}


def test_a_virtual_environment_of_the_python_that_no_step_sets_up(engine: Engine, rig: Rig) -> None:
    with job(engine, rig, "build") as build:
        for python in ("python", "python3"):
            made = build.command(["sh", "-c", f"{python} -m venv --without-pip {python}-venv"])
            assert made.code == 0, made.log
            said = build.command([f"{python}-venv/bin/python", "-c", "import sys; print(sys.prefix)"]).lines
            assert said[-1].endswith(f"/{python}-venv")


def test_what_pip_installs_for_the_user_is_on_path(engine: Engine, rig: Rig, tmp_path: Path) -> None:
    script = "#!python\nimport sys\nprint(sys.prefix == sys.base_prefix, sys.prefix)\n"
    (tmp_path / "wheels").mkdir()
    write_wheel(tmp_path / "wheels", "greeter", "1.0", {"greeter-1.0.data/scripts/greet": script})
    with job(engine, rig, "build") as build:
        build.sandbox.copy_in(tmp_path / "wheels", LAYOUT.work / "demo/demo/wheels")
        setup = build.run("actions/setup-python@v5", {"python-version": "3.12"})
        assert setup.code == 0, setup.log
        wheel = "wheels/greeter-1.0-py3-none-any.whl"
        installed = build.command(["python", "-m", "pip", "install", "--user", "--no-index", wheel])
        assert installed.code == 0, installed.log
        said = build.command(["sh", "-c", "command -v greet; greet"]).lines
        assert said == [f"{LAYOUT.home}/.local/bin/greet", f"True {setup.variables['pythonLocation']}"]


def test_a_publish_job(engine: Engine, rig: Rig, tmp_path: Path) -> None:
    rig.twins.assume(
        Publisher(index="pypi", project="demo", repository=REPOSITORY, workflow="pypi.yml", environment="pypi")
    )
    built = write_dists(tmp_path / "dist")
    with job(engine, rig, "build") as build:
        build.sandbox.copy_in(tmp_path / "dist", LAYOUT.work / "demo/demo/orchay/dist")
        upload = build.run("actions/upload-artifact@v4", {"name": "dist", "path": "orchay/dist/"})
        assert upload.code == 0, upload.log
    with job(engine, rig, "publish", id_token=True) as publish:
        download = publish.run("actions/download-artifact@v4", {"name": "dist", "path": "dist/"})
        assert download.code == 0, download.log
        done = publish.run(PUBLISH)
        assert done.code == 0, done.log
    assert f"Uploading distributions to {UPLOAD_URL}" in done.lines
    assert f"{indexes()['pypi'].project_url('demo', '0.1.0')}" in done.log
    assert [file.path.read_bytes() for file in rig.twins.published()] == [path.read_bytes() for path in built]


NO_PUBLISHER = "valid token, but no corresponding publisher (Publisher with matching claims was not found)"
NO_PERMISSION = "GitHub: missing or insufficient OIDC token permissions"


@pytest.mark.parametrize(
    ("id_token", "reason"),
    [
        (True, f"* `invalid-publisher`: {NO_PUBLISHER}"),
        (False, f"OpenID Connect token retrieval failed: {NO_PERMISSION}"),
    ],
    ids=["no publisher", "no permission"],
)
def test_a_publish_job_that_may_not(engine: Engine, rig: Rig, tmp_path: Path, id_token: bool, reason: str) -> None:
    rig.twins.assume(Publisher(index="pypi", project="demo", repository=REPOSITORY, workflow="other.yml"))
    write_dists(tmp_path / "dist")
    with job(engine, rig, "publish", id_token=id_token) as publish:
        publish.sandbox.copy_in(tmp_path / "dist", LAYOUT.work / "demo/demo/dist")
        done = publish.run(PUBLISH)
    assert done.code == 1
    [error] = done.said("error")
    assert error.startswith("Trusted publishing exchange failure: ")
    assert any(line.startswith(reason) for line in error.splitlines())
    assert reason in done.summary
    assert rig.seen(FileUploaded) == []
