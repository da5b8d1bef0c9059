"""Releases that nobody pushes: GitHub starts them by a schedule."""

from __future__ import annotations

import pytest

from tests.release.driving import WORKFLOW, Repository

NIGHTLY = """\
on:
  schedule:
    - cron: '30 5 * * 1'
    - cron: '0 6 1 * *'
jobs:
  publish:
    if: github.event.schedule == '30 5 * * 1' && github.ref_name == 'main'
    runs-on: ubuntu-latest
    permissions: {id-token: write}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: '3.12'}
      - run: python backend.py dist
      - run: echo "$GITHUB_EVENT_NAME $GITHUB_REF"
      - uses: pypa/gh-action-pypi-publish@release/v1
"""


@pytest.mark.local
def test_a_scheduled_release_is_rehearsed(tiny: Repository) -> None:
    tiny.write(WORKFLOW, NIGHTLY)
    done = tiny.rehearse("--event", "schedule")
    assert (done.code, done.verdict) == (0, "go"), done.summary
    assert "schedule refs/heads/main" in done.log("publish")
    assert done.conclusions == {"publish": "success"}


def test_a_tag_starts_no_schedule(tiny: Repository) -> None:
    tiny.write(WORKFLOW, NIGHTLY)
    done = tiny.pysim("run", "--tag", "v0.1.0")
    said = " ".join((done.stdout + done.stderr).decode().split())
    assert done.code == 1
    assert "Rehearse what starts it: the time of its schedule" in said
    assert "--event schedule" in said
    done = tiny.pysim("run", "--tag", "v0.1.0", "--event", "schedule")
    assert (done.code, b"--tag does not belong to --event schedule" in done.stderr) == (2, True)
