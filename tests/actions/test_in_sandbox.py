"""The built-in actions where they belong: in a real sandbox, with the twins as its only network."""

from __future__ import annotations

from simulator.engines.base import Engine, SandboxSpec
from simulator.run_events import TwinRequest
from simulator.twins.base import JobGrant
from tests.actions.driving import SandboxDriver
from tests.twins.conftest import CLAIMS, Rig, git


def test_a_build_job(engine: Engine, rig: Rig) -> None:
    access = rig.twins.open_job(JobGrant(job_id="build", id_token=False, claims=CLAIMS))
    spec = SandboxSpec(run_id="run-1", job_id="build", gateway=access.gateway, ca_bundle=rig.twins.ca_bundle)
    sha = git("rev-parse", "v0.1.0^{commit}", cwd=rig.settings.clone)
    with engine.open(spec) as sandbox:
        job = SandboxDriver(
            sandbox=sandbox, access=access, environment={"GITHUB_REF": "refs/tags/v0.1.0", "GITHUB_SHA": sha}
        )
        checkout = job.run("actions/checkout@v4")
        assert checkout.code == 0, checkout.log
        assert checkout.outputs["commit"] == sha

        setup = job.run("actions/setup-python@v5", {"python-version": "3.x"})
        assert setup.code == 0, setup.log
        shown = job.command(["sh", "-c", "command -v python; command -v pip; python --version; pip --version"])
        assert shown.lines[:3] == [
            f"{setup.variables['pythonLocation']}/bin/python",
            f"{setup.variables['pythonLocation']}/bin/pip",
            f"Python {setup.outputs['python-version']}",
        ]

        upload = job.run("actions/upload-artifact@v4", {"name": "source", "path": "file.txt"})
        assert upload.code == 0, upload.log
        download = job.run("actions/download-artifact@v5", {"name": "source", "path": "again"})
        assert download.code == 0, download.log
        assert job.command(["cat", "again/file.txt"]).lines == ["2"]
    assert {request.twin for request in rig.seen(TwinRequest)} == {"github", "results"}
