"""Releases of other kinds than an application with trusted publishing and two jobs."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.indexes import indexes
from tests.release.driving import WORKFLOW, Repository

pytestmark = pytest.mark.local

LIBRARY = (('\n[project.scripts]\ntinytool = "tinytool:main"\n', ""),)
NO_SCRIPTS = (('PROJECT["scripts"]', 'PROJECT.get("scripts", {})'),)
NO_SDIST = (("    build_sdist(sys.argv[1])\n", ""),)
NO_WHEEL = (("    build_wheel(sys.argv[1])\n", ""),)
HAND_OVER = """\
      - uses: actions/upload-artifact@v4
        with:
          name: dist
          path: dist/
  publish:
    needs: build
    if: github.event_name == 'push' || !inputs.test_pypi
    runs-on: ubuntu-latest
    environment: pypi
    permissions:
      id-token: write
    steps:
      - uses: actions/download-artifact@v4
        with:
          name: dist
          path: dist/
"""


def attempts(summary: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(item["tool"], item["dist"], item["ok"]) for item in summary["installed"]]


def test_a_library_on_testpypi(tiny: Repository) -> None:
    tiny.edit("pyproject.toml", *LIBRARY)
    tiny.edit("backend.py", *NO_SCRIPTS, *NO_SDIST)
    url = f"https://{indexes()['testpypi'].upload_host}/legacy/"
    tiny.edit(WORKFLOW, ("release/v1", f"release/v1\n        with:\n          repository-url: {url}"))
    done = tiny.rehearse("--offline")
    assert (done.code, done.verdict) == (0, "go"), done.summary["findings"]
    (release,) = done.summary["published"]
    assert (release["index"], release["version"]) == ("testpypi", "0.1.0")
    assert attempts(done.summary) == [("pip", "wheel", True)], "pipx is for applications"
    assert "published to the local TestPyPI" in done.summary["reason"]
    hosts = {request["host"] for request in done.requests if request["path"].startswith("/packages/")}
    assert hosts == {indexes()["testpypi"].files_host}
    told = [event["message"] for event in done.events if event["type"] == "notice"]
    assert any("local/repository stands in" in message for message in told)


def test_a_package_that_does_not_start(tiny: Repository) -> None:
    tiny.edit("tinytool.py", ('"""Says hello."""', '"""Says hello."""\n\nimport missing_module'))
    tiny.edit("backend.py", *NO_WHEEL)
    done = tiny.rehearse("--offline")
    assert (done.code, list(done.findings)) == (1, ["missing-wheel", "install-failed"])
    assert "pip (sdist) and pipx (sdist): ModuleNotFoundError" in done.findings["install-failed"]
    assert "missing_module" in done.findings["install-failed"]
    assert attempts(done.summary) == [("pip", "sdist", False), ("pipx", "sdist", False)]


def test_a_token_instead_of_a_publisher_in_the_job_that_builds(tiny: Repository) -> None:
    tiny.edit("pyproject.toml", *LIBRARY)
    tiny.edit("backend.py", *NO_SCRIPTS, *NO_SDIST)
    password = "release/v1\n        with:\n          password: ${{ secrets.UPLOAD_TOKEN }}"
    tiny.edit(WORKFLOW, (HAND_OVER, ""), ("release/v1", password))
    tiny.write(".secrets", "UPLOAD_TOKEN=pypi-AgEIthe-real-token\n")
    done = tiny.rehearse("--offline", "--tag", "v0.2.0")
    assert [release["version"] for release in done.summary["published"]] == ["0.1.0"], "a local token was taken"
    assert (done.code, list(done.findings)) == (1, ["version-mismatch", "missing-sdist"])
    assert done.summary["findings"][0]["where"] == "pyproject.toml:8:11"
    for file in done.folder.rglob("*"):
        assert not file.is_file() or b"the-real-token" not in file.read_bytes(), file


def test_two_projects_in_one_artifact(tiny: Repository) -> None:
    tiny.edit("pyproject.toml", *LIBRARY)
    tiny.edit("backend.py", *NO_SCRIPTS, *NO_SDIST)
    both = (
        "|\n          python backend.py dist\n"
        '          sed -i "s/tinytool/other-tool/; s/0.1.0/0.2.0/" pyproject.toml\n          sed -i '
        "'s/^BASE = .*/BASE = \"other_tool-0.2.0\"/' backend.py\n          python backend.py dist"
    )
    tiny.edit(WORKFLOW, ("python backend.py dist", both), ("['v*']", "['*']"))
    done = tiny.rehearse("--offline", "--tag", "other-tool-v0.2.0")
    assert (done.code, done.verdict) == (0, "go"), done.summary["findings"]
    found = [(release["project"], release["version"]) for release in done.summary["published"]]
    assert sorted(found) == [("other-tool", "0.2.0"), ("tinytool", "0.1.0")]
    planned = [event["name"] for event in done.events if event["type"] == "job-planned" and event["own"]]
    assert planned == ["install check of other-tool", "install check of tinytool"]


def test_a_prerelease_starts_what_is_published(tiny: Repository) -> None:
    tiny.edit(WORKFLOW, ("  push:\n    tags: ['v*']\n", "  release:\n    types: [published]\n"))
    done = tiny.rehearse("--event", "release", "--prerelease", "--tag", "v0.2.0")
    assert list(done.findings) == ["version-mismatch"], "it started, and ended before publishing"
    other = tiny.rehearse("--offline", "--event", "push", "--tag", "v0.1.0")
    assert "Rehearse what starts it: the release of tag v0.1.0." in other.findings["nothing-starts"]
    (found,) = (each for each in other.summary["findings"] if each["code"] == "nothing-starts")
    assert [(each["do"], each["of"]) for each in found["remedies"]] == [
        ("rehearse", ""),
        ("choose-event", "release"),
        ("choose-tag", "v0.1.0"),
    ]


def test_the_release_is_rehearsed_where_the_push_would_publish_nothing(tiny: Repository) -> None:
    tiny.edit(WORKFLOW, ("  push:\n    tags: ['v*']\n", "  release:\n    types: [published]\n"))
    done = tiny.rehearse("--tag", "v0.2.0")
    assert list(done.findings) == ["version-mismatch"], "it started, and ended before publishing"
    (started,) = (event for event in done.events if event["type"] == "run-started")
    assert started["event"] == "release"


def test_jobs_that_publish_nothing_are_not_run_where_another_event_publishes(tiny: Repository) -> None:
    tiny.edit(WORKFLOW, ("  push:\n    tags: ['v*']\n", ""))
    tests = "on: push\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: 'exit 1'}]}}\n"
    tiny.write(WORKFLOW.with_name("tests.yml"), tests)
    done = tiny.rehearse("--tag", "v0.1.0")
    assert (done.code, done.summary["verdict"], done.conclusions) == (0, "nothing-published", {})
    assert list(done.findings) == ["publishing-not-started"]


@pytest.mark.local
def test_two_workflows_may_upload_artifacts_of_one_name(tiny: Repository) -> None:
    workflow = tiny.root / WORKFLOW
    text = workflow.read_text()
    build = text[: text.index("  publish:")]
    (workflow.parent / "other.yml").write_text(build.replace("name: Publish", "name: Other"))
    done = tiny.rehearse("--all")
    assert done.conclusions == {
        "other/build": "success",
        "pypi/build": "success",
        "pypi/publish": "success",
    }, done.summary["findings"]
    assert sorted(item["name"] for item in done.summary["artifacts"]) == ["dist", "dist"]
