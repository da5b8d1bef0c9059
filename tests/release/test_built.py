"""Built files are judged before they are published; one cause is one finding, whatever happens afterwards."""

from __future__ import annotations

import pytest

from tests.release.driving import WORKFLOW, Repository

REVIEWED = """
[environments.pypi]
tags = ["v*"]
reviewers = ["ada"]
"""


def severities(summary: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {item["code"]: item["severity"] for item in summary["findings"]}


@pytest.mark.local
def test_what_pypi_refuses_by_itself_runs_into_it_and_is_one_finding(tiny: Repository) -> None:
    tiny.edit("pyproject.toml", ('version = "0.1.0"', 'version = "0.1.0+local.1"'))
    done = tiny.rehearse()
    assert (done.code, list(done.findings)) == (1, ["local-version"])
    (finding,) = done.summary["findings"]
    assert finding["where"] == "pyproject.toml:8:11"
    assert done.conclusions["publish"] == "failure"
    (refused,) = [event for event in done.events if event["type"] == "file-uploaded"]
    assert (refused["status"], refused["message"].partition(" in ")[0]) == (400, "The use of local versions")


@pytest.mark.local
def test_files_are_judged_while_a_review_is_waited_for(tiny: Repository) -> None:
    tiny.write("pysim.toml", REVIEWED)
    tiny.edit("backend.py", ("Description-Content-Type", "Classifier: Foo :: Bar\nDescription-Content-Type"))
    tiny.edit("README.md", ("# tinytool", "# tinytool\n\n![it](picture.png)"))
    done = tiny.rehearse()
    assert severities(done.summary) == {
        "deployment-waiting": "warning",
        "readme-links": "warning",
        "upload-refused": "error",
    }
    assert "'Foo :: Bar' is not a valid classifier" in done.findings["upload-refused"]
    assert (done.code, done.conclusions["publish"]) == (1, "skipped")


@pytest.mark.local
def test_a_command_without_its_module_is_one_finding(tiny: Repository) -> None:
    tiny.edit("pyproject.toml", ('"tinytool:main"', '"tinytool_cli:main"'))
    done = tiny.rehearse()
    assert (done.code, list(done.findings)) == (1, ["entry-point"])
    assert done.conclusions["publish"] == "success"


@pytest.mark.local
def test_what_is_built_where_it_is_published_is_judged_too(tiny: Repository) -> None:
    text = (tiny.root / WORKFLOW).read_text()
    head, build = text.split("jobs:\n")[0], text.split("    steps:\n")[1].partition("      - uses: actions/upload")[0]
    job, publish = text.split("  publish:\n    needs: build\n")[1].split("    steps:\n")
    upload = "      - uses: pypa" + publish.partition("      - uses: pypa")[2]
    tiny.write(WORKFLOW, f"{head}jobs:\n  publish:\n{job}    steps:\n{build}{upload}")
    tiny.edit("backend.py", ('Requires-Python: {PROJECT["requires-python"]}', "Platform: any"))
    done = tiny.rehearse("--tag", "v0.2.0")
    assert severities(done.summary) == {"version-mismatch": "error", "no-requires-python": "warning"}
    assert (done.code, done.conclusions) == (1, {"publish": "success"})


@pytest.mark.local
def test_the_step_that_changed_a_tracked_file_is_named_where_the_version_comes_from_git(tiny: Repository) -> None:
    """The build makes the version as setuptools-scm does."""
    tiny.edit("pyproject.toml", ('version = "0.1.0"', 'dynamic = ["version"]'))
    version = 'PROJECT["version"] = "0.1.1.dev0+gabc1234.d20260102" if CHANGED else "0.1.0"'
    tiny.edit("backend.py", ("BASE =", f'CHANGED = os.system("git diff --quiet HEAD")\n{version}\nBASE ='))
    tiny.edit("backend.py", ("import io\n", "import io\nimport os\n"))
    assert tiny.rehearse().code == 0
    tiny.edit(
        WORKFLOW, ("      - run: python backend.py", "      - run: echo >> README.md\n      - run: python backend.py")
    )
    done = tiny.rehearse()
    (finding,) = done.summary["findings"]
    assert (finding["code"], finding["where"]) == ("version-mismatch", f"{WORKFLOW}:18:9")
    assert "the tag, and README.md, which Run echo >> README.md changed" in finding["message"]
    assert "git checkout -- README.md" in finding["hint"]


NOTHING_BUILT = """
on: {push: {tags: ["v*"]}}
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions: {id-token: write}
    steps:
      - STEP
"""


@pytest.mark.local
def test_nothing_to_upload_is_no_matter_of_the_publisher(tiny: Repository) -> None:
    for name in ("pyproject.toml", "pysim.toml"):
        (tiny.root / name).unlink()
    tiny.write(WORKFLOW, NOTHING_BUILT.replace("STEP", "uses: pypa/gh-action-pypi-publish@release/v1"))
    done = tiny.rehearse()
    assert (done.code, list(done.findings)) == (1, ["nothing-to-upload"])


@pytest.mark.local
def test_a_broken_file_is_no_matter_of_the_publisher(tiny: Repository) -> None:
    for name in ("pyproject.toml", "pysim.toml"):
        (tiny.root / name).unlink()
    step = "run: mkdir dist && echo broken > dist/other-1.0-py3-none-any.whl"
    publish = "      - uses: pypa/gh-action-pypi-publish@release/v1\n"
    tiny.write(WORKFLOW, NOTHING_BUILT.replace("STEP", step) + publish)
    done = tiny.rehearse()
    assert (done.code, list(done.findings)) == (1, ["step-failed"])


@pytest.mark.local
def test_a_job_whose_id_token_is_for_something_else_publishes_nothing(tiny: Repository) -> None:
    tiny.write(WORKFLOW, NOTHING_BUILT.replace("STEP", "run: echo deployed"))
    done = tiny.rehearse()
    assert (done.code, done.summary["verdict"]) == (0, "nothing-published")
