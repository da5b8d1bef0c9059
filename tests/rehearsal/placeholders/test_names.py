"""The names of wheels that jobs on other systems would build."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import partial

import pytest

from simulator.planning.wheel_builds import WheelBuild
from simulator.rehearsal.distributions import Distribution, read_distribution
from simulator.rehearsal.placeholders.names import Runner, planned_wheels, wheel_tag
from tests.rehearsal.built.making import built

MAC, INTEL = Runner(system="macOS", machine="ARM64"), Runner(system="macOS", machine="X64")
WINDOWS = Runner(system="Windows", machine="X64")
CIBUILDWHEEL, MATURIN = WheelBuild(tool="cibuildwheel"), WheelBuild(tool="maturin")
LINUX = ("demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl", "demo-1.0-cp313-cp313-manylinux_2_28_x86_64.whl")
ABI3, PURE, SDIST = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl", "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"


def distribution(name: str) -> Distribution:
    found = read_distribution(name, partial(io.BytesIO, built(name, {"demo/__init__.py": ""})))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("identifier", "tag"),
    [
        ("cp311-macosx_x86_64", "cp311-cp311-macosx_10_9_x86_64"),
        ("cp312-macosx_x86_64", "cp312-cp312-macosx_10_13_x86_64"),
        ("cp314-macosx_universal2", "cp314-cp314-macosx_10_15_universal2"),
        ("cp313t-macosx_arm64", "cp313-cp313t-macosx_11_0_arm64"),
        ("cp37-macosx_x86_64", "cp37-cp37m-macosx_10_9_x86_64"),
        ("pp310-macosx_x86_64", "pp310-pypy310_pp73-macosx_10_15_x86_64"),
        ("gp311_242-macosx_arm64", "graalpy311-graalpy242_311_native-macosx_11_0_arm64"),
        ("cp312-win_amd64", "cp312-cp312-win_amd64"),
        ("cp312-win32", "cp312-cp312-win32"),
        ("cp312-win_arm64", "cp312-cp312-win_arm64"),
        ("cp313-ios_arm64_iphoneos", "cp313-cp313-ios_13_0_arm64_iphoneos"),
        ("cp312-manylinux_x86_64", None),
    ],
)
def test_the_tag_of_a_build_identifier(identifier: str, tag: str | None) -> None:
    found = wheel_tag(identifier, "")
    assert (found and str(found)) == tag


@pytest.mark.parametrize(
    ("settings", "platform"),
    [
        ("MACOSX_DEPLOYMENT_TARGET=10.14", "macosx_10_14_x86_64"),
        ("MACOSX_DEPLOYMENT_TARGET=10.9", "macosx_10_13_x86_64"),
        ("CIBW_ENVIRONMENT=A=1 MACOSX_DEPLOYMENT_TARGET='12.3'", "macosx_12_0_x86_64"),
    ],
)
def test_the_deployment_target_counts_from_the_oldest_on_that_there_is(settings: str, platform: str) -> None:
    found = wheel_tag("cp312-macosx_x86_64", settings)
    assert found is not None
    assert found.platform == platform


@pytest.mark.parametrize(
    ("build", "runner", "files", "identifiers", "tags", "assumed"),
    [
        (
            CIBUILDWHEEL,
            MAC,
            [*LINUX, SDIST],
            ["cp312-macosx_arm64", "cp313-macosx_arm64"],
            ["cp312-cp312-macosx_11_0_arm64", "cp313-cp313-macosx_11_0_arm64"],
            None,
        ),
        (
            CIBUILDWHEEL,
            WINDOWS,
            [ABI3],
            ["cp39-win_amd64", "cp310-win_amd64", "cp313t-win_amd64"],
            ["cp39-abi3-win_amd64", "cp313-cp313t-win_amd64"],
            None,
        ),
        (CIBUILDWHEEL, MAC, [SDIST], ["cp312-macosx_arm64"], ["cp312-cp312-macosx_11_0_arm64"], None),
        (
            CIBUILDWHEEL,
            WINDOWS,
            LINUX,
            None,
            ["cp312-cp312-win_amd64", "cp313-cp313-win_amd64"],
            "the tag win_amd64",
        ),
        (
            CIBUILDWHEEL,
            MAC,
            LINUX[:1],
            None,
            ["cp312-cp312-macosx_11_0_arm64"],
            "the tag macosx_11_0_arm64",
        ),
        (MATURIN, MAC, LINUX[:1], None, ["cp312-cp312-macosx_11_0_arm64"], None),
        (MATURIN, INTEL, [ABI3], None, ["cp39-abi3-macosx_10_12_x86_64"], None),
        (
            WheelBuild(tool="maturin", target="universal2-apple-darwin"),
            MAC,
            [ABI3],
            None,
            ["cp39-abi3-macosx_10_12_x86_64.macosx_11_0_arm64.macosx_10_12_universal2"],
            None,
        ),
        (
            WheelBuild(tool="maturin", pythons=("3.13",)),
            MAC,
            LINUX,
            None,
            ["cp313-cp313-macosx_11_0_arm64"],
            None,
        ),
        (
            WheelBuild(tool="interpreter", pythons=("3.14t",), target="x86"),
            WINDOWS,
            [ABI3],
            None,
            ["cp314-cp314t-win32"],
            "the tag win32",
        ),
        (
            WheelBuild(tool="maturin", sure=False),
            WINDOWS,
            [ABI3],
            None,
            ["cp39-abi3-win_amd64"],
            "which wheels these are, as a part of the selection is made at run time",
        ),
        (WheelBuild(tool="maturin", target="x86"), WINDOWS, [ABI3], None, ["cp39-abi3-win32"], None),
        (
            WheelBuild(tool="interpreter", pythons=("3.11",)),
            MAC,
            LINUX,
            None,
            ["cp311-cp311-macosx_10_9_universal2"],
            "the tag macosx_10_9_universal2",
        ),
        (WheelBuild(tool="cibuildwheel", platform="ios"), MAC, LINUX, None, [], None),
        (WheelBuild(tool="interpreter"), WINDOWS, [SDIST], None, [], None),
        (WheelBuild(tool="interpreter"), WINDOWS, [], None, [], None),
    ],
)
def test_what_a_job_would_build(
    build: WheelBuild,
    runner: Runner,
    files: Sequence[str],
    identifiers: Sequence[str] | None,
    tags: Sequence[str],
    assumed: str | None,
) -> None:
    planned = planned_wheels(build, runner, list(map(distribution, files)), identifiers, "")
    assert [each.filename for each in planned.wheels] == [f"demo-1.0-{tag}.whl" for tag in tags]
    assert planned.assumed == assumed
    assert not any(each.same for each in planned.wheels)


def test_the_deployment_target_counts_for_maturin_too() -> None:
    build = WheelBuild(tool="maturin", target="universal2-apple-darwin")
    (wheel,) = planned_wheels(build, MAC, [distribution(ABI3)], None, "MACOSX_DEPLOYMENT_TARGET=10.15").wheels
    platform = "macosx_10_15_x86_64.macosx_11_0_arm64.macosx_10_15_universal2"
    assert wheel.filename == f"demo-1.0-cp39-abi3-{platform}.whl"


def test_a_wheel_of_no_platform_is_the_one_that_linux_built() -> None:
    planned = planned_wheels(WheelBuild(tool="interpreter"), MAC, [distribution(PURE)], None, "")
    assert [(each.filename, each.same) for each in planned.wheels] == [(PURE, True)]


def test_each_project_has_its_own() -> None:
    others = [distribution("other-2.0-cp312-cp312-manylinux_2_28_x86_64.whl"), distribution(LINUX[0])]
    planned = planned_wheels(CIBUILDWHEEL, WINDOWS, others, ["cp312-win_amd64"], "")
    names = {"other-2.0-cp312-cp312-win_amd64.whl", "demo-1.0-cp312-cp312-win_amd64.whl"}
    assert {each.filename for each in planned.wheels} == names
