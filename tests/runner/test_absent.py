"""Jobs for macOS and Windows: not run, never a success, and the jobs after them go on when nothing is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from simulator.planning.model import Plan, PlannedJob
from simulator.run_events import FindingRaised, JobFinished
from simulator.runner.absent import StandIn
from tests.runner.driving import Ran, World

UPLOAD = "{uses: actions/upload-artifact@v4, with: {name: %s, path: dist}}"
TAKE = "{if: github.actor == 'nobody', uses: actions/download-artifact@v4}"
LAST = f"{TAKE}, {{run: 'say ${{{{ needs.build.result }}}}'}}"
PUBLISH = f"  publish: {{needs: build, runs-on: ubuntu-latest, steps: [{LAST}]}}\n"


def build(*steps: str, os: str = "macos-15", more: str = "") -> str:
    return f"  build: {{runs-on: {os}, {more and more + ', '}steps: [{', '.join(steps or ('{run: say x}',))}]}}\n"


def matrix(*steps: str, systems: str = "ubuntu-latest, macos-15, windows-latest", more: str = "") -> str:
    strategy = f"strategy: {{matrix: {{os: [{systems}]}}}}"
    return build(*steps, os="'${{ matrix.os }}'", more=f"{strategy}{more and ', ' + more}")


@dataclass(frozen=True, kw_only=True)
class Absent:
    """Jobs, how they end, which are absent and how, and what was supplied."""

    jobs: str
    ends: Mapping[str, str]
    absent: Mapping[str, str]
    supplied: Sequence[str] = ()
    called: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> Ran:
        return World(supplied=self.supplied, called=self.called).run("on: push\njobs:\n" + self.jobs)


ALONE = {"build": "skipped", "publish": "success"}
BLOCKED = {"build": "skipped", "publish": "skipped"}
NAMED = UPLOAD % "'wheels-${{ matrix.os }}'"
OFF_LINUX = NAMED.replace("{uses", "{if: \"runner.os != 'Linux'\", uses")
ON_LINUX = "{if: \"matrix.os == 'ubuntu-latest'\", uses: actions/upload-artifact@v4, with: {name: dist, path: dist}}"
CASES = {
    "it uploads nothing": Absent(jobs=build() + PUBLISH, ends=ALONE, absent={"build": "supplied"}),
    "what it uploads is missing": Absent(
        jobs=build(UPLOAD % "wheels") + PUBLISH, ends=BLOCKED, absent={"build": "missing", "publish": "missing"}
    ),
    "what it uploads is supplied": Absent(
        jobs=build(UPLOAD % "wheels") + PUBLISH, supplied=["wheels"], ends=ALONE, absent={"build": "supplied"}
    ),
    "one of two is supplied": Absent(
        jobs=build(UPLOAD % "wheels", UPLOAD % "docs") + PUBLISH,
        supplied=["wheels"],
        ends=BLOCKED,
        absent={"build": "missing", "publish": "missing"},
    ),
    "without a name it is artifact": Absent(
        jobs=build("{uses: actions/upload-artifact@v4, with: {path: dist}}") + PUBLISH,
        supplied=["artifact"],
        ends=ALONE,
        absent={"build": "supplied"},
    ),
    "a name with the system of the runner": Absent(
        jobs=build(UPLOAD % "'wheels-${{ runner.os }}-${{ runner.arch }}'", os="windows-2022") + PUBLISH,
        supplied=["wheels-Windows-X64"],
        ends=ALONE,
        absent={"build": "supplied"},
    ),
    "a name that a step makes": Absent(
        jobs=build(UPLOAD % "'wheels-${{ steps.a.outputs.b }}'") + PUBLISH,
        supplied=["wheels-x"],
        ends=ALONE,
        absent={"build": "supplied"},
    ),
    "a name of another form": Absent(
        jobs=build(UPLOAD % "'wheels-${{ steps.a.outputs.b }}'") + PUBLISH,
        supplied=["docs-x"],
        ends=BLOCKED,
        absent={"build": "missing", "publish": "missing"},
    ),
    "an upload on failure alone": Absent(
        jobs=build("{if: failure(), uses: actions/upload-artifact@v4, with: {name: logs, path: x}}") + PUBLISH,
        ends=ALONE,
        absent={"build": "supplied"},
    ),
    "a job that always runs sees that it was not run": Absent(
        jobs=build(UPLOAD % "wheels")
        + f"  last: {{needs: build, if: always(), runs-on: ubuntu-latest, steps: [{TAKE}, {{run: say x}}]}}\n",
        ends={"build": "skipped", "last": "success"},
        absent={"build": "missing"},
    ),
    "a job that would not run anyway is not missing": Absent(
        jobs=build(UPLOAD % "wheels")
        + f"  publish: {{needs: build, if: github.actor == 'x', runs-on: ubuntu-latest, steps: [{TAKE}]}}\n",
        ends=BLOCKED,
        absent={"build": "supplied"},
    ),
    "a matrix that tests": Absent(
        jobs=matrix() + PUBLISH,
        ends={
            "build (ubuntu-latest)": "success",
            "build (macos-15)": "skipped",
            "build (windows-latest)": "skipped",
            "publish": "success",
        },
        absent={"build (macos-15)": "supplied", "build (windows-latest)": "supplied"},
    ),
    "a matrix that uploads on Linux alone": Absent(
        jobs=matrix(ON_LINUX, systems="macos-15") + PUBLISH,
        ends={"build (macos-15)": "skipped", "publish": "success"},
        absent={"build (macos-15)": "supplied"},
    ),
    "a matrix of wheels, one missing": Absent(
        jobs=matrix("{run: say x}", NAMED, systems="macos-15, windows-latest") + PUBLISH,
        supplied=["wheels-macos-15"],
        ends={"build (macos-15)": "skipped", "build (windows-latest)": "skipped", "publish": "skipped"},
        absent={"build (macos-15)": "supplied", "build (windows-latest)": "missing", "publish": "missing"},
    ),
    "a matrix of wheels, all supplied": Absent(
        jobs=matrix("{run: say x}", NAMED, systems="macos-15, windows-latest") + PUBLISH,
        supplied=["wheels-macos-15", "wheels-windows-latest"],
        ends={"build (macos-15)": "skipped", "build (windows-latest)": "skipped", "publish": "success"},
        absent={"build (macos-15)": "supplied", "build (windows-latest)": "supplied"},
    ),
    "in a called workflow": Absent(
        jobs="  build: {uses: ./.github/workflows/b.yml}\n" + PUBLISH,
        called={
            "b.yml": "on: workflow_call\njobs:\n"
            "  linux: {runs-on: ubuntu-latest, steps: [{run: say x}]}\n"
            f"  mac: {{runs-on: macos-15, steps: [{UPLOAD % 'wheels'}]}}\n"
        },
        ends={"build / linux": "success", "build / mac": "skipped", "publish": "skipped"},
        absent={"build / mac": "missing", "publish": "missing"},
    ),
    "in a called workflow, supplied": Absent(
        jobs="  build: {uses: ./.github/workflows/b.yml}\n" + PUBLISH,
        called={"b.yml": f"on: workflow_call\njobs:\n  mac: {{runs-on: macos-15, steps: [{UPLOAD % 'wheels'}]}}\n"},
        supplied=["wheels"],
        ends={"build / mac": "skipped", "publish": "success"},
        absent={"build / mac": "supplied"},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_absence(case: Absent) -> None:
    ran = case.run()
    assert ran.conclusions == case.ends
    assert {result.key: result.absent for result in ran.results if result.absent} == case.absent


def test_what_is_said() -> None:
    ran = CASES["what it uploads is missing"].run()
    assert ran.reason("build") == "pysim has no runner for macos-15, and nothing stands for wheels"
    assert ran.reason("publish") == "it needs build, which was not run here: supply what that uploads"
    ran = CASES["what it uploads is supplied"].run()
    assert ran.reason("build") == "pysim has no runner for macos-15; wheels was supplied"
    assert ran.printed("publish") == ["success"]


def test_labels_that_are_known_late_are_a_finding_then() -> None:
    first = "  a: {runs-on: ubuntu-latest, outputs: {os: windows-latest}, steps: [{run: say x}]}\n"
    ran = World().run("on: push\njobs:\n" + first + build(os="'${{ needs.a.outputs.os }}'", more="needs: a"))
    found = [event.finding.code for event in ran.events if isinstance(event, FindingRaised)]
    assert (ran.conclusions, found) == ({"a": "success", "build": "skipped"}, ["job-not-rehearsed"])


def test_what_is_known_late_of_a_matrix_is_said_once() -> None:
    first = "  a: {runs-on: ubuntu-latest, outputs: {v: '[1, 2]'}, steps: [{run: say x}]}\n"
    matrix = "  b:\n    needs: a\n    strategy: {matrix: {v: '${{ fromJSON(needs.a.outputs.v) }}'}}\n"
    ran = World().run("on: push\njobs:\n" + first + matrix + "    runs-on: macos-15\n    steps: [{run: say x}]")
    found = [event.finding.message for event in ran.events if isinstance(event, FindingRaised)]
    said = "pysim has no runner for macos-15; they upload nothing"
    assert found == [f"Jobs b (1) and b (2) are not rehearsed: {said}"]


def test_placeholders_are_made_when_the_jobs_have_ended_that_have_a_runner_here() -> None:
    asked: list[tuple[str, Sequence[StandIn], Sequence[str]]] = []

    def stand_in(_plan: Plan, job: PlannedJob, made: Sequence[StandIn]) -> bool:
        ended = [event.job_id for event in started.events if isinstance(event, JobFinished)]
        asked.append((job.key, made, sorted(ended)))
        return True

    jobs = matrix("{run: say x}", OFF_LINUX, systems="macos-15, ubuntu-latest") + PUBLISH
    other = "  other: {runs-on: ubuntu-latest, steps: [{run: say x}]}\n"
    started = World(stand_in=stand_in).start("on: push\njobs:\n" + jobs + other)
    results = {result.key: result for result in started.run.execute()}
    made = StandIn(artifact="wheels-macos-15")
    assert asked == [("build (macos-15)", (made,), ["build (ubuntu-latest)", "other"])]
    assert results["publish"].conclusion == "success"
    assert results["build (macos-15)"].absent == "supplied"
    said = "pysim has no runner for macos-15; placeholders are made for wheels-macos-15"
    assert results["build (macos-15)"].reason == said


def test_a_job_is_missing_where_no_placeholder_could_be_made() -> None:
    jobs = matrix("{run: say x}", OFF_LINUX, systems="macos-15, ubuntu-latest") + PUBLISH
    ran = World().run("on: push\njobs:\n" + jobs)
    assert ran.reason("build (macos-15)") == "pysim has no runner for macos-15, and nothing stands for wheels-macos-15"
    assert ran.conclusions["publish"] == "skipped"


@pytest.mark.parametrize(
    ("path", "files"),
    [("dist/tool.exe", ["tool.exe"]), ("|\n a.txt\n out/b.zip", ["a.txt", "b.zip"]), ("'*.log'", None), ("x", None)],
)
def test_files_whose_names_are_written_can_be_made(path: str, files: Sequence[str] | None) -> None:
    asked: list[Sequence[StandIn]] = []

    def stand_in(_plan: Plan, _job: PlannedJob, made: Sequence[StandIn]) -> bool:
        asked.append(made)
        return True

    upload = f"      - uses: actions/upload-artifact@v4\n        with:\n          name: tool\n          path: {path}\n"
    upload = upload.replace("\n a.txt\n out", "\n            a.txt\n            out")
    job = f"  build:\n    runs-on: windows-latest\n    steps:\n{upload}{PUBLISH}"
    World(stand_in=stand_in).run(f"on: push\njobs:\n{job}")
    assert asked == ([] if files is None else [(StandIn(artifact="tool", files=tuple(files)),)])
