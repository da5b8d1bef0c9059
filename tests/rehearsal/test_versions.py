"""The tag and the built files must name the same version, as PEP 440 compares them."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name

from simulator.rehearsal.distributions import Distribution
from simulator.rehearsal.versions import check_versions, tag_version


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
        ("nightly", None),
        ("v", None),
    ],
)
def test_the_version_of_a_tag(tag: str, version: str | None) -> None:
    found = tag_version(tag)
    assert (found is None) if version is None else (str(found) is not None and found == tag_version(version))


def built(version: str, filename: str = "demo-1.tar.gz") -> Distribution:
    return Distribution(filename=filename, kind="sdist", project=canonicalize_name("demo"), version=version)


@pytest.mark.parametrize(
    ("tag", "version"), [("v1.0", "1.0.0"), ("v1.0.0-alpha", "1.0.0a0"), ("nightly", "3"), ("v1.0-1", "1.0.post1")]
)
def test_equal_versions_are_no_finding(tag: str, version: str) -> None:
    assert check_versions(tag, [built(version)]) == ()


def test_both_versions_are_named_once_for_all_files_of_a_project() -> None:
    findings = check_versions("v0.2.0", [built("0.1.0"), built("0.1.0", "demo-0.1.0-py3-none-any.whl")])
    assert len(findings) == 1
    assert "0.2.0" in findings[0].message
    assert "0.1.0" in findings[0].message
    assert "v0.1.0" in findings[0].hint


def test_a_version_that_is_none_disagrees() -> None:
    assert [finding.code for finding in check_versions("v1.0", [built("garbage")])] == ["version-mismatch"]
