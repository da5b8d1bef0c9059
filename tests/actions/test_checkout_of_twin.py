"""checkout from GitHub's stand-in: one table for the built-in and, where there is a clone, the action's own code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from simulator.engines.nodes import find_nodes, serving
from simulator.run_events import FindingRaised, RefChanged
from simulator.twins.github_api.facts import RepositoryFacts
from tests.actions.clones import real_action
from tests.actions.driving import Driver, Outcome, job_environment
from tests.git import git
from tests.twins.driving import WRITER, Rig, Start

ACTION = "actions/checkout"
VERSIONS = {"v4": 20, "v5": 24, "v6": 24, "v7": 24}  # and the Node that each names
KEPT = ("v6", "v7")  # they fetch the tag itself; older ones its commit under the tag's name
pytestmark = pytest.mark.clients


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """An implementation of the action."""

    kind: str
    version: str
    root: Path

    def run(self, driver: Driver, inputs: Mapping[str, str]) -> Outcome:
        if self.kind == "builtin":
            return driver.run(f"{ACTION}@{self.version}", inputs)
        folder = real_action(ACTION, self.version, self.root / "real")
        node = serving(VERSIONS[self.version], find_nodes()) or serving(20, find_nodes())
        if node is None:
            pytest.skip("there is no Node")
        declared = yaml.safe_load((folder / "action.yml").read_text())["inputs"]
        values = {name: str(each.get("default") or "") for name, each in declared.items()}
        values = {name: "" if "${{" in value else value.replace("True", "true") for name, value in values.items()}
        values |= {"repository": "octo/demo", "token": "ghs_job", **inputs}
        variables = {f"INPUT_{name.upper()}": value for name, value in values.items()}
        return driver.program([str(node.executable), str(folder / "dist/index.js")], variables)

    @property
    def keeps_tags(self) -> bool:
        return self.version in KEPT


@pytest.fixture(params=["builtin-v4", "builtin-v7", *(f"real-{version}" for version in VERSIONS)])
def checkout(request: pytest.FixtureRequest, tmp_path: Path) -> Checkout:
    kind, _, version = str(request.param).partition("-")
    if kind == "real":
        real_action(ACTION, version, tmp_path / "real")
    return Checkout(kind=kind, version=version, root=tmp_path)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A step and what the workspace then holds; `refs` are the event's, `described` is what git says of the commit."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    event: str = "refs/tags/v0.1.0"
    head: str = "v0.1.0^{commit}"
    depth: int
    tags: str = ""
    branch: str = ""
    described: str = ""


CASES = {
    "one commit of the pushed tag": Case(depth=1, tags="v0.1.0", described="v0.1.0"),
    "two commits": Case(inputs={"fetch-depth": "2"}, depth=2, tags="v0.1.0", described="v0.1.0"),
    "everything": Case(inputs={"fetch-depth": "0"}, depth=3, tags="v0.0.1 v0.1.0", described="v0.1.0"),
    "a light tag": Case(event="refs/tags/v0.0.1", head="v0.0.1", depth=1, tags="v0.0.1", described="v0.0.1"),
    "a branch": Case(event="refs/heads/main", head="main", depth=1, branch="main"),
    "a branch with its tags": Case(
        inputs={"fetch-tags": "true"}, event="refs/heads/main", head="main", depth=1, branch="main", tags="*v0.1.0"
    ),
    "a branch and its history": Case(
        inputs={"fetch-depth": "0"},
        event="refs/heads/main",
        head="main",
        depth=3,
        branch="main",
        tags="v0.0.1 v0.1.0",
        described="v0.1.0",
    ),
    "a given tag": Case(inputs={"ref": "v0.0.1"}, head="v0.0.1", depth=1, tags="v0.0.1", described="v0.0.1"),
    "a given branch": Case(inputs={"ref": "main"}, head="main", depth=1, branch="main"),
    "a given commit": Case(inputs={"ref": "<v0.0.1~1>"}, head="v0.0.1~1", depth=1),
    "without blobs": Case(inputs={"filter": "blob:none", "fetch-depth": "0"}, depth=3, tags="*v0.1.0"),
    "only some folders": Case(inputs={"sparse-checkout": "src"}, depth=1, tags="*v0.1.0"),
    "a folder of the workspace": Case(inputs={"path": "sub/demo"}, depth=1, tags="v0.1.0"),
    "no credentials left": Case(inputs={"persist-credentials": "false"}, depth=1, tags="v0.1.0"),
}


def job(rig: Rig, root: Path, ref: str, commit: str, *, permissions: Mapping[str, str] = WRITER) -> Driver:
    environment = job_environment(rig.job("job", permissions=permissions))
    event = root / "event.json"
    event.write_text("{}")
    more = {"GITHUB_REF": ref, "GITHUB_SHA": commit, "GITHUB_EVENT_PATH": str(event), "GITHUB_ACTOR": "ada"}
    return Driver(root=root / "driven", base={**environment, **more})


def at(rig: Rig, name: str) -> str:
    return git("rev-parse", name, cwd=rig.settings.clone)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_the_workspace_holds(rig: Rig, tmp_path: Path, checkout: Checkout, case: Case) -> None:
    driver = job(rig, tmp_path, case.event, at(rig, f"{case.event}^{{commit}}"))
    ref = case.inputs.get("ref", "")
    given = {**case.inputs, "ref": at(rig, ref.strip("<>"))} if ref.startswith("<") else case.inputs
    done = checkout.run(driver, given)
    assert done.code == 0, done.log
    folder = driver.workspace / case.inputs.get("path", "")
    assert git("rev-parse", "HEAD", cwd=folder) == at(rig, case.head)
    assert git("rev-list", "--count", "HEAD", cwd=folder) == str(case.depth)
    assert git("branch", "--show-current", cwd=folder) == case.branch
    tags = " ".join(git("tag", "--list", cwd=folder).split())
    assert tags == case.tags or (case.tags.startswith("*") and case.tags[1:] in tags.split())
    if case.described:
        assert git("describe", "--tags", cwd=folder) == case.described


def test_an_annotated_tag_is_kept_since_v6(rig: Rig, tmp_path: Path, checkout: Checkout) -> None:
    driver = job(rig, tmp_path, "refs/tags/v0.1.0", at(rig, "v0.1.0^{commit}"))
    assert checkout.run(driver, {}).code == 0
    kind = git("cat-file", "-t", "v0.1.0", cwd=driver.workspace)
    assert kind == ("tag" if checkout.keeps_tags else "commit")


def test_a_push_with_the_credentials_that_stay(rig: Rig, tmp_path: Path, checkout: Checkout) -> None:
    driver = job(rig, tmp_path, "refs/heads/main", at(rig, "main"))
    assert checkout.run(driver, {}).code == 0
    pushed = push(driver, "HEAD:refs/tags/moved")
    assert pushed.returncode == 0, pushed.stderr
    assert [event.ref for event in rig.seen(RefChanged)] == ["refs/tags/moved"]


def test_a_push_that_the_permissions_forbid(rig: Rig, tmp_path: Path) -> None:
    driver = job(rig, tmp_path, "refs/heads/main", at(rig, "main"), permissions={"contents": "read"})
    assert driver.run(f"{ACTION}@v4").code == 0
    pushed = push(driver, "HEAD:refs/tags/moved")
    assert pushed.returncode == 128
    assert "remote: Permission to octo/demo.git denied to github-actions[bot]." in pushed.stderr
    assert "The requested URL returned error: 403" in pushed.stderr
    assert rig.seen(RefChanged) == []
    assert {event.finding.code for event in rig.seen(FindingRaised)} == {"token-permission"}


def test_a_private_repository_that_the_token_may_not_read(start: Start, tmp_path: Path) -> None:
    rig = start(facts=RepositoryFacts(visibility="private"))
    driver = job(rig, tmp_path, "refs/heads/main", at(rig, "main"), permissions={"id-token": "write"})
    done = driver.run(f"{ACTION}@v4")
    assert (done.code, "Repository not found." in done.log) == (1, True), done.log


def test_a_private_repository_that_the_token_may_read(start: Start, tmp_path: Path) -> None:
    rig = start(facts=RepositoryFacts(visibility="private"))
    driver = job(rig, tmp_path, "refs/heads/main", at(rig, "main"), permissions={"contents": "read"})
    assert driver.run(f"{ACTION}@v4").code == 0


def push(driver: Driver, what: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "push", "-q", "origin", what],
        cwd=driver.workspace,
        env={**driver.base, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.network
@pytest.mark.parametrize(("depth", "version"), [("1", "0.1.dev1"), ("0", "0.1.1.dev1")])
def test_setuptools_scm_sees_what_it_sees_on_github(rig: Rig, tmp_path: Path, depth: str, version: str) -> None:
    """One commit past the tag: with one commit fetched there is no tag to count from."""
    work = tmp_path / "author"
    git("clone", "-q", str(rig.settings.clone), str(work), cwd=tmp_path)
    git("commit", "-q", "--allow-empty", "-m", "later", cwd=work)
    git("push", "-q", "origin", "HEAD:main", cwd=work)
    driver = job(rig, tmp_path, "refs/heads/main", at(rig, "main"))
    assert driver.run(f"{ACTION}@v4", {"fetch-depth": depth}).code == 0
    where = tmp_path / "scm"
    installed = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--target", str(where), "setuptools-scm==8.*", "setuptools"],
        capture_output=True,
        check=False,
    )
    if installed.returncode:
        pytest.skip("setuptools-scm cannot be installed")
    done = subprocess.run(
        [sys.executable, "-m", "setuptools_scm", "--root", str(driver.workspace)],
        env={**driver.base, "PYTHONPATH": str(where)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip().partition("+")[0] == version, done.stderr
