"""sigstore/gh-action-sigstore-python in a job of real twins; what it signs is verified under pysim's root."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from simulator.twins.sigstore.root import TrustRoot
from tests.actions.driving import Driver, Outcome, job_environment
from tests.twins.driving import REPOSITORY, WRITER, Job, Rig

ACTION = "sigstore/gh-action-sigstore-python@v3.5.0"
IDENTITY = f"https://github.com/{REPOSITORY}/.github/workflows/pypi.yml@refs/tags/v0.1.0"
ISSUER = "https://token.actions.githubusercontent.com"
POLICY = {"verify": "true", "verify_cert_identity": IDENTITY, "verify_oidc_issuer": ISSUER}
WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"
pytestmark = pytest.mark.clients


@dataclass(kw_only=True)
class World:
    """A job that signs, with two distributions."""

    rig: Rig
    root: Path
    id_token: bool = True

    def __post_init__(self) -> None:
        self.job: Job = self.rig.job("job", permissions=WRITER, id_token=self.id_token)
        event = self.root / "event.json"
        event.write_text(json.dumps({"action": "published"}))
        base = {
            **job_environment(self.job),
            **self.job.resolver_env,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_JOB": "build",
        }
        self.driver = Driver(root=self.root / "driven", base=base, isolated=False)
        self.dist = self.driver.workspace / "dist"
        self.dist.mkdir()
        for name in (WHEEL, SDIST):
            (self.dist / name).write_text(f"content of {name}")

    def run(self, **inputs: str) -> Outcome:
        return self.run_in({}, **inputs)

    def run_in(self, env: Mapping[str, str], /, **inputs: str) -> Outcome:
        return self.driver.run(ACTION, {name.replace("_", "-"): value for name, value in inputs.items()}, env)

    def verify(self, file: Path) -> str:
        """What sigstore-python says of a file with its bundle."""
        config = self.root / "config.json"
        config.write_text(json.dumps(TrustRoot.load(self.rig.settings.authority).client_config))
        command = [sys.executable, "-m", "sigstore", "--trust-config", str(config), "verify", "identity"]
        words = ["--cert-identity", IDENTITY, "--cert-oidc-issuer", ISSUER, str(file)]
        return subprocess.run([*command, *words], capture_output=True, text=True, check=False).stderr.strip()

    def ask(self, path: str) -> Any:
        url = f"https://api.github.com/repos/{REPOSITORY}{path}"
        return self.job.http.get(url, headers={"authorization": "token ghs_job"}).json()


@pytest.fixture
def world(rig: Rig, tmp_path: Path) -> World:
    return World(rig=rig, root=tmp_path)


def test_files_are_signed_and_verified(world: World) -> None:
    done = world.run(inputs="./dist/*.tar.gz ./dist/*.whl", **POLICY)
    assert done.code == 0, done.log
    assert {path.name for path in world.dist.iterdir()} == {
        *(WHEEL, f"{WHEEL}.sigstore.json"),
        *(SDIST, f"{SDIST}.sigstore.json"),
    }
    assert world.verify(world.dist / WHEEL) == f"OK: {world.dist / WHEEL}"
    assert f"Sigstore bundle written to {world.dist / SDIST}.sigstore.json" in done.lines
    assert f"OK: {world.dist / SDIST}" in done.lines
    assert done.summary.startswith("🎉 sigstore-python signing exited successfully\n")
    assert "🎉 sigstore-python verification exited successfully\n" in done.summary
    exported = done.variables["GHA_SIGSTORE_PYTHON_INTERNAL_SIGNING_ARTIFACTS"].splitlines()
    assert exported[:2] == [str(world.dist / SDIST), f"{world.dist / SDIST}.sigstore.json"]
    (world.dist / WHEEL).write_text("other bytes")
    assert not world.verify(world.dist / WHEEL).startswith("OK")


def test_another_identity_is_not_verified(world: World) -> None:
    done = world.run(inputs="dist/*", **{**POLICY, "verify_cert_identity": "https://github.com/other"})
    assert done.code == 1
    assert "❌ sigstore-python failed to verify package" in done.summary


def test_the_files_become_an_artifact(world: World) -> None:
    done = world.run(inputs=f"dist/{WHEEL}", upload_signing_artifacts="true")
    assert done.code == 0, done.log
    (artifact,) = world.ask("/actions/artifacts")["artifacts"]
    assert artifact["name"] == "signing-artifacts-build"


def test_the_files_are_attached_to_the_release(world: World) -> None:
    name = f"v0.1.0-{uuid.uuid4()}"  # of archives in /tmp, which is no sandbox's here
    env = {"GITHUB_EVENT_NAME": "release", "GITHUB_REF": "refs/tags/v0.1.0", "GITHUB_REF_NAME": name}
    try:
        done = world.run_in(env, inputs=f"dist/{WHEEL}")
    finally:
        for path in Path("/tmp").glob(f"{name}*"):
            path.unlink()
    assert done.code == 0, done.log
    names = {asset["name"] for asset in world.ask("/releases/tags/v0.1.0")["assets"]}
    signed = [WHEEL, f"{name}.zip", f"{name}.tar.gz"]
    assert names == {*signed, *(f"{each}.sigstore.json" for each in signed)}


def test_nothing_is_attached_unless_a_release_started_the_run(world: World) -> None:
    done = world.run(inputs=f"dist/{WHEEL}")
    assert (done.code, world.ask("/releases")) == (0, [])


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        (
            {},
            "inputs must be specified when release-signing-artifacts is disabled and the event type is not release",
        ),
        ({"inputs": "out/*"}, "input out/* doesn't expand to one or more filenames"),
        ({"inputs": "--help"}, "input --help looks like a flag"),
        ({"inputs": "dist/*", "rekor_version": "3"}, "'3' is not a valid rekor-version"),
        ({"inputs": "dist/*", "verify": "true"}, "verify-cert-identity must be specified when verify is enabled"),
        (
            {"inputs": "dist/*", "verify_oidc_issuer": ISSUER},
            "verify-oidc-issuer cannot be specified without verify: true",
        ),
    ],
)
def test_what_the_inputs_lack(world: World, inputs: dict[str, str], error: str) -> None:
    done = world.run(**inputs)
    assert (done.code, done.said("error")) == (1, [f"❌ {error}"])


def test_a_folder_cannot_be_signed(world: World) -> None:
    done = world.run(inputs="dist")
    assert (done.code, done.said("error")) == (1, [f"❌ input {world.dist} does not look like a file"])


def test_a_job_without_an_id_token(rig: Rig, tmp_path: Path) -> None:
    done = World(rig=rig, root=tmp_path, id_token=False).run(inputs="dist/*")
    assert done.code == 1
    assert "ACTIONS_ID_TOKEN_REQUEST_TOKEN" in done.log
    assert "❌ sigstore-python failed to sign package" in done.summary


def test_what_is_signed_already_is_not_signed_again(world: World) -> None:
    assert world.run(inputs=f"dist/{WHEEL}").code == 0
    done = world.run(inputs=f"dist/{WHEEL}")
    assert done.code != 0
    assert "Refusing to overwrite outputs without --overwrite" in done.log
