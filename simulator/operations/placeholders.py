"""Placeholders for what jobs on macOS and Windows would upload, made while the run goes on."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from simulator.archives import BROKEN, TooMuchError
from simulator.errors import SimulatorError
from simulator.operations.opened import OpenRehearsal
from simulator.operations.own_jobs import run_own
from simulator.planning.calls import foreseen_jobs
from simulator.planning.model import Plan, PlannedJob
from simulator.planning.runners import machine_of, system_of
from simulator.planning.wheel_builds import WheelBuild, cibuildwheel_requirement, pinned_requirement, wheel_build
from simulator.rehearsal.distributions import Distribution, in_artifacts
from simulator.rehearsal.placeholders.names import PlannedWheels, Runner, planned_wheels
from simulator.rehearsal.placeholders.wheels import make_wheel
from simulator.run_events import Notice
from simulator.runner.absent import StandIn
from simulator.runner.graph import is_off_system
from simulator.runner.model import RunSettings
from simulator.workflow.loader import load_workflow

_FILE: Final = "Made by pysim in the place of a file that the job {} would make.\n"
_IDENTIFIER: Final = re.compile(r"[a-z]{2}\d\w*-(?:macosx|win|ios)\w*")
_PLATFORMS: Final = {"macOS": "macos", "Windows": "windows"}
_MACHINES: Final = {"macOS": {"ARM64": "arm64", "X64": "x86_64"}, "Windows": {"ARM64": "ARM64", "X64": "AMD64"}}
_ASK: Final = "import platform; platform.machine = lambda: {!r}; from cibuildwheel.__main__ import main; main()"
_HEAD: Final = """\
name: names of wheels
on: workflow_dispatch
jobs:
  names:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: '3.12'}
"""


def with_placeholders(rehearsal: OpenRehearsal, settings: RunSettings) -> RunSettings:
    """The settings of a run whose jobs for other systems have placeholders in the place of their artifacts."""
    return replace(settings, stand_in=_Maker(rehearsal, settings))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Question:
    """What cibuildwheel is asked: which builds it would make on a system."""

    requirement: str
    runner: Runner
    platform: str
    arguments: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]


class _Maker:
    """Makes the placeholders of one workflow run; called by the run's own thread alone."""

    def __init__(self, rehearsal: OpenRehearsal, settings: RunSettings) -> None:
        self._rehearsal, self._settings = rehearsal, settings
        self._answers: dict[_Question, Sequence[str] | None] = {}
        self._made: set[str] = set()  # names of artifacts

    def __call__(self, plan: Plan, job: PlannedJob, stand_ins: Sequence[StandIn]) -> bool:
        """Make what a job would upload; False where it cannot be told what that is."""
        runner, wheels = _runner(job), PlannedWheels(wheels=())
        if any(not each.files for each in stand_ins):
            wheels = self._planned(plan, job, runner)
            if not wheels.wheels:
                return False
        with tempfile.TemporaryDirectory(prefix="pysim-placeholders-") as temporary:
            folders = [Path(temporary, str(number)) for number, _ in enumerate(stand_ins)]
            try:
                for folder, each in zip(folders, stand_ins, strict=True):
                    folder.mkdir()
                    for name in each.files:
                        (folder / name).write_text(_FILE.format(job.key), encoding="utf-8")
                    for planned in () if each.files else wheels.wheels:
                        make_wheel(planned, folder, runner.system)
                for folder, each in zip(folders, stand_ins, strict=True):
                    self._supply(job, each, folder, wheels)
            except (*BROKEN, TooMuchError, SimulatorError):  # nothing stands for the job then, and it is missing
                return False
        return True

    def _supply(self, job: PlannedJob, stand_in: StandIn, folder: Path, wheels: PlannedWheels) -> None:
        self._made.add(stand_in.artifact)
        self._rehearsal.twins.supply(
            self._settings.number,
            stand_in.artifact,
            folder,
            job_id=job.key,
            placeholders=stand_in.files or [each.filename for each in wheels.wheels if not each.same],
            assumed=None if stand_in.files else wheels.assumed,
        )

    def _planned(self, plan: Plan, job: PlannedJob, runner: Runner) -> PlannedWheels:
        build = self._pinned(wheel_build(plan, job) or WheelBuild(tool="interpreter"))
        identifiers = self._identifiers(plan, job, build, runner)
        return planned_wheels(build, runner, self._built(job), identifiers, self._environment(build))

    def _pinned(self, build: WheelBuild) -> WheelBuild:
        """With the version of a requirement file, or of the comment behind an action: `@<commit> # v3.2.1`."""
        if build.requirement != "cibuildwheel":
            return build
        line = self._settings.quote(build.span.file, build.span.line) if build.span else None
        if line is not None:
            return replace(build, requirement=cibuildwheel_requirement(line.partition("#")[2].strip()))
        tree = self._rehearsal.inspection.around.tree
        texts = (tree.read(posixpath.normpath(file)) or b"" for file in build.requirement_files)
        pinned = (pinned_requirement(text.decode(errors="replace").split()) for text in texts)
        return replace(build, requirement=next(filter(None, pinned), build.requirement))

    def _built(self, job: PlannedJob) -> Sequence[Distribution]:
        """What the other jobs of a matrix built, else what all jobs did."""
        artifacts = [
            each
            for each in self._rehearsal.twins.artifacts()
            if each.workflow_run == self._settings.number and each.name not in self._made
        ]
        matrix = job.key.rpartition(" (")[0]
        same = [each for each in artifacts if matrix and each.job_id.rpartition(" (")[0] == matrix]
        return in_artifacts(same) or in_artifacts(artifacts)

    def _environment(self, build: WheelBuild) -> str:
        """What the settings of cibuildwheel put into the environment of its builds, as text."""
        said = [f"{name}={value}" for name, value in build.variables.items()]
        for project in self._rehearsal.inspection.around.projects.values():
            table: Any = project.table("tool").get("cibuildwheel")
            tables = [table.get("macos"), table] if isinstance(table, dict) else []
            for found in (each.get("environment") for each in tables if isinstance(each, dict)):
                pairs = found.items() if isinstance(found, dict) else ()
                said += [f"{name}={value}" for name, value in pairs] or [str(found)]
        return "\n".join(said)

    # ---- asking cibuildwheel

    def _identifiers(self, plan: Plan, job: PlannedJob, build: WheelBuild, runner: Runner) -> Sequence[str] | None:
        if build.tool != "cibuildwheel":
            return None
        if "--only" in build.arguments:
            return [build.arguments[build.arguments.index("--only") + 1]]
        asked = _question(build, runner)
        if asked not in self._answers and not self._settings.offline:
            jobs = (*foreseen_jobs(self._settings.plan), (plan, job))
            others = [self._question_of(inner, each) for inner, each in jobs]
            self._ask([each for each in dict.fromkeys(others) if each is not None and each not in self._answers])
        return self._answers.get(asked)

    def _question_of(self, plan: Plan, job: PlannedJob) -> _Question | None:
        build = wheel_build(plan, job) if is_off_system(job) else None
        if build is None or build.tool != "cibuildwheel" or "--only" in build.arguments:
            return None
        return _question(self._pinned(build), _runner(job))

    def _ask(self, questions: Sequence[_Question]) -> None:
        """Ask cibuildwheel in a sandbox what it would build; None for what it does not answer."""
        loaded = load_workflow("".join(_workflow(questions)), "pysim:names.yml").workflow
        assert loaded is not None
        outcomes = run_own(self._rehearsal, "", loaded)
        for number, question in enumerate(questions):
            outcome = outcomes.get(f"ask{number}")
            lines = outcome.lines if outcome is not None and outcome.ok else ()
            found = [line for line in lines if _IDENTIFIER.fullmatch(line)]
            self._answers[question] = found or None
            if not found:
                why = outcome.reason if outcome is not None and not outcome.ok else "it named none"
                self._rehearsal.observer(
                    Notice(
                        message=f"{question.requirement} could not be asked what it builds for {question.platform}: "
                        f"{why}. The wheels that Linux built say it, where they can.",
                        hint="Supply the artifact, where names and number of the wheels matter.",
                    )
                )


def _runner(job: PlannedJob) -> Runner:
    return Runner(system=system_of(job.runs_on) or "Linux", machine=machine_of(job.runs_on))


def _question(build: WheelBuild, runner: Runner) -> _Question:
    return _Question(
        requirement=build.requirement,
        runner=runner,
        platform=build.platform or _PLATFORMS[runner.system],
        arguments=build.arguments,
        variables=tuple(sorted(build.variables.items())),
    )


def _workflow(questions: Sequence[_Question]) -> Iterator[str]:
    """A job that installs each version that is asked, and asks."""
    yield _HEAD
    requirements = list(dict.fromkeys(each.requirement for each in questions))
    for number, requirement in enumerate(requirements):
        python = f'"$RUNNER_TEMP/names{number}/bin/python"'
        script = f'python -m venv "$RUNNER_TEMP/names{number}"\n{python} -m pip install {shlex.quote(requirement)}'
        yield _step(f"install{number}", f"pip installs {requirement}", script, {})
    for number, each in enumerate(questions):
        machine = _MACHINES[each.runner.system][each.runner.machine]
        words = [
            *("-c", _ASK.format(machine), "--print-build-identifiers"),
            *("--platform", each.platform, *each.arguments),
        ]
        python = f'"$RUNNER_TEMP/names{requirements.index(each.requirement)}/bin/python"'
        name = f"cibuildwheel names its builds for {each.platform} on {machine} ({number + 1})"
        yield _step(f"ask{number}", name, f"{python} {shlex.join(words)}", dict(each.variables))


def _step(step_id: str, name: str, script: str, variables: Mapping[str, str]) -> str:
    rows = [f"id: {step_id}", f"name: {json.dumps(name)}", "if: always()", f"run: {json.dumps(script)}"]
    rows += [f"env: {json.dumps(dict(variables))}"] if variables else []
    text = "".join(f"      {'- ' if row is rows[0] else '  '}{row}\n" for row in rows)
    return text.replace("${{", "${{ '${{' }}")  # no text of the repository is an expression here
