"""What would go wrong with a release is said before it: one finding with its place, the right exit code."""

from __future__ import annotations

import pytest

from tests.release.driving import TINY, WORKFLOW, Repository


def test_a_tag_that_no_pattern_matches(tiny: Repository) -> None:
    done = tiny.rehearse("--tag", "release-1.0")
    assert (done.code, done.verdict) == (1, "no-go")
    assert "v*" in done.findings["nothing-starts"]
    assert done.summary["jobs"] == []
    assert done.summary["engine"] is None


@pytest.mark.local
def test_a_dispatch_that_means_to_publish_nothing(tiny: Repository) -> None:
    done = tiny.rehearse("--event", "workflow_dispatch", "--input", "test_pypi=true")
    assert (done.code, done.verdict) == (0, "nothing-published")
    assert done.conclusions == {"build": "success", "publish": "skipped"}


def test_a_version_that_is_not_the_tags(tiny_on: Repository) -> None:
    done = tiny_on.rehearse("--tag", "v0.2.0")
    assert (done.code, done.verdict) == (1, "no-go")
    assert "0.2.0" in done.findings["version-mismatch"]
    assert "0.1.0" in done.findings["version-mismatch"]
    assert done.conclusions == {"build": "success", "publish": "skipped"}
    assert not [request for request in done.requests if request["job"] == "publish"]


@pytest.mark.local
def test_a_prerelease_tag_is_compared_as_pep_440_does(tiny: Repository) -> None:
    tiny.edit("pyproject.toml", ('version = "0.1.0"', 'version = "1.0.0a0"'))
    done = tiny.rehearse("--tag", "v1.0.0-alpha")
    assert "version-mismatch" not in done.findings
    assert done.conclusions["publish"] == "success"


def test_no_id_token_permission(tiny_on: Repository) -> None:
    tiny_on.edit(WORKFLOW, ("id-token: write", "contents: read"))
    done = tiny_on.rehearse("--accept", "missing-id-token")
    assert (done.code, done.verdict) == (1, "no-go")
    assert list(done.findings) == ["missing-id-token", "id-token-permission"]
    said = " ".join(done.log("publish").split())
    assert (
        "OpenID Connect token retrieval failed: GitHub: missing or insufficient OIDC token permissions, "
        "the ACTIONS_ID_TOKEN_REQUEST_TOKEN environment variable was unset"
    ) in said
    assert (
        "This generally indicates a workflow configuration error, such as insufficient permissions. "
        "Make sure that your workflow has `id-token: write` configured at the job level"
    ) in said


PUBLISHER = """
[repository]
owner = "octo"
name = "tinytool"

[[publishers]]
index = "pypi"
project = "tinytool"
repository = "octo/tinytool"
workflow = "{workflow}"
environment = "{environment}"

[environments.pypi]
"""


@pytest.mark.parametrize(
    ("workflow", "environment", "differs"),
    [("publish.yml", "pypi", "publish.yml"), ("pypi.yml", "release", "release")],
)
@pytest.mark.local
def test_a_publisher_that_does_not_match(tiny: Repository, workflow: str, environment: str, differs: str) -> None:
    tiny.write("pysim.toml", PUBLISHER.format(workflow=workflow, environment=environment))
    done = tiny.rehearse("--accept", "publisher-mismatch")
    assert (done.code, done.verdict) == (1, "no-go")
    assert list(done.findings) == ["publisher-mismatch"]
    assert differs in done.findings["publisher-mismatch"]
    assert (
        "* `invalid-publisher`: valid token, but no corresponding publisher "
        "(Publisher with matching claims was not found)"
    ) in done.log("publish")


@pytest.mark.local
def test_a_declared_publisher_that_matches(tiny: Repository) -> None:
    tiny.write("pysim.toml", PUBLISHER.format(workflow="pypi.yml", environment="pypi"))
    done = tiny.rehearse()
    assert done.conclusions["publish"] == "success"
    (exchange,) = [event for event in done.events if event["type"] == "token-exchanged"]
    assert (exchange["ok"], exchange["declared"]) == (True, True)


@pytest.mark.local
def test_a_version_that_exists_with_other_bytes(tiny: Repository) -> None:
    assert tiny.rehearse("--keep-index").conclusions["publish"] == "success"
    again = tiny.rehearse()
    assert again.conclusions["publish"] == "success", "the same bytes are taken again"
    tiny.edit("tinytool.py", ("hello", "good day"))
    done = tiny.rehearse()
    assert (done.code, done.verdict) == (1, "no-go")
    assert list(done.findings) == ["upload-refused"]
    assert (
        "File already exists ('tinytool-0.1.0-py3-none-any.whl', with blake2_256 hash '"
        in done.findings["upload-refused"]
    )


@pytest.mark.local
def test_a_build_that_fails(tiny: Repository) -> None:
    tiny.edit(WORKFLOW, ("python backend.py dist", "echo half-way; exit 3"))
    done = tiny.rehearse()
    assert (done.code, done.verdict) == (1, "no-go")
    assert list(done.findings) == ["step-failed"]
    assert "exit code 3" in done.findings["step-failed"]
    assert done.summary["findings"][0]["where"].startswith(f"{WORKFLOW}:18")
    assert done.conclusions == {"build": "failure", "publish": "skipped"}


@pytest.mark.local
def test_an_artifact_that_nothing_uploaded(tiny: Repository) -> None:
    tiny.edit(
        WORKFLOW,
        (
            "upload-artifact@v4\n        with:\n          name: dist",
            "upload-artifact@v4\n        with:\n          name: other",
        ),
    )
    done = tiny.rehearse("--accept", "artifact-name")
    assert done.code == 1
    assert "there is no artifact dist; uploaded are other (of job build)" in done.findings["artifact-not-found"]


@pytest.mark.local
def test_an_action_that_cannot_be_had_is_named_and_the_others_run(tiny: Repository) -> None:
    tiny.edit(
        WORKFLOW,
        (
            "      - uses: actions/setup-python@v5\n",
            "      - uses: someone/something@v1\n      - uses: actions/setup-python@v5\n",
        ),
    )
    done = tiny.rehearse("--offline")
    assert (done.code, done.verdict) == (6, "not-rehearsed")
    assert "someone/something@v1" in done.findings["action-not-rehearsed"]
    assert done.conclusions == {"build": "success", "publish": "success"}
    assert done.summary["published"]
    done = tiny.rehearse("--offline", "--accept", "action-not-rehearsed: someone/something")
    assert (done.code, done.verdict) == (0, "go")


@pytest.mark.local
def test_a_protection_rule_refuses(tiny: Repository) -> None:
    tiny.write("pysim.toml", '[environments.pypi]\ntags = ["release-*"]\n')
    done = tiny.rehearse()
    assert (done.code, done.verdict) == (5, "no-go")
    assert list(done.findings) == ["deployment-refused"]
    assert done.summary["findings"][0]["where"].startswith(f"{WORKFLOW}:")
    gates = [event["reason"] for event in done.events if event["type"] == "gate-evaluated"]
    assert gates == ['Tag "v0.1.0" is not allowed to deploy to pypi due to environment protection rules.']


BAD_INPUT = [
    (["--tag", "v1..0"], 2, "two dots"),
    (["--tag", "v 1"], 2, "space"),
    (["--event", "workflow_dispatch", "--input", "tset_pypi=true"], 2, "test_pypi"),
    (["--event", "workflow_dispatch", "--input", "test_pypi=maybe"], 2, "boolean"),
    (["--tag", "v1", "-W", "pypy.yml"], 2, "pypi.yml"),
    (["--tag", "v1", "--branch", "main"], 2, "exclude"),
    (["--event", "push"], 2, "--tag"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), BAD_INPUT)
def test_bad_arguments(tiny: Repository, arguments: list[str], code: int, said: str) -> None:
    done = tiny.rehearse(*arguments)
    assert done.code == code
    assert said in done.error


def test_no_workflow(tiny: Repository) -> None:
    (tiny.root / WORKFLOW).unlink()
    done = tiny.rehearse()
    assert done.code == 2
    assert ".github/workflows" in done.error


def test_a_broken_workflow_shows_its_places(tiny: Repository) -> None:
    tiny.edit(WORKFLOW, ("needs: build", "needs: biuld"), ("    environment: pypi", "    enviroment: pypi"))
    done = tiny.rehearse()
    assert done.code == 3
    assert f"{WORKFLOW}:24" in done.error
    assert "biuld" in done.error
    assert "environment" in done.error


def test_a_misspelt_setting(tiny: Repository) -> None:
    tiny.write("pysim.toml", '[[publisher]]\nproject = "x"\n')
    done = tiny.rehearse()
    assert done.code == 2
    assert "publishers" in done.error
    assert "pysim.toml:1" in done.error


@pytest.mark.local
def test_no_python_of_the_wanted_version(tiny: Repository) -> None:
    tiny.edit(WORKFLOW, ("python-version: '3.12'", "python-version: '3.99'"))
    done = tiny.rehearse("--offline")
    assert (done.code, list(done.findings)) == (1, ["python-not-found"])
    assert "3.99" in done.findings["python-not-found"]


def test_a_dead_docker_daemon(tiny: Repository) -> None:
    other = Repository(root=tiny.root, engine="docker", home=tiny.home)
    done = other.rehearse(env={"DOCKER_HOST": f"unix://{tiny.root}/no.sock"})
    assert done.code == 4
    assert "no.sock" in done.error


def test_a_dirty_tree_is_told(tiny: Repository) -> None:
    from simulator import process

    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "all"]):
        process.run(["git", *words], cwd=tiny.root)
    tiny.edit("tinytool.py", ("hello", "changed"))
    done = tiny.rehearse("--tag", "other-1")
    notices = [event for event in done.events if event["type"] == "notice"]
    (notice,) = [event for event in notices if "tinytool.py" in event["message"]]
    assert [each["do"] for each in notice["remedies"]] == ["use-worktree"]


def test_the_repository_of_these_tests_is_complete() -> None:
    assert (TINY / WORKFLOW).is_file()
