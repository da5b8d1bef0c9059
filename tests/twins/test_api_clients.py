"""GitHub's REST API through its own JavaScript client, octokit, and through PyGithub: a release from begin to end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from simulator.run_events import FindingRaised, RefChanged, ReleaseChanged
from tests.git import git
from tests.toolkit.install import Toolkit

from .driving import REPOSITORY, Job, Rig
from .scripts import ScriptError, Scripts, workspace

RUN = {"run_id": "77"}
OCTOKIT = "const rest = github.getOctokit('ghs_publish').rest; const at = {owner: 'octo', repo: 'demo'};"


@pytest.fixture
def scripts(rig: Rig, toolkit: Toolkit) -> Scripts:
    return workspace(rig.job(claims=RUN), toolkit)


def test_octokit_releases(rig: Rig, scripts: Scripts) -> None:
    (scripts.folder / "demo.whl").write_text("wheel")
    done = scripts.run(f"""{OCTOKIT}
        const repos = rest.repos
        const notes = await repos.generateReleaseNotes({{...at, tag_name: 'v1', previous_tag_name: 'v0.0.1'}})
        const {{data: made}} = await repos.createRelease({{...at, tag_name: 'v1', body: notes.data.body, draft: true}})
        const data = fs.readFileSync('demo.whl')
        const up = await repos.uploadReleaseAsset({{...at, release_id: made.id, name: 'demo.whl', label: 'A', data}})
        await repos.updateRelease({{...at, release_id: made.id, draft: false}})
        const byTag = await repos.getReleaseByTag({{...at, tag: 'v1'}})
        const latest = await repos.getLatestRelease(at)
        const headers = {{accept: 'application/octet-stream'}}
        const file = await repos.getReleaseAsset({{...at, asset_id: up.data.id, headers}})
        const every = await github.getOctokit('ghs_publish').paginate(repos.listReleases, {{...at, per_page: 1}})
        return {{
            same: byTag.data.id === latest.data.id, asset: up.data.digest, content: Buffer.from(file.data).toString(),
            count: every.length, body: byTag.data.body, url: byTag.data.html_url,
        }}
    """)
    assert (done["same"], done["count"], done["content"]) == (True, 1, "wheel")
    assert done["url"] == f"https://github.com/{REPOSITORY}/releases/tag/v1"
    assert done["body"].endswith("compare/v0.0.1...v1")
    last = rig.seen(ReleaseChanged)[-1]
    assert ([asset.digest for asset in last.assets], last.draft) == ([done["asset"]], False)
    assert [event.ref for event in rig.seen(RefChanged)] == ["refs/tags/v1"]


def test_octokit_reads_and_moves_refs(rig: Rig, scripts: Scripts) -> None:
    done = scripts.run(f"""{OCTOKIT}
        const {{data: ref}} = await rest.git.getRef({{...at, ref: 'heads/main'}})
        const object = ref.object.sha
        const {{data: tag}} = await rest.git.createTag({{...at, tag: 'v2', message: 'two', object, type: 'commit'}})
        await rest.git.createRef({{...at, ref: 'refs/tags/v2', sha: tag.sha}})
        const {{data: file}} = await rest.repos.getContent({{...at, path: 'file.txt', ref: 'v2'}})
        const raw = await rest.repos.getContent({{...at, path: 'file.txt', mediaType: {{format: 'raw'}}}})
        const {{data: run}} = await rest.actions.getWorkflowRun({{...at, run_id: 77}})
        const {{data: diff}} = await rest.repos.compareCommitsWithBasehead({{...at, basehead: 'v0.0.1...v2'}})
        const query = 'query($o: String!, $n: String!) {{ repository(owner: $o, name: $n) {{ nameWithOwner }} }}'
        const named = await github.getOctokit('ghs_publish').graphql(query, {{o: 'octo', n: 'demo'}})
        return {{
            text: Buffer.from(file.content, 'base64').toString(), raw: raw.data, run: run.id, ahead: diff.ahead_by,
            named: named.repository.nameWithOwner,
        }}
    """)
    assert done == {"text": "2\n", "raw": "2\n", "run": 77, "ahead": 1, "named": REPOSITORY}
    assert git("cat-file", "-t", "v2", cwd=rig.settings.clone) == "tag"


def test_octokit_says_what_is_refused(rig: Rig, toolkit: Toolkit) -> None:
    scripts = workspace(rig.job(permissions={"contents": "read"}), toolkit)
    page = "https://docs.github.com/rest/releases/releases#create-a-release"
    with pytest.raises(ScriptError, match=f"^Resource not accessible by integration - {page}$"):
        scripts.run(f"{OCTOKIT} await rest.repos.createRelease({{...at, tag_name: 'v1'}})")
    with pytest.raises(ScriptError, match=r"^pysim does not stand in for POST .*/issues yet"):
        scripts.run(f"{OCTOKIT} await rest.issues.create({{...at, title: 'x'}})")
    assert [event.finding.code for event in rig.seen(FindingRaised)] == ["token-permission", "github-api-not-rehearsed"]


@pytest.fixture(scope="session")
def pygithub() -> Path:
    """PyGithub, installed once into the cache."""
    folder = user_cache_path("pysim-tests", appauthor=False) / "pygithub-2"
    if not folder.exists():
        command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), "PyGithub==2.*"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("PyGithub cannot be installed")
    return folder


PYGITHUB = """
import sys
from github import Auth, Github, GithubException
repository = Github(auth=Auth.Token("ghs_publish")).get_repo("octo/demo")
release = repository.create_git_release("v1", "One", "text", target_commitish="main", draft=True)
asset = release.upload_asset("demo.whl", label="The wheel")
release.update_release("One", "text", draft=False)
print(repository.get_latest_release().title, asset.name, asset.label, asset.size)
print([tag.name for tag in repository.get_tags()], repository.get_contents("file.txt").decoded_content)
repository.create_git_ref("refs/heads/next", repository.get_branch("main").commit.sha)
print(repository.get_commit("v1").commit.message, repository.compare("v0.0.1", "v1").ahead_by)
try:
    repository.create_git_release("v1", "again", "")
except GithubException as error:
    print(error.status, error.data["errors"][0]["code"])
"""


@pytest.mark.network
def test_pygithub(rig: Rig, pygithub: Path) -> None:
    job: Job = rig.job()
    (job.folder / "demo.whl").write_text("wheel")
    done = job.run(sys.executable, "-c", PYGITHUB, env={"PYTHONPATH": str(pygithub)})
    assert done.stdout.splitlines() == [
        "One demo.whl The wheel 5",
        "['v1', 'v0.1.0', 'v0.0.1'] b'2\\n'",
        "commit 2 1",
        "422 already_exists",
    ], done.stderr
    assert [event.ref for event in rig.seen(RefChanged)] == ["refs/tags/v1", "refs/heads/next"]
