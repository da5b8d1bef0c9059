"""The tag and the built files must name the same version, as PEP 440 compares them."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name

from simulator.positions import Span
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
    assert (found is None) if version is None else (str(found) is not None and found == tag_version(version))


def built(version: str, filename: str = "demo-1.tar.gz", project: str = "demo") -> Distribution:
    return Distribution(filename=filename, kind="sdist", project=canonicalize_name(project), version=version)


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


def test_a_tag_with_the_name_of_one_of_several_projects_speaks_of_that_one() -> None:
    both = [built("1.0", project="Big.Tool"), built("2.0", project="other")]
    assert check_versions("big-tool-v1.0", both) == ()
    (finding,) = check_versions("big_tool/v1.1", both)
    assert "big-tool was built as 1.0" in finding.message
    assert len(check_versions("v3.0", both)) == 2


def test_the_place_of_the_version_is_named() -> None:
    place = Span(file="pyproject.toml", line=3, column=11)
    (finding,) = check_versions("v2", [built("1")], {"demo": place})
    assert finding.where == place


@pytest.mark.parametrize(
    ("tag", "version", "hint"),
    [
        ("v0.2.0", "0.1.0", "or tag v0.1.0."),
        ("demo-0.2.0", "0.1.0", "or tag demo-0.1.0."),
        ("v1.0", "0.1.dev3+g1a2b3c4", "fetch-depth: 0"),
    ],
)
def test_what_to_do_about_it(tag: str, version: str, hint: str) -> None:
    (finding,) = check_versions(tag, [built(version)])
    assert hint in finding.hint


@pytest.mark.parametrize(
    ("version", "places"), [("1.0.dev0", None), ("1.0.dev4", {"demo": Span(file="p", line=3, column=1)})]
)
def test_a_development_version_that_is_written_down_is_to_be_raised(
    version: str, places: dict[str, Span] | None
) -> None:
    (finding,) = check_versions("v1.0", [built(version)], places)
    assert finding.hint == "Set the version of demo to 1.0 and commit it."
