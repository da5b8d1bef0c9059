"""Jobs in real sandboxes, with the twins as their only network."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from simulator.engines.base import Engine, SandboxSpec
from simulator.twins.base import JobGrant
from tests.actions.driving import SandboxDriver
from tests.git import git
from tests.twins.driving import CLAIMS, Rig


@contextlib.contextmanager
def job(engine: Engine, rig: Rig, job_id: str, *, id_token: bool = False) -> Iterator[SandboxDriver]:
    """A job of the push of tag v0.1.0."""
    access = rig.twins.open_job(JobGrant(job_id=job_id, id_token=id_token, claims=CLAIMS))
    spec = SandboxSpec(run_id="run-1", job_id=job_id, gateway=access.gateway, ca_bundle=rig.twins.ca_bundle)
    sha = git("rev-parse", "v0.1.0^{commit}", cwd=rig.settings.clone)
    env = {"GITHUB_REF": "refs/tags/v0.1.0", "GITHUB_SHA": sha}
    with engine.open(spec) as sandbox:
        yield SandboxDriver(sandbox=sandbox, access=access, environment=env)
