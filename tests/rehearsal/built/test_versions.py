"""The tag and the built files must name the same version, as PEP 440 compares them."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from simulator.findings import Finding
from simulator.rehearsal.built.model import Subject
from simulator.rehearsal.built.registry import check
from simulator.rehearsal.built.versions import stops, tag_version
from simulator.rehearsal.distributions import Distribution


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("v0.1.0", "0.1.0"),
        ("1.2", "1.2"),
        ("v1.0.0-alpha", "1.0.0a0"),
        ("V2.0", "2.0"),
        ("orchay-v1.2.3", "1.2.3"),
        ("orchay/1.2.3", "1.2.3"),
        ("v1.0.0rc1", "1.0rc1"),
        ("release-1.0.post1", "1.0.post1"),
        ("orchay-1.0.0-1", "1.0.post1"),
        ("orchay-2-v1.0", "1.0"),
        ("orchay@1.0.0-rc1", "1.0rc1"),
        ("v1.0.dev3", "1.0.dev3"),
        ("v1.0+local.1", "1.0+local.1"),
        ("2024-01-15", None),
        ("nightly", None),
        ("v", None),
    ],
)
def test_the_version_of_a_tag(tag: str, version: str | None) -> None:
    found = tag_version(tag)
    assert found == (None if version is None else Version(version))


def built(version: str, filename: str = "demo-1.tar.gz", project: str = "demo") -> Distribution:
    return Distribution(filename=filename, kind="sdist", project=canonicalize_name(project), version=version)


def mismatches(tag: str, *files: Distribution) -> list[Finding]:
    found = check(Subject(distributions=files, ref=tag, ref_type="tag"))
    return [finding for finding in found if finding.code == "version-mismatch"]


@pytest.mark.parametrize(
    ("tag", "version"), [("v1.0", "1.0.0"), ("v1.0.0-alpha", "1.0.0a0"), ("nightly", "3"), ("v1.0-1", "1.0.post1")]
)
def test_equal_versions_are_no_finding(tag: str, version: str) -> None:
    assert mismatches(tag, built(version)) == []


def test_a_version_that_is_none_disagrees() -> None:
    assert len(mismatches("v1.0", built("garbage"))) == 1


def test_a_tag_with_the_name_of_one_of_several_projects_speaks_of_that_one() -> None:
    both = [built("1.0", project="Big.Tool"), built("2.0", project="other")]
    assert mismatches("big-tool-v1.0", *both) == []
    (finding,) = mismatches("big_tool/v1.1", *both)
    assert "big-tool was built as 1.0" in finding.message
    assert len(mismatches("v3.0", *both)) == 2


@pytest.mark.parametrize(("tag", "hint"), [("v0.2.0", "or tag v0.1.0."), ("demo-0.2.0", "or tag demo-0.1.0.")])
def test_the_tag_that_would_fit_is_named(tag: str, hint: str) -> None:
    (finding,) = mismatches(tag, built("0.1.0"))
    assert hint in finding.hint


def test_what_would_be_published_stops_the_job_and_what_is_refused_does_not() -> None:
    (published,) = mismatches("v1.1", built("1.0"))
    (refused,) = mismatches("v1.1", built("0.1.dev1+g1a2b3c4"))
    assert stops(published)
    assert not stops(refused)
