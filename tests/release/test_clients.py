"""GitHub's own JavaScript clients in rehearsed workflows, as the repository's own actions."""

from __future__ import annotations

import shutil

from tests.release.driving import WORKFLOW, Repository
from tests.toolkit.install import Toolkit

JOBS = """\
on: {push: {tags: ['v*']}}
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: {id: '${{ fromJSON(steps.up.outputs.result).id }}'}
    steps:
      - uses: actions/checkout@v4
      - id: up
        uses: ./.github/actions/script
        with:
          script: |
            core.exportVariable('SAID', 'by core')
            core.addPath('/opt/said')
            core.saveState('kept', 'state')
            await core.summary.addHeading('A heading', 2).write()
            fs.writeFileSync('a.txt', 'text')
            return await client(4).uploadArtifact('one', ['a.txt'], '.')
          post: core.info(`post has ${core.getState('kept')}`)
      - run: echo "[$SAID] ${PATH%%:*}"
  use:
    needs: build
    runs-on: ubuntu-latest
    permissions: {id-token: write, contents: read}
    steps:
      - uses: actions/checkout@v4
      - uses: ./.github/actions/script
        env: {ID: '${{ needs.build.outputs.id }}'}
        with:
          script: |
            await client(6).downloadArtifact(Number(process.env.ID), {path: 'in'})
            core.info(fs.readFileSync('in/a.txt', 'utf8') + ' arrived')
            const token = await core.getIDToken('me')
            core.info(`a token of ${token.split('.').length} parts`)
            core.info(`the token ${token}`)
      - uses: ./.github/actions/script
        if: '!cancelled()'
        with: {script: "throw new Error('as it should')"}
"""


def add_script_action(repository: Repository, toolkit: Toolkit) -> None:
    """Give a repository the action of the tests."""
    shutil.copytree(toolkit.action("script"), repository.root / ".github/actions/script")


def test_the_toolkit_in_a_rehearsal(tiny_on: Repository, toolkit: Toolkit) -> None:
    add_script_action(tiny_on, toolkit)
    tiny_on.write(WORKFLOW, JOBS)
    done = tiny_on.rehearse("--source", "worktree")
    assert done.conclusions["build"] == "success", done.log("build")
    build, use = done.log("build").splitlines(), done.log("use").splitlines()
    assert "[by core] /opt/said" in build
    assert "post has state" in build
    assert {"text arrived", "a token of 3 parts", "the token ***", "as it should"} <= set(use)
    assert done.conclusions["use"] == "failure"


CACHED = """\
on: {push: {tags: ['v*']}}
jobs:
  fill:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: cache
        uses: actions/cache@v4
        with:
          path: kept
          key: k-${{ hashFiles('pyproject.toml') }}
      - run: |
          echo "hit is [${{ steps.cache.outputs.cache-hit }}]"
          mkdir -p kept; echo text >> kept/a; cat kept/a
  use:
    needs: fill
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: ./.github/actions/script
        with:
          script: core.info(`found ${await cache(6).restoreCache(['kept'], 'k-x', ['k-'])}`)
      - run: cat kept/a
"""


def test_a_cache_is_kept_between_rehearsals(tiny_on: Repository, toolkit: Toolkit) -> None:
    add_script_action(tiny_on, toolkit)
    tiny_on.write(WORKFLOW, CACHED)
    first = tiny_on.rehearse("--source", "worktree")
    assert first.conclusions == {"fill": "success", "use": "success"}, first.log("fill") + first.log("use")
    assert "hit is []" in first.log("fill")
    assert "Cache restored successfully" in first.log("use"), "saved and restored by different clients"
    second = tiny_on.rehearse("--source", "worktree")
    assert "hit is [true]" in second.log("fill")
    assert second.log("use").splitlines().count("text") == 1, "an entry is written once"
    told = [[event["outcome"] for event in run.events if event["type"] == "cache-used"] for run in (first, second)]
    assert told == [["miss", "saved", "hit"], ["hit", "hit"]]
    left = tiny_on.root / ".pysim/cache/uploads/999999999-1-0badb007-a"
    left.mkdir(parents=True)
    assert f"removed folder {left}" in tiny_on.pysim("clean").text
    assert not left.exists()
    tiny_on.pysim("clean", "--cache")
    assert not (tiny_on.root / ".pysim/cache").exists()
