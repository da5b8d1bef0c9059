"""What is installed of a release, and what is said when that fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from packaging.metadata import RawMetadata
from packaging.utils import canonicalize_name

from simulator import process
from simulator.findings import Finding, Severity
from simulator.indexes import IndexName, indexes
from simulator.rehearsal.distributions import Distribution
from simulator.rehearsal.install import JOB, Outcome, Outcomes, Release, check_install, install_workflow
from simulator.remedies import Act
from simulator.run_events import FindingRaised, Installed, RunEvent
from simulator.workflow.model import Workflow


def release(
    *kinds: Literal["wheel", "sdist"], scripts: Sequence[str] = ("demo",), index: IndexName = "pypi"
) -> Release:
    names = {"wheel": "demo-1.0-py3-none-any.whl", "sdist": "demo-1.0.tar.gz"}
    project = canonicalize_name("demo")
    return Release(
        index=index,
        distributions=[
            Distribution(filename=names[kind], kind=kind, project=project, version="1.0", scripts=tuple(scripts))
            for kind in kinds
        ],
    )


def wheel(project: str = "demo", **metadata: str | Sequence[str]) -> Distribution:
    name = canonicalize_name(project)
    made = RawMetadata(**metadata)  # type: ignore[typeddict-item]
    return Distribution(
        filename=f"{name}-1.0-py3-none-any.whl", kind="wheel", project=name, version="1.0", metadata=made
    )


def scripts_of(workflow: Workflow) -> dict[str, str]:
    steps = workflow.jobs[JOB].steps
    return {step.id: step.run.source for step in steps if step.id and step.run}


WHEEL, SDIST = ("pip-wheel", "import-wheel"), ("pip-sdist", "import-sdist")


@pytest.mark.parametrize(
    ("given", "steps"),
    [
        (release("wheel", "sdist"), [*WHEEL[:1], *SDIST[:1], "pipx", *WHEEL[1:], *SDIST[1:]]),
        (release("wheel"), [*WHEEL[:1], "pipx", *WHEEL[1:]]),
        (release("sdist"), [*SDIST[:1], "pipx", *SDIST[1:]]),
        (release("wheel", "sdist", scripts=()), [*WHEEL[:1], *SDIST[:1], *WHEEL[1:], *SDIST[1:]]),
    ],
)
def test_what_is_tried(given: Release, steps: list[str]) -> None:
    assert list(scripts_of(install_workflow(given, python="3.12"))) == steps


def test_each_kind_of_file_is_asked_for() -> None:
    scripts = scripts_of(install_workflow(release("wheel", "sdist"), python="3.12"))
    assert '--only-binary demo "demo==1.0"' in scripts["pip-wheel"]
    assert '--no-binary demo "demo==1.0"' in scripts["pip-sdist"]
    assert '"demo==1.0"' in scripts["pipx"]


def test_from_testpypi_the_file_itself_is_installed_and_the_rest_comes_from_pypi() -> None:
    workflow = install_workflow(release("wheel", index="testpypi"), python="3.12")
    host = indexes()["testpypi"].files_host
    assert f'"demo @ https://{host}/packages/py3/d/demo/demo-1.0-py3-none-any.whl"' in scripts_of(workflow)["pip-wheel"]
    assert workflow.jobs[JOB].env["PIP_INDEX_URL"].source == indexes()["pypi"].simple_url


IMPORT_ERROR = """\
Successfully installed demo-1.0
Traceback (most recent call last):
  File "demo", line 5, in <module>
ModuleNotFoundError: No module named 'missing'
demo does not start
Process completed with exit code 1.
""".splitlines()
NO_DISTRIBUTION = """\
ERROR: Could not find a version that satisfies the requirement zzz (from demo) (from versions: none)
ERROR: No matching distribution found for zzz
Process completed with exit code 1.
""".splitlines()
FROM_PIPX = ["Some possibly relevant errors:", "    ERROR: No matching distribution found for zzz (from demo)"]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (IMPORT_ERROR, "ModuleNotFoundError: No module named 'missing'"),
        (NO_DISTRIBUTION, "ERROR: No matching distribution found for zzz"),
        (FROM_PIPX, "ERROR: No matching distribution found for zzz (from demo)"),
        (["demo --help ended with 3", "Process completed with exit code 1."], "demo --help ended with 3"),
        (["Traceback (most recent call last):", "  cut off"], "Traceback (most recent call last):"),
        ([], ""),
    ],
)
def test_the_reason_is_a_line_of_the_log(lines: list[str], reason: str) -> None:
    assert Outcome(ok=False, seconds=1.0, lines=lines).reason == reason


def check(outcomes: Outcomes, given: Release | None = None) -> list[RunEvent]:
    seen: list[RunEvent] = []
    check_install(given or release("wheel", "sdist"), python="3.12", run_workflow=lambda _: outcomes, emit=seen.append)
    return seen


def failed(lines: Sequence[str]) -> Outcome:
    return Outcome(ok=False, seconds=1.0, lines=lines)


def test_one_cause_is_one_finding() -> None:
    events = check(
        {"pip-wheel": failed(NO_DISTRIBUTION), "pip-sdist": failed(NO_DISTRIBUTION), "pipx": failed(FROM_PIPX)}
    )
    (finding,) = [event.finding for event in events if isinstance(event, FindingRaised)]
    assert "pip (wheel), pip (sdist) and pipx (wheel): ERROR: No matching distribution found for zzz" in finding.message
    assert finding.would_show is None
    assert "`dependencies`" in finding.hint


def test_offline_no_requirement_is_wrong_for_not_being_found() -> None:
    seen: list[RunEvent] = []
    outcomes = {"pip-sdist": failed(NO_DISTRIBUTION)}
    check_install(
        release("sdist", scripts=()), python="3.12", run_workflow=lambda _: outcomes, emit=seen.append, offline=True
    )
    (finding,) = [event.finding for event in seen if isinstance(event, FindingRaised)]
    assert "offline" in finding.hint
    assert "`dependencies`" not in finding.hint


OTHER_PYTHON = """\
ERROR: Ignored the following versions that require a different python version: 1.0 Requires-Python >=3.14
ERROR: Could not find a version that satisfies the requirement demo==1.0 (from versions: none)
ERROR: No matching distribution found for demo==1.0
Process completed with exit code 1.
""".splitlines()
FROM_A_FILE = ["ERROR: Package 'demo' requires a different Python: 3.13.0 not in '>=3.14'"]
OTHER_SYSTEM = OTHER_PYTHON[1:]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (OTHER_PYTHON, "it wants Python >=3.14, which is not here"),
        (FROM_A_FILE, "it wants Python >=3.14, which is not here"),
        (OTHER_SYSTEM, "it has no such file for this machine"),
        (["ERROR: demo-1.0-py3-none-any.whl is not a supported wheel on this platform."], "it has no such file"),
    ],
)
@pytest.mark.parametrize("sdist", [True, False])
def test_what_is_for_another_machine_is_not_rehearsed(lines: Sequence[str], said: str, *, sdist: bool) -> None:
    given = wheel(name="demo", requires_python=">=3.14")
    one = Release(index="pypi", distributions=[given, *release("sdist").distributions], jobs=["publish", "publish"])
    fine = {"pip-sdist": Outcome(ok=True, seconds=1.0)} if sdist else {}
    (finding,) = findings(check({"pip-wheel": failed(lines), **fine}, one))
    assert (finding.code, finding.severity) == ("install-not-rehearsed", Severity.WARNING)
    assert f"demo 1.0 is not installed with pip (wheel): {said}" in finding.message
    assert finding.unrehearsed == (() if sdist else ("publish",))


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (replace(release("wheel").distributions[0], filename="demo-1.0-py2-none-any.whl"), OTHER_SYSTEM),
        (replace(release("wheel").distributions[0], metadata=RawMetadata(requires_python="<3,>3.9")), OTHER_PYTHON),
    ],
)
def test_what_no_python_takes(given: Distribution, lines: Sequence[str]) -> None:
    (finding,) = findings(check({"pip-wheel": failed(lines)}, Release(index="pypi", distributions=[given])))
    assert (finding.code, finding.severity) == ("install-failed", Severity.ERROR)
    assert "no Python takes" in finding.hint


def test_other_reasons_are_told_too() -> None:
    events = check({"pip-wheel": failed(IMPORT_ERROR), "pip-sdist": failed(["ERROR: it cannot be built"])})
    (finding,) = [event.finding for event in events if isinstance(event, FindingRaised)]
    assert finding.would_show is not None
    assert "pip (sdist): ERROR: it cannot be built" in finding.would_show
    details = [event.detail for event in events if isinstance(event, Installed)]
    assert details == ["ModuleNotFoundError: No module named 'missing'", "ERROR: it cannot be built"]


def test_what_succeeded_says_what_starts() -> None:
    fine = Outcome(ok=True, seconds=1.0)
    (installed,) = check({"pip-wheel": fine}, release("wheel"))
    assert isinstance(installed, Installed)
    assert (installed.ok, installed.detail) == (True, "starts: demo")
    (installed,) = check({"pip-wheel": fine}, release("wheel", scripts=()))
    assert isinstance(installed, Installed)
    assert "no console script" in installed.detail


def findings(events: Sequence[RunEvent]) -> list[Finding]:
    return [event.finding for event in events if isinstance(event, FindingRaised)]


def test_what_is_installed_and_cannot_be_imported() -> None:
    lost = "error: demo: FileNotFoundError: [Errno 2] No such file or directory: '/x/{}/site-packages/demo/data.json'"
    outcomes = {
        "import-wheel": failed([lost.format("wheel"), "note: extra: ModuleNotFoundError: No module named 'torch'"]),
        "import-sdist": failed([lost.format("sdist"), "note: more: ModuleNotFoundError: No module named 'sibling.x'"]),
    }
    seen: list[RunEvent] = []
    check_install(
        release("wheel", "sdist"),
        python="3.12",
        run_workflow=lambda _: outcomes,
        emit=seen.append,
        sources={"sibling"},
    )
    wrong, optional, sibling = findings(seen)
    assert [each.code for each in (wrong, optional, sibling)] == ["import-failed"] * 3
    assert [each.severity for each in (wrong, optional, sibling)] == [Severity.ERROR, Severity.NOTICE, Severity.ERROR]
    assert wrong.message == (
        "demo 1.0 is installed from the wheel, and demo cannot be imported: "
        "FileNotFoundError: [Errno 2] No such file or directory: 'demo/data.json'"
    )
    assert "package data" in wrong.hint
    assert "installed from the sdist, and more cannot be imported" in sibling.message


FORGOTTEN = "note: demo: ModuleNotFoundError: No module named 'humble.units'"


def after_import(given: Distribution, *lines: str) -> list[Finding]:
    one = Release(index="pypi", distributions=[given])
    return findings(check({"import-wheel": failed(lines)}, one))


@pytest.mark.parametrize(
    ("said", "code", "notices"),
    [
        ('RuntimeError: To use it, install "Demo[full]"', 1, 1),
        ("pip install demo[other,full]", 1, 1),
        ("Traceback (most recent call last)\\nModuleNotFoundError: pip install demo[none]", 1, 0),
        ("usage: demo", 0, 0),
        ("pip install nodemo[full]", 3, 0),
    ],
)
def test_a_command_that_needs_an_extra(tmp_path: Path, said: str, code: int, notices: int) -> None:
    found = replace(wheel(provides_extra=["full", "it's"]), scripts=("demo",))
    script = scripts_of(install_workflow(Release(index="pypi", distributions=[found]), python="3.12"))["pip-wheel"]
    program = tmp_path / "wheel/bin/demo"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\nprintf '{said}\\n'; exit {code}\n")
    program.chmod(0o755)
    start = script[script.index("set +e") :]
    done = process.run(["bash", "-e", "-c", start], env={"RUNNER_TEMP": str(tmp_path)}, check=False)
    assert done.text.count("::notice::demo asks for an extra of demo") == notices
    assert (done.code == 0) is (notices == 1 or code == 0)


@pytest.mark.parametrize("extras", [(), ("dev", "test"), ("docs-build",)])
def test_a_requirement_that_was_forgotten(extras: Sequence[str]) -> None:
    (finding,) = after_import(wheel(provides_extra=extras), FORGOTTEN)
    assert (finding.code, finding.severity) == ("import-failed", Severity.ERROR)
    assert finding.message.endswith("demo cannot be imported: ModuleNotFoundError: No module named 'humble.units'")
    assert "brings humble in `dependencies`" in finding.hint
    assert [each.do for each in finding.remedies] == [Act.ACCEPT_FINDING]


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (wheel(), [FORGOTTEN, "demo.plain is imported"]),
        (wheel(provides_extra=["units"]), [FORGOTTEN]),
        (wheel(classifiers=["Framework :: Django"]), [FORGOTTEN]),
        (wheel("humble-demo"), [FORGOTTEN]),
        (replace(wheel(), entry_points={"humble.plugins": {"demo": "demo"}}), [FORGOTTEN]),
        (wheel(), ["note: demo: ModuleNotFoundError: No module named 'torch'"]),
        (wheel(), ["note: demo: ModuleNotFoundError: No module named 'winreg'"]),
        (wheel(), ["note: demo: ModuleNotFoundError: No module named '_tkinter'"]),
        (wheel(), ["note: demo: KeyError: 'DISPLAY'"]),
    ],
)
def test_a_module_that_users_may_have(given: Distribution, lines: Sequence[str]) -> None:
    (finding,) = after_import(given, *lines)
    assert (finding.code, finding.severity) == ("import-failed", Severity.NOTICE)


def test_the_check_of_the_user() -> None:
    made = install_workflow(release("wheel", "sdist"), python="3.12", check='demo --version\necho "${{ x }}: y"')
    steps = {step.id: step for step in made.jobs[JOB].steps if step.id}
    assert list(steps)[-4:] == ["import-wheel", "check-wheel", "import-sdist", "check-sdist"]
    run = steps["check-wheel"].run
    assert run is not None
    assert run.source == (
        'export PATH="$RUNNER_TEMP/wheel/bin:$PATH"\ndemo --version\necho "${{ \'${{\' }} x }}: y"'
    ), "an expression is left to the shell"
    lines = ["1", "2", "3", "4", "5", "it is bad", "Process completed with exit code 1."]
    outcomes = {"check-wheel": Outcome(ok=True, seconds=1.0), "check-sdist": failed(lines)}
    (finding,) = findings(check(outcomes))
    assert (finding.code, finding.severity) == ("install-check-failed", Severity.ERROR)
    assert finding.message == (
        "demo 1.0, installed from the sdist, fails the check that pysim.toml names: 2 / 3 / 4 / 5 / it is bad"
    )
