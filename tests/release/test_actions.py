"""The code of actions' repositories in rehearsed workflows: small ones of our own, and GitHub's where clones are."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from simulator.actions.errors import UnknownActionError
from simulator.actions.repositories import Repositories, parse_local_repository
from simulator.engines.docker_engine import DockerEngine
from tests.actions.git_server import AUTHOR
from tests.git import run_git as git
from tests.release.driving import PROJECT, TINY, WORKFLOW, MakeRepository, Repository

# ---- small ones

SHOW = """\
const fs = require('fs'), path = require('path')
const part = path.basename(__filename, '.js'), env = process.env
const say = (name, value) => console.log(`${part} ${env['INPUT_WHO-IS']} ${name}=${value}`)
say('node', process.execPath.replace(/.*externals./, ''))
say('path', __dirname.replace(/.*_actions./, ''))
say('repository', `${env.GITHUB_ACTION_REPOSITORY}@${env.GITHUB_ACTION_REF}`)
say('state', env.STATE_seen)
say('services', Boolean(env.ACTIONS_RUNTIME_TOKEN && env.ACTIONS_RESULTS_URL))
fs.appendFileSync(env.GITHUB_STATE, `seen=${part}\\n`)
if (part === 'main') fs.appendFileSync(env.GITHUB_OUTPUT, `said=hello ${env['INPUT_WHO-IS']}\\n`)
if (env.INPUT_FAIL === part) { console.log('::error::as it should'); process.exitCode = 1 }
"""
ACTION = """\
name: Show
inputs: {who-is: {default: nobody}, fail: {}}
outputs: {said: {description: a greeting}}
runs: {using: node20, pre: dist/pre.js, main: dist/main.js, post: dist/post.js, post-if: "true"}
"""
OUTER = """\
name: Outer
inputs: {name: {required: true}}
outputs: {said: {value: '${{ steps.inner.outputs.said }}'}}
runs:
  using: composite
  steps:
    - id: inner
      uses: octo/show/sub/folder@v1
      with: {who-is: '${{ inputs.name }}'}
    - run: echo "[${{ github.action_ref }}] [$REF] $GITHUB_ACTION_PATH"; cat "$GITHUB_ACTION_PATH/data.txt"
      shell: bash
      env: {REF: '${{ github.action_ref }}'}
    - uses: ./made
"""
JOBS = """\
on: {push: {tags: ['v*']}}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: |
          mkdir made
          echo 'runs: {using: composite, steps: [{run: echo made just now, shell: bash}]}' > made/action.yml
      - id: outer
        uses: octo/outer@main
        with: {name: me}
      - run: echo "got ${{ steps.outer.outputs.said }}"
      - uses: octo/show/sub/folder@v1
        with: {fail: main}
"""


def clone(folder: Path, name: str, files: dict[str, str], tag: str | None = None) -> Path:
    """A clone of a repository with one commit."""
    root = folder / name
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    git("init", "--quiet", "--initial-branch=main", root, cwd=folder)
    git("add", ".", cwd=root)
    git("commit", "--quiet", "-m", "all", cwd=root, env=AUTHOR)
    if tag:
        git("tag", tag, cwd=root)
    return root


@pytest.fixture
def copies(tmp_path: Path) -> list[str]:
    """The options that name the clones of the actions."""
    parts = {f"sub/folder/dist/{part}.js": SHOW for part in ("pre", "main", "post")}
    show = clone(tmp_path, "show", {"sub/folder/action.yml": ACTION, **parts}, tag="v1")
    outer = clone(tmp_path, "outer", {"action.yml": OUTER, "data.txt": "beside the action\n"})
    return [word for path in (show, outer) for word in ("--local-repository", f"octo/{path.name}={path}")]


def test_javascript_and_composite_actions_of_other_repositories(tiny_on: Repository, copies: list[str]) -> None:
    tiny_on.write(WORKFLOW, JOBS)
    done = tiny_on.rehearse("--source", "worktree", "--offline", *copies)
    assert done.conclusions == {"build": "failure"}, done.error
    lines = done.log("build").splitlines()
    said = [line for line in lines if line.startswith(("pre ", "main ", "post "))]
    assert [line for line in said if " state=" in line] == [
        "pre me state=undefined",
        "pre nobody state=undefined",
        "main me state=pre",
        "main nobody state=pre",
        "post nobody state=main",
        "post me state=main",
    ]
    assert {line.split("=", 1)[1] for line in said if " path=" in line} == {"octo/show/v1/sub/folder/dist"}
    assert {line.split("=", 1)[1] for line in said if " repository=" in line} == {"octo/show@v1"}
    assert {line.split("=", 1)[1] for line in said if " services=" in line} == {"true"}
    assert all("/bin/node" in line and "node2" in line for line in said if " node=" in line)
    assert {"beside the action", "made just now", "got hello me", "as it should"} <= set(lines)
    assert any(line.startswith("[] [main] ") and line.endswith("/_actions/octo/outer/main") for line in lines)
    steps = [e["name"] for e in done.events if e["type"] == "step-started"]
    assert steps == [
        "Set up job",
        "Pre Run octo/outer@main",
        "Pre Run octo/show/sub/folder@v1",
        "Run mkdir made",
        "Run octo/outer@main",
        'Run echo "got hello me"',
        "Run octo/show/sub/folder@v1",
        "Post Run octo/show/sub/folder@v1",
        "Post Run octo/outer@main",
        "Complete job",
    ]
    told = {
        e["uses"]: (e["within"], e["builtin"], len(e["commit"])) for e in done.events if e["type"] == "action-resolved"
    }
    assert told == {
        "octo/outer@main": (None, False, 40),
        "octo/show/sub/folder@v1": ("octo/outer@main", False, 40),
    }


GENERATING = """\
name: Publish
inputs: {user: {default: __token__}}
runs:
  using: composite
  steps:
    - id: origin
      shell: bash
      env: {REF: '${{ github.action_ref }}', REPO: '${{ github.action_repository }}'}
      run: |
        echo "ref=$REF" >> "$GITHUB_OUTPUT"
        echo "image=ghcr.io/$REPO:${REF//\\//-}" >> "$GITHUB_OUTPUT"
    - shell: bash -eEuo pipefail {0}
      run: |
        where=.github/.tmp/.generated-actions/run-in-docker-container
        mkdir -p "$where"
        cat > "$where/action.yml" <<END
        name: Generated
        inputs: {user: {required: true}}
        runs:
          using: docker
          image: docker://${{ steps.origin.outputs.image }}
          entrypoint: /bin/sh
          args: [-c, 'echo "in a container as \\$INPUT_USER, of [\\$GITHUB_ACTION_REPOSITORY]"; ls dist']
        END
    - uses: ./.github/.tmp/.generated-actions/run-in-docker-container
      with: {user: '${{ inputs.user }}'}
"""


@pytest.mark.docker
@pytest.mark.usefixtures("require_docker")
def test_an_action_that_writes_another_one_and_uses_it(copy_of: MakeRepository, tmp_path: Path) -> None:
    """As gh-action-pypi-publish does: a Docker action in the workspace whose image has the name of the action's ref."""
    engine = DockerEngine()
    engine.prepare(lambda _: None)
    image = engine.image.partition(" ")[0]
    publish = clone(tmp_path, "publish", {"action.yml": GENERATING})
    git("branch", "release/v1", cwd=publish)
    tiny = copy_of(TINY, "docker")
    tiny.write(
        WORKFLOW,
        "on: push\njobs:\n  publish:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: mkdir dist && touch dist/a.whl\n      - uses: octo/publish@release/v1\n",
    )
    options = ("--local-repository", f"octo/publish={publish}", "--image", f"ghcr.io/octo/publish:release-v1={image}")
    done = tiny.rehearse("--source", "worktree", *options)
    assert done.conclusions == {"publish": "success"}, done.log("publish")
    assert {"in a container as __token__, of []", "a.whl"} <= set(done.log("publish").splitlines())


# ---- GitHub's own

CLONES = os.environ.get("PYSIM_CLONES")  # a pattern: /clones/{owner}/{name}
GITHUBS = {
    "actions/checkout": ("v4", "v5", "v6", "v7"),
    "actions/setup-python": ("v5", "v6", "v7"),
    "actions/cache": ("v4", "v5"),
    "actions/upload-artifact": ("v4", "v7"),
    "actions/download-artifact": ("v4", "v8"),
}
CACHED = """\
      - run: mkdir -p kept && echo text > kept/a
      - uses: actions/cache@v4
        with: {path: kept, key: "k-${{ hashFiles('orchay/pyproject.toml') }}"}
"""


@pytest.mark.docker
@pytest.mark.network
@pytest.mark.skipif(CLONES is None, reason="PYSIM_CLONES names no clones of GitHub's actions")
@pytest.mark.parametrize(
    ("action", "version"), [(action, version) for action, versions in GITHUBS.items() for version in versions]
)
@pytest.mark.usefixtures("require_docker")
def test_githubs_own_code_releases_the_sample(
    copy_of: MakeRepository, tmp_path: Path, action: str, version: str
) -> None:
    assert CLONES is not None
    sample = copy_of(PROJECT / "sample_repo", "docker")
    sample.edit(WORKFLOW, ("      - name: Install build\n", f"{CACHED}      - name: Install build\n"))
    text = (sample.root / WORKFLOW).read_text()
    used = next(line.split("uses: ")[1] for line in text.splitlines() if f"uses: {action}@" in line)
    sample.edit(WORKFLOW, (used, f"{action}@{version}"))
    owner, name = action.split("/")
    path = CLONES.format(owner=owner, name=name)
    try:
        copy = parse_local_repository(f"{action}={path}", Path())
        Repositories(tmp_path / "cache", local=[copy], offline=True).snapshot(owner, name, version)
    except (ValueError, UnknownActionError) as error:
        pytest.skip(f"the clone is not there, or not whole: {error}")
    options = ("--actions", f"{action}=real", "--local-repository", f"{action}={path}")
    done = sample.rehearse("--source", "worktree", *options)
    assert (done.code, done.verdict) == (0, "go"), json.dumps(done.summary["findings"]) + done.log("build")
    (told,) = (e for e in done.events if e["type"] == "action-resolved" and e["uses"] == f"{action}@{version}")
    assert (told["builtin"], told["origin"], len(told["commit"])) == (False, str(Path(path).resolve()), 40)
