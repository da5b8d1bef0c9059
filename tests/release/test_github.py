"""What a release changes on GitHub: a release with its files, tags and branches, by the token of the job."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.git import git
from tests.release.driving import WORKFLOW, Repository

pytestmark = pytest.mark.local

RELEASE = """\
  release:
    needs: publish
    runs-on: ubuntu-latest
    permissions:
      contents: write
    steps:
      - uses: actions/download-artifact@v4
        with:
          name: dist
          path: dist/
      - uses: softprops/action-gh-release@v2
        id: release
        with:
          files: dist/*
          generate_release_notes: true
      - run: |
          echo "at ${{ steps.release.outputs.url }}"
          curl -fsS -H "Authorization: Bearer $TOKEN" "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/releases/latest"
        env:
          TOKEN: ${{ github.token }}
"""


def test_a_release_with_the_published_files(tiny: Repository) -> None:
    workflow = tiny.root / WORKFLOW
    workflow.write_text(workflow.read_text().rstrip() + "\n" + RELEASE)
    done = tiny.rehearse("--offline")
    assert (done.code, done.verdict) == (0, "go"), done.log("release")
    (release,) = done.summary["github"]["releases"]
    assert (release["tag"], release["change"], release["draft"], release["latest"]) == (
        "v0.1.0",
        "created",
        False,
        True,
    )
    published = {file["filename"]: f"sha256:{file['sha256']}" for file in done.summary["published"][0]["files"]}
    assert {asset["name"]: asset["digest"] for asset in release["assets"]} == published
    assert done.summary["github"]["refs"] == [], "the tag was there"
    assert '"tag_name":"v0.1.0"' in done.log("release")


def test_a_release_without_the_permission(tiny: Repository) -> None:
    workflow = tiny.root / WORKFLOW
    workflow.write_text(workflow.read_text().rstrip() + "\n" + RELEASE.replace("contents: write", "contents: read"))
    done = tiny.rehearse("--offline", "--accept", "missing-contents-write")
    assert (done.code, done.conclusions["release"]) == (1, "failure")
    assert "Resource not accessible by integration" in done.log("release")
    assert "`permissions: contents: write`" in done.findings["token-permission"]
    assert done.summary["github"]["releases"] == []


def test_a_repository_that_gives_its_jobs_more(tiny: Repository) -> None:
    workflow = tiny.root / WORKFLOW
    silent = RELEASE.replace("    permissions:\n      contents: write\n", "")
    workflow.write_text(workflow.read_text().rstrip() + "\n" + silent)
    tiny.write("pysim.toml", '[repository]\nworkflow-permissions = "write"\n')
    done = tiny.rehearse("--offline")
    assert (done.conclusions["release"], len(done.summary["github"]["releases"])) == ("success", 1)


def test_a_repository_whose_setting_is_not_known(tiny: Repository) -> None:
    workflow = tiny.root / WORKFLOW
    silent = RELEASE.replace("    permissions:\n      contents: write\n", "")
    workflow.write_text(workflow.read_text().rstrip() + "\n" + silent)
    done = tiny.rehearse("--offline")
    assert (done.conclusions["release"], len(done.summary["github"]["releases"])) == ("success", 1)
    assert "Settings > Actions > General > Workflow permissions" in done.findings["token-permission"]


def test_the_release_of_a_release_event_is_there(tiny: Repository) -> None:
    workflow = tiny.root / WORKFLOW
    text = workflow.read_text()
    start = text[: text.index("jobs:")]
    workflow.write_text(
        "name: files\non:\n  release:\n    types: [published]\n" + text[len(start) :].rstrip() + "\n" + RELEASE
    )
    done = tiny.rehearse("--offline", "--event", "release", "--tag", "v0.1.0")
    assert done.conclusions["release"] == "success", done.log("release")
    (release,) = done.summary["github"]["releases"]
    assert (release["change"], len(release["assets"]) > 0) == ("edited", True)
    assert "Found release v0.1.0 (with id=" in done.log("release")


PUSH = """\
  move:
    needs: publish
    runs-on: ubuntu-latest
    permissions:
      contents: write
    steps:
      - uses: actions/checkout@v4
      - run: |
          git tag v0
          git push origin v0
          git push origin HEAD:refs/heads/released
"""


def test_tags_and_branches_that_a_job_pushes(tiny: Repository) -> None:
    workflow = tiny.root / WORKFLOW
    workflow.write_text(workflow.read_text().rstrip() + "\n" + PUSH)
    done = tiny.rehearse("--offline")
    assert (done.code, done.conclusions["move"]) == (0, "success"), done.log("move")
    refs = {change["ref"]: (change["before"], change["by"]) for change in done.summary["github"]["refs"]}
    assert refs == {"refs/tags/v0": (None, "push"), "refs/heads/released": (None, "push")}


def test_a_push_without_the_permission(tiny: Repository) -> None:
    workflow = tiny.root / WORKFLOW
    workflow.write_text(workflow.read_text().rstrip() + "\n" + PUSH.replace("contents: write", "contents: read"))
    done = tiny.rehearse("--offline", "--accept", "missing-contents-write")
    assert done.conclusions["move"] == "failure"
    assert ".git denied to github-actions[bot]." in done.log("move")
    assert "token-permission" in done.findings


def test_submodules_of_an_offline_run(tiny: Repository, tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.mkdir()
    (part / "inside.txt").write_text("from the submodule\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "part"]):
        git(*words, cwd=part)
    workflow = tiny.root / WORKFLOW
    submodules = "    steps:\n      - uses: actions/checkout@v4\n        with: {submodules: true}\n"
    job = (
        "  look:\n    needs: publish\n    runs-on: ubuntu-latest\n" + submodules + "      - run: cat part/inside.txt\n"
    )
    workflow.write_text(workflow.read_text().rstrip() + "\n" + job)
    git("init", "-q", cwd=tiny.root)
    git("remote", "add", "origin", "https://github.com/octo/tiny", cwd=tiny.root)
    git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(part), "part", cwd=tiny.root)
    git("config", "-f", ".gitmodules", "submodule.part.url", "../part", cwd=tiny.root)
    git("add", "--all", cwd=tiny.root)
    git("commit", "-q", "-m", "all", cwd=tiny.root)
    done = tiny.rehearse("--offline")
    assert (done.code, done.verdict) == (0, "go"), done.log("look")
    assert "from the submodule" in done.log("look")
    notices = [event["message"] for event in done.events if event["type"] == "notice"]
    assert any("octo/part is read from this repository's copy" in message for message in notices)
