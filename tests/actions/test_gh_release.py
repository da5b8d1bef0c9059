"""softprops/action-gh-release against GitHub's stand-in: the built-in and, where there is a clone, the real one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.engines.nodes import find_nodes, serving
from simulator.run_events import RefChanged, ReleaseChanged
from tests.actions.clones import real_action
from tests.actions.driving import Driver, Outcome, job_environment
from tests.twins.driving import REPOSITORY, WRITER, Job, Rig

ACTION = "softprops/action-gh-release"
API = f"https://api.github.com/repos/{REPOSITORY}"
MAJORS = {"v2": 20, "v3": 24}  # the Node that each version names
TAG = {"GITHUB_REF": "refs/tags/v0.1.0"}
pytestmark = pytest.mark.clients


@dataclass(kw_only=True)
class World:
    """A job that releases, and what is on GitHub's stand-in."""

    rig: Rig
    root: Path
    real: bool
    permissions: Mapping[str, str] = field(default_factory=lambda: WRITER)

    def __post_init__(self) -> None:
        self.job: Job = self.rig.job("job", permissions=self.permissions)
        self.driver = Driver(root=self.root / "driven", base=job_environment(self.job))
        for name in ("a.whl", "b 1.tar.gz", "notes.md", ".hidden"):
            path = self.driver.workspace / "dist" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"content of {name}")

    def run(self, inputs: Mapping[str, str], *, env: Mapping[str, str] = TAG, version: str = "v3") -> Outcome:
        if not self.real:
            return self.driver.run(f"{ACTION}@{version}", inputs, env)
        node = serving(MAJORS[version], find_nodes()) if version in MAJORS else None
        if node is None:
            pytest.skip(f"no Node runs {version} here: v1 knows no proxy")
        folder = self.root / f"real-{version}"
        if not folder.exists():
            real_action(ACTION, version, folder)
        declared = yaml.safe_load((folder / "action.yml").read_text())["inputs"]
        values = {name: str(each.get("default") or "") for name, each in declared.items()}
        values = {name: "ghs_job" if "github.token" in value else value for name, value in values.items()} | dict(
            inputs
        )
        variables = {f"INPUT_{name.upper()}": value for name, value in values.items()}
        return self.driver.program([str(node.executable), str(folder / "dist/index.js")], {**variables, **env})

    def ask(self, path: str) -> Any:
        return self.job.http.get(f"{API}{path}", headers={"authorization": "token ghs_job"}).json()

    def add(self, **fields: object) -> Mapping[str, Any]:
        answer = self.job.http.post(f"{API}/releases", headers={"authorization": "token ghs_job"}, json=fields)
        assert answer.status_code == 201, answer.text
        return answer.json()  # type: ignore[no-any-return]


@pytest.fixture(params=["builtin", "real"])
def world(request: pytest.FixtureRequest, rig: Rig, tmp_path: Path) -> World:
    if request.param == "real":
        real_action(ACTION, "v3", tmp_path / "real-v3")
    return World(rig=rig, root=tmp_path, real=request.param == "real")


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_a_release_of_the_pushed_tag_with_its_files(world: World, version: str) -> None:
    done = world.run({"files": "dist/*.whl\ndist/*.gz", "body": "By hand."}, version=version)
    assert done.code == 0, done.log
    release = world.ask("/releases/tags/v0.1.0")
    assert (release["name"], release["body"], release["draft"]) == ("v0.1.0", "By hand.", False)
    assets = {asset["name"]: asset["label"] for asset in release["assets"]}
    assert assets == {"a.whl": "", "b.1.tar.gz": "" if version == "v1" else "b 1.tar.gz"}
    assert done.outputs["url"] == release["html_url"]
    assert (done.outputs["id"], done.outputs["upload_url"]) == (str(release["id"]), release["upload_url"])
    listed = json.loads(done.outputs["assets"])
    assert {asset["name"] for asset in listed} == set(assets)
    assert not any("uploader" in asset for asset in listed)
    assert "👩‍🏭 Creating new GitHub release for tag v0.1.0..." in done.lines
    assert "⬆️ Uploading a.whl..." in done.lines
    assert f"🎉 Release ready at {release['html_url']}" in done.lines
    last = world.rig.seen(ReleaseChanged)[-1]
    assert (last.draft, len(last.assets)) == (False, 2)


def test_a_draft_stays_one(world: World) -> None:
    done = world.run({"draft": "true", "files": "dist/a.whl"})
    (release,) = world.ask("/releases")
    assert (done.code, release["draft"], len(release["assets"])) == (0, True, 1)


def test_a_prerelease_of_a_tag_that_is_not_there(world: World) -> None:
    sha = world.ask("/commits/main~1")["sha"]
    done = world.run({"tag_name": "v9", "prerelease": "true", "target_commitish": sha, "name": "Nine"}, env={})
    assert done.code == 0, done.log
    release = world.ask("/releases/tags/v9")
    assert (release["prerelease"], release["name"], release["target_commitish"]) == (True, "Nine", sha)
    assert [(event.ref, event.after) for event in world.rig.seen(RefChanged)] == [("refs/tags/v9", sha)]
    assert f'for tag v9 using commit "{sha}"...' in done.log


def test_an_existing_release_is_changed(world: World) -> None:
    known = world.add(tag_name="v0.1.0", name="First", body="Above.")
    done = world.run({"append_body": "true", "body": "Below.", "files": "dist/a.whl"})
    assert done.code == 0, done.log
    release = world.ask("/releases/tags/v0.1.0")
    assert (release["id"], release["name"], release["body"]) == (known["id"], "First", "Above.\nBelow.")
    assert f"Found release First (with id={known['id']})" in done.lines


@pytest.mark.parametrize("overwrite", ["true", "false"])
def test_a_file_that_is_there_already(world: World, overwrite: str) -> None:
    world.run({"files": "dist/a.whl"})
    (world.driver.workspace / "dist/a.whl").write_text("other bytes")
    done = world.run({"files": "dist/a.whl", "overwrite_files": overwrite})
    assert done.code == 0, done.log
    (asset,) = world.ask("/releases/tags/v0.1.0")["assets"]
    assert asset["size"] == len("other bytes" if overwrite == "true" else "content of a.whl")
    said = "♻️ Deleting previously uploaded asset a.whl..."
    kept = "Asset a.whl already exists and overwrite_files is false..."
    assert (said if overwrite == "true" else kept) in done.lines
    assert done.outputs["assets"].count('"name":"a.whl"') == (overwrite == "true")


def test_the_text_from_a_file(world: World) -> None:
    done = world.run({"body": "not this", "body_path": "dist/notes.md"})
    assert (done.code, world.ask("/releases/tags/v0.1.0")["body"]) == (0, "content of notes.md")
    done = world.run({"body": "this", "body_path": "nowhere.md"})
    assert "⚠️ Failed to read body_path \"nowhere.md\" (ENOENT). Falling back to 'body' input." in done.lines
    assert world.ask("/releases/tags/v0.1.0")["body"] == "this"


def test_notes_are_generated(world: World) -> None:
    done = world.run({"generate_release_notes": "true", "body": "First.", "previous_tag": "v0.0.1"})
    assert done.code == 0, done.log
    body = world.ask("/releases/tags/v0.1.0")["body"]
    assert body.startswith("First.\n\n")
    assert body.endswith(f"**Full Changelog**: https://github.com/{REPOSITORY}/compare/v0.0.1...v0.1.0")


def test_patterns(world: World) -> None:
    done = world.run({"files": "dist/{a,b 1}.*, **/.hid*\n\n./dist/n?tes.[lm]d,dist"})
    assert done.code == 0, done.log
    names = {asset["name"] for asset in world.ask("/releases/tags/v0.1.0")["assets"]}
    assert names == {"a.whl", "b.1.tar.gz", "notes.md", "default.hidden"}
    assert "🤔 Pattern 'dist' does not match any files." in done.lines


def test_a_folder_that_patterns_start_from(world: World) -> None:
    done = world.run({"files": "*.whl", "working_directory": "dist"})
    assert (done.code, len(world.ask("/releases/tags/v0.1.0")["assets"])) == (0, 1)


def test_a_pattern_that_matches_nothing(world: World) -> None:
    done = world.run({"files": "dist/*.exe", "fail_on_unmatched_files": "true"})
    assert (done.code, done.said("error")) == (1, ["⚠️  Pattern 'dist/*.exe' does not match any files."])
    assert world.ask("/releases") == []
    done = world.run({"files": "dist/*.exe"})
    assert (done.code, done.outputs["assets"]) == (0, "[]")
    assert "🤔 dist/*.exe does not include a valid file." in done.lines


def test_a_run_without_a_tag(world: World) -> None:
    done = world.run({}, env={"GITHUB_REF": "refs/heads/main"})
    assert (done.code, done.said("error")) == (1, ["⚠️ GitHub Releases requires a tag"])


def test_which_release_is_the_latest(world: World) -> None:
    world.add(tag_name="v0.0.1")
    assert world.run({"make_latest": "false"}).code == 0
    assert world.ask("/releases/latest")["tag_name"] == "v0.0.1"
    assert world.run({"tag_name": "v2", "make_latest": "true"}).code == 0
    assert world.ask("/releases/latest")["tag_name"] == "v2"


@pytest.mark.parametrize("kind", ["builtin", "real"])
def test_a_job_that_may_not_write(rig: Rig, tmp_path: Path, kind: str) -> None:
    world = World(rig=rig, root=tmp_path, real=kind == "real", permissions={"contents": "read"})
    done = world.run({})
    assert done.code == 1
    assert done.said("error") == [
        "Resource not accessible by integration - https://docs.github.com/rest/releases/releases#create-a-release"
    ]
    assert "⚠️ GitHub release failed with status: 403" in done.lines
    reason = "your GitHub token/PAT does not have the required permission to create a release"
    assert f"Skip retry — {reason}" in done.lines


def test_a_token_that_is_nobodys(world: World) -> None:
    done = world.run({"token": "ghp_x"})
    assert done.code == 1
    assert done.said("error")[0].startswith("Bad credentials - https://docs.github.com/rest")


def test_another_repository_is_not_written_to(world: World) -> None:
    done = world.run({"repository": "other/one"})
    assert done.code == 1
    assert world.rig.seen(ReleaseChanged) == []


def test_no_token(world: World) -> None:
    done = world.run({"token": ""})
    assert (done.code, done.said("error")) == (1, ["Parameter token or opts.auth is required"])
