"""`pysim drill`: which releases a second attempt completes, and what is said of those that it does not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.release.driving import WORKFLOW, Repository

pytestmark = pytest.mark.local

STAMP = ("python backend.py dist", 'echo "# $(date +%s%N)" >> tinytool.py && python backend.py dist')
BUILDS_ITSELF = """
name: Publish
on: {push: {tags: ['v*']}}
jobs:
  release:
    runs-on: ubuntu-latest
    environment: pypi
    permissions: {id-token: write}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: '3.12'}
      - run: echo "# $(date +%s%N)" >> tinytool.py
      - run: python backend.py dist
      - uses: pypa/gh-action-pypi-publish@release/v1
        with: {skip-existing: false, attestations: false}
"""


@dataclass(frozen=True, kw_only=True)
class Drilled:
    code: int
    document: dict[str, Any]
    error: str

    def __getitem__(self, name: str) -> dict[str, Any]:
        """The row of a drill."""
        (row,) = [row for row in self.document["drills"] if row["name"] == name]
        return dict(row)


@pytest.fixture
def plain(tiny: Repository) -> Repository:
    """Without attestations, whose signing takes long and changes nothing here."""
    tiny.edit(WORKFLOW, ("publish@release/v1", "publish@release/v1\n        with: {attestations: false}"))
    return tiny


def drill(repository: Repository, *names: str) -> Drilled:
    only = [word for name in names for word in ("--only", name)]
    words = ("--tag", "v0.1.0", "--engine", repository.engine, "--offline", "--json")
    done = repository.pysim("drill", *words, *only)
    error = done.stderr.decode()
    assert "Traceback" not in error, error
    return Drilled(code=done.code, document=json.loads(done.stdout) if done.stdout else {}, error=error)


def test_the_same_artifacts_complete_what_was_begun(plain: Repository) -> None:
    plain.edit(WORKFLOW, STAMP)
    plain.edit(
        WORKFLOW,
        (
            "      - uses: pypa/",
            '      - run: echo "attempt $GITHUB_RUN_ATTEMPT of $GITHUB_RUN_ID"\n      - uses: pypa/',
        ),
    )
    done = drill(plain, "upload-503", "upload-cut", "token-expired", "rebuilt")
    assert (done.code, done.document["survives"], done.document["stopped"]) == (0, True, None)
    assert (done["upload-503"]["outcome"], done["upload-503"]["second"]) == ("first attempt", None)
    for name in ("upload-cut", "token-expired"):
        row = done[name]
        assert row["outcome"] == "second attempt", row
        assert row["there"] == [["pypi", "tinytool-0.1.0-py3-none-any.whl"]]
        assert row["missing"] == [["pypi", "tinytool-0.1.0.tar.gz"]]
    assert "2nd request answered with 503" in done["upload-cut"]["first"]
    assert "Invalid API Token: token is expired" in done["token-expired"]["first"]

    rebuilt = done["rebuilt"]
    assert (rebuilt["outcome"], rebuilt["counts"]) == ("lost", False)
    assert "File already exists ('tinytool-0.1.0-py3-none-any.whl', with blake2_256 hash '" in rebuilt["second"]
    assert rebuilt["advice"].startswith("Never re-run all jobs")

    (run,) = (plain.root / ".pysim/runs").iterdir()
    logs = {n: (run / f"drills/upload-cut/{n}/events.jsonl").read_text() for n in (1, 2)}
    said = {n: next(line for line in text.splitlines() if f"attempt {n} of" in line) for n, text in logs.items()}
    numbers = {json.loads(line)["line"].rpartition(" ")[2] for line in said.values()}
    assert len(numbers) == 1
    assert '"jobId": "build"' not in logs[2]


def test_a_job_that_builds_again_loses_the_release(plain: Repository) -> None:
    plain.write(WORKFLOW, BUILDS_ITSELF)
    done = drill(plain, "upload-cut", "oidc-down", "artifacts-500", "rebuilt")
    assert (done.code, done.document["survives"]) == (1, False)
    row = done["upload-cut"]
    assert row["outcome"] == "lost"
    assert "File already exists" in row["second"]
    assert row["advice"].startswith("Build in a job of its own")
    assert done["oidc-down"]["outcome"] == "second attempt"  # nothing was uploaded yet
    assert done["artifacts-500"]["outcome"] == "not met"
    assert [each["name"] for each in done.document["drills"]] == ["upload-cut", "oidc-down", "artifacts-500"]


def test_skip_existing_completes_it_with_files_of_two_builds(plain: Repository) -> None:
    plain.write(WORKFLOW, BUILDS_ITSELF.replace("skip-existing: false", "skip-existing: true"))
    done = drill(plain, "upload-cut")
    assert (done.code, done["upload-cut"]["outcome"]) == (0, "second attempt")
    assert "files of two builds" in done["upload-cut"]["advice"]


@pytest.mark.parametrize(
    ("change", "stopped"),
    [
        (("run: python backend.py dist", "run: exit 3"), "failed with exit code 3"),
        (("      - uses: pypa", "      - run: exit 4\n      - uses: pypa"), "without a fault"),
        (
            ("name: dist\n          path: dist/\n      - uses: pypa", "name: other\n      - uses: pypa"),
            "no job uploads it",
        ),
        (("id-token: write", "contents: read"), "may not fetch an ID token"),
    ],
)
def test_what_does_not_work_at_all_is_not_drilled(plain: Repository, change: tuple[str, str], stopped: str) -> None:
    plain.edit(WORKFLOW, change)
    done = drill(plain)
    assert (done.code, done.document["drills"]) == (1, [])
    assert stopped in done.document["stopped"]


def test_a_person_reads_a_table_and_no_reviewer_is_asked(plain: Repository) -> None:
    plain.write("pysim.toml", '[environments.pypi]\nreviewers = ["octocat"]\n')
    words = ("--tag", "v0.1.0", "--engine", plain.engine, "--offline", "--only", "upload-cut")
    done = plain.pysim("drill", *words)
    text = done.stdout.decode()
    assert done.code == 0, done.stderr.decode()
    assert "upload-cut: second attempt" in text
    assert "1 of 2 files there" in text
    assert "tinytool-0.1.0.tar.gz" in text
    last = text.rstrip().splitlines()[-1]
    assert last == "GO  1 drill, 0 in the first attempt, 1 in the second; the release survives all of them"
    again = plain.pysim("report", str(next((plain.root / ".pysim/runs").iterdir()) / "drills/upload-cut/1"))
    assert "upload-503=2+" in again.stdout.decode()
