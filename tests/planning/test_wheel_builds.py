"""What a job builds wheels with, told from its file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.expressions.language import Value
from simulator.planning.plan import plan
from simulator.planning.runners import machine_of
from simulator.planning.wheel_builds import WheelBuild, may_hold_wheels, wheel_build
from simulator.triggers.model import Event
from simulator.workflow.loader import load_workflow

JOB = """\
on: push
env: {CIBW_SKIP: 'pp*', OTHER: x}
jobs:
  wheels:
    runs-on: macos-15
    strategy: {matrix: {archs: [arm64]}}
    steps:
      - uses: actions/checkout@v4
      - {uses: actions/setup-python@v5, with: {python-version: '3.13'}}
"""
SKIP = {"CIBW_SKIP": "pp*"}


def build(step: str) -> WheelBuild | None:
    loaded = load_workflow(f"{JOB}      - {step}\n", ".github/workflows/w.yml")
    assert loaded.workflow is not None, loaded.diagnostics
    event = Event(name="push", ref="refs/tags/v1", sha="a" * 40, payload={}, inputs={})
    contexts: dict[str, Value] = {"github": {"ref": event.ref}, "vars": {}, "inputs": {}}
    made = plan(loaded.workflow, event, contexts=contexts)
    return wheel_build(made, made.jobs[0])


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("uses: pypa/cibuildwheel@v3.2.1", WheelBuild(tool="cibuildwheel", requirement="cibuildwheel==3.2.1")),
        ("uses: pypa/cibuildwheel@v2.21", WheelBuild(tool="cibuildwheel", requirement="cibuildwheel==2.21.*")),
        ("uses: pypa/cibuildwheel@main", WheelBuild(tool="cibuildwheel", requirement="cibuildwheel")),
        (
            "{uses: pypa/cibuildwheel@v3.2.1, with: {package-dir: core, config-file: ci.toml}}",
            WheelBuild(
                tool="cibuildwheel", requirement="cibuildwheel==3.2.1", arguments=("--config-file", "ci.toml", "core")
            ),
        ),
        (
            "{run: pipx run cibuildwheel==2.23.3 --only cp312-macosx_arm64 --output-dir dist}",
            WheelBuild(
                tool="cibuildwheel", requirement="cibuildwheel==2.23.3", arguments=("--only", "cp312-macosx_arm64")
            ),
        ),
        (
            "{run: python -m cibuildwheel --archs x86_64 core}",
            WheelBuild(tool="cibuildwheel", requirement="cibuildwheel", arguments=("--archs", "x86_64", "core")),
        ),
        (
            "{run: \"pip install 'cibuildwheel~=3.1'\\ncibuildwheel --output-dir out && ls\"}",
            WheelBuild(tool="cibuildwheel", requirement="cibuildwheel~=3.1"),
        ),
    ],
)
def test_cibuildwheel(step: str, expected: WheelBuild) -> None:
    found = build(step)
    assert found is not None
    assert found.variables == SKIP
    assert replace(found, variables={}, span=None) == expected


def test_variables_of_the_step_and_the_matrix_count() -> None:
    found = build("{uses: pypa/cibuildwheel@v3, env: {CIBW_ARCHS_MACOS: '${{ matrix.archs }}', CIBW_SKIP: ''}}")
    assert found is not None
    assert (found.variables, found.sure) == ({"CIBW_ARCHS_MACOS": "arm64", "CIBW_SKIP": ""}, True)


@pytest.mark.parametrize(
    ("step", "platform"),
    [
        ("{run: cibuildwheel, env: {CIBW_PLATFORM: ios}}", "ios"),
        ("{run: cibuildwheel --platform=ios, env: {CIBW_PLATFORM: macos}}", "ios"),
        ("{uses: pypa/cibuildwheel@v3, env: {CIBW_PLATFORM: ios}}", "ios"),
        ("{run: cibuildwheel, env: {CIBW_PLATFORM: auto}}", ""),
        ("{run: cibuildwheel}", ""),
    ],
)
def test_a_job_may_build_for_another_platform_than_its_own(step: str, platform: str) -> None:
    found = build(step)
    assert found is not None
    assert found.platform == platform


def test_a_command_that_another_program_is_given_counts() -> None:
    found = build('run: cmd //c "env.cmd && $pythonLocation\\\\python.exe -m cibuildwheel . --output-dir out"')
    assert found is not None
    assert (found.tool, found.arguments) == ("cibuildwheel", (".",))


def test_files_that_pip_installs_from_may_pin_it() -> None:
    found = build('{run: "pip install -r .ci/cibw.txt\\ncibuildwheel"}')
    assert found is not None
    assert found.requirement_files == (".ci/cibw.txt",)


def test_what_is_known_at_run_time_alone_is_left_out() -> None:
    found = build("{uses: pypa/cibuildwheel@v3, env: {CIBW_BUILD: '${{ steps.x.outputs.build }}'}}")
    assert found is not None
    assert (found.variables, found.sure) == (SKIP, False)


@pytest.mark.parametrize(
    ("step", "tool", "target"),
    [
        ("{uses: PyO3/maturin-action@v1, with: {target: aarch64, args: --release}}", "maturin", "aarch64"),
        ("{run: maturin build --target universal2-apple-darwin}", "maturin", "universal2-apple-darwin"),
        ("{uses: PyO3/maturin-action@v1, with: {command: sdist}}", None, ""),
        ("run: python -m build --wheel", "interpreter", ""),
        ("run: make wheels", None, ""),
    ],
)
def test_other_tools(step: str, tool: str | None, target: str) -> None:
    found = build(step)
    assert (found and found.tool, found.target if found else "") == (tool, target)
    assert found is None or found.pythons == ("3.13",)


@pytest.mark.parametrize(
    ("words", "pythons"),
    [
        ("", ("3.13",)),
        ("--find-interpreter", ()),
        ("-i 3.11 3.12", ("3.11", "3.12")),
        ("--interpreter=python3.14t", ("3.14t",)),
    ],
)
def test_maturin_builds_for_the_pythons_that_it_is_told(words: str, pythons: tuple[str, ...]) -> None:
    found = build(f"{{run: maturin.exe build --release {words}}}")
    assert found is not None
    assert found.pythons == pythons


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        ("dist", True),
        ("dist/", True),
        ("./wheelhouse/*.whl", True),
        ("dist/*", True),
        ("out/wheels\n!out/wheels/x", True),
        ("dist/*.tar.gz", False),
        ("dist/tool.exe", False),
        ("coverage.xml", False),
    ],
)
def test_what_can_take_wheels(path: str, holds: bool) -> None:
    assert may_hold_wheels(path) is holds


@pytest.mark.parametrize(
    ("label", "machine"),
    [
        ("macos-latest", "ARM64"),
        ("macos-15", "ARM64"),
        ("macos-15-intel", "X64"),
        ("macos-14-large", "X64"),
        ("macos-14-xlarge", "ARM64"),
        ("macos-13", "X64"),
        ("windows-latest", "X64"),
        ("windows-11-arm", "ARM64"),
        ("ubuntu-24.04-arm", "ARM64"),
        ("ubuntu-latest", "X64"),
    ],
)
def test_the_processor_of_a_runner(label: str, machine: str) -> None:
    assert machine_of([label]) == machine
