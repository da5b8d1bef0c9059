"""Releases whose actions are used at refs that there are not, or that nothing here knows."""

from __future__ import annotations

import pytest

from tests.release.driving import WORKFLOW, Repository

pytestmark = pytest.mark.local


def test_a_ref_that_is_not_there_stops_the_release_before_its_first_job(tiny: Repository) -> None:
    tiny.edit(WORKFLOW, ("gh-action-pypi-publish@release/v1", "gh-action-pypi-publish@relase/v1"))
    done = tiny.rehearse("--offline")
    assert (done.code, done.verdict) == (1, "no-go")
    assert "missing-version" in done.findings
    assert "GitHub cannot resolve pypa/gh-action-pypi-publish@relase/v1" in done.summary["reason"]
    assert not done.conclusions or set(done.conclusions.values()) == {"skipped"}


def test_a_ref_that_nothing_knows_gives_no_go_until_it_is_accepted(tiny: Repository) -> None:
    tiny.edit(WORKFLOW, ("actions/checkout@v4", "actions/checkout@v8"))
    done = tiny.rehearse("--offline")
    assert (done.code, done.verdict) == (6, "not-rehearsed"), done.summary["findings"]
    assert "whether there is actions/checkout@v8" in done.findings["unverified-version"]
    assert "actions/checkout@v8 (pysim's own stands for" in done.findings["action-version"]
    again = tiny.rehearse("--offline", "--accept", "unverified-version: actions/checkout@v8")
    assert (again.code, again.verdict) == (0, "go"), again.summary["findings"]
