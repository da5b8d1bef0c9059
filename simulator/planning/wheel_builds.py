"""What a job builds wheels with, as far as its file tells without a run: the tool with its version and arguments."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from simulator.planning.known import UNKNOWN, Known
from simulator.planning.model import Plan, PlannedJob
from simulator.planning.publish_commands import values_of
from simulator.planning.tools import SETUP_PYTHON, action_name, building_step, code_of
from simulator.positions import Span
from simulator.workflow.model import Step

Tool = Literal["cibuildwheel", "maturin", "interpreter"]
CIBUILDWHEEL: Final = "pypa/cibuildwheel"
MATURIN: Final = "pyo3/maturin-action"
_VERSION: Final = re.compile(r"v?(\d+(?:\.\d+){0,2})$")
_REQUIREMENT: Final = re.compile(r"[\"']?(cibuildwheel(?:\[[\w,-]*\])?[=~<>!]=?[\w.,*=<>!~]+)[\"']?$")
_PROGRAM: Final = re.compile(r"cibuildwheel(?:$|[\[=~<>!@])")
_MATURIN: Final = re.compile(r"maturin(?:\.exe)?$")
_INTERPRETER: Final = re.compile(r"(?:(?:-i|--interpreter=)?python)?(\d\.\d+t?)")
_ENDS: Final = ("&&", "||", ";", "|", "&")
_VARIABLES: Final = re.compile(r"CIBW_\w+$|MACOSX_DEPLOYMENT_TARGET$")
_VALUED: Final = ("--only", "--archs", "--config-file", "--output-dir", "--platform", "--enable")
_LIKELY_FOLDERS: Final = ("dist", "wheelhouse", "wheels")


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelBuild:
    """How wheels are built: by cibuildwheel, by maturin, or by an interpreter and a build backend.

    `requirement` is what pip would be asked for to get cibuildwheel in that version, `arguments` are those of it that
    select what is built, and `variables` those of the step that say so. `target` is maturin's, or the `architecture` of
    the Python that is set up, "" where none is named; `platform` is cibuildwheel's, where the job names one, and
    `requirement_files` are those that pip installs from.
    `pythons` are the versions that it builds for, where the job names them. What is not known before the run is left
    out, and `sure` is False; `span` is the step's action.
    """

    tool: Tool
    requirement: str = ""
    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    platform: str = ""
    requirement_files: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    sure: bool = True
    span: Span | None = None


def wheel_build(plan: Plan, job: PlannedJob) -> WheelBuild | None:
    """The first that a job's steps have; None where no step is known to build."""
    known = Known.of(plan, job)
    steps = [step for step in job.job.all_steps if known.may_run(step)]
    pythons = tuple(version for step in steps for version in _pythons(step, known))
    found = (each for step in steps if (each := _of_step(job, step, known, pythons)) is not None)
    return next(found, None)


def may_hold_wheels(path: str) -> bool:
    """Whether the `path` of an upload can take wheels: a folder that builds write to, or a pattern that fits one."""
    lines = [line.strip().rstrip("/") for line in path.splitlines() if line.strip() and not line.startswith("!")]
    names = [line.rpartition("/")[2] for line in lines]
    return any(
        name.endswith((".whl", "*", "*.*")) or name in _LIKELY_FOLDERS or "." not in name.lstrip(".") for name in names
    )


def _of_step(job: PlannedJob, step: Step, known: Known, pythons: tuple[str, ...]) -> WheelBuild | None:
    inputs = {name.lower(): known.render(text) for name, text in step.with_.items()}
    name = action_name(step.uses.value) if step.uses is not None else ""
    script = known.render(step.run) if step.run is not None else ""
    words = next(_commands(script, _PROGRAM), None)
    if name == CIBUILDWHEEL:
        arguments = _given({f"--{key}": inputs.get(key, "") for key in ("only", "config-file", "enable")})
        folder = inputs.get("package-dir", "")
        version = cibuildwheel_requirement(step.uses.value.partition("@")[2] if step.uses is not None else "")
        return _cibuildwheel(job, step, known, version, (*arguments, *((folder,) if folder else ())))
    if words is not None:
        scripts = [known.render(each.run).split() for each in job.job.all_steps if each.run is not None]
        found = pinned_requirement(itertools.chain(words, *scripts)) or "cibuildwheel"
        build = _cibuildwheel(job, step, known, found, tuple(_of_command(words)))
        files = tuple(file for script in scripts for file in values_of(("-r", "--requirement"), script))
        platform = next(values_of(("--platform",), words), build.platform)
        return replace(build, platform=platform, requirement_files=files)
    told = _maturin_words(step, name, inputs, script)
    if told is not None:
        return _maturin(told, pythons, _variables(job, step, known)) if told else None
    if building_step(step) is None:
        return None
    machine = next(filter(None, (_architecture(each, known) for each in job.job.all_steps)), "")
    variables = _variables(job, step, known)
    return WheelBuild(tool="interpreter", pythons=pythons, target=machine, variables=variables)


def _maturin_words(step: Step, name: str, inputs: Mapping[str, str], script: str) -> Sequence[str] | None:
    """The words of a command of maturin, or what stands for them; none for one that builds no wheel, else None."""
    if name == MATURIN:
        builds = inputs.get("command", "build") in {"build", "publish"}
        return ["--target", inputs.get("target", ""), *inputs.get("args", "").split()] if builds else ()
    return next((words for words in _commands(script, _MATURIN) if "build" in words), None) if step.run else None


def _maturin(words: Sequence[str], pythons: tuple[str, ...], variables: Mapping[str, str]) -> WheelBuild:
    """Of a command; it builds for the interpreters that it names, or for all, or for the one that is there."""
    target = next(values_of(("--target", "-t"), words), "")
    named = tuple(found[1] for word in words if (found := _INTERPRETER.fullmatch(word)) is not None)
    every = not named and any(word in {"--find-interpreter", "-f"} for word in words)
    sure = not any(mark in target for mark in (UNKNOWN, "$"))
    chosen = () if every else named or pythons
    return WheelBuild(tool="maturin", target=target, pythons=chosen, variables=variables, sure=sure)


def _cibuildwheel(
    job: PlannedJob, step: Step, known: Known, requirement: str, arguments: tuple[str, ...]
) -> WheelBuild:
    given = [name for name in (*job.workflow.env, *job.job.env, *step.env) if _VARIABLES.match(name)]
    variables = _variables(job, step, known)
    return WheelBuild(
        tool="cibuildwheel",
        requirement=requirement,
        arguments=arguments,
        variables=variables,
        platform=variables.get("CIBW_PLATFORM", "").removeprefix("auto"),
        sure=variables.keys() == set(given) and not any("$" in word for word in arguments),
        span=step.uses.span if step.uses is not None else None,
    )


def _variables(job: PlannedJob, step: Step, known: Known) -> Mapping[str, str]:
    """The variables of a step that say what is built, as far as they are known."""
    texts = {**job.workflow.env, **job.job.env, **step.env}
    found = {name: known.render(text) for name, text in texts.items() if _VARIABLES.match(name)}
    return {name: text for name, text in found.items() if UNKNOWN not in text or UNKNOWN in texts[name].source}


def _architecture(step: Step, known: Known) -> str:
    """The processor that a job sets up a Python for, "" for the runner's own."""
    text = step.with_.get("architecture")
    is_python = step.uses is not None and action_name(step.uses.value) == SETUP_PYTHON
    return known.render(text) if text is not None and is_python else ""


def pinned_requirement(words: Iterable[str]) -> str | None:
    """The first requirement among words that says which cibuildwheel it is."""
    return next((match[1] for word in words if (match := _REQUIREMENT.match(word))), None)


def cibuildwheel_requirement(version: str) -> str:
    """The requirement for a version as refs of the action name it: `v2.21.3`, `v2.21`; for others, the newest."""
    found = _VERSION.match(version)
    if found is None:
        return "cibuildwheel"
    return f"cibuildwheel=={found[1]}" + ("" if found[1].count(".") == 2 else ".*")


def _commands(script: str, program: re.Pattern[str]) -> Iterator[Sequence[str]]:
    """The words of a script's commands from the one on that names a program, where it is not installed alone."""
    for line in code_of(script).splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue
        for word in words:
            if re.search(r"\s", word) and word != script:  # a command that another program is given
                yield from _commands(word, program)
        at = next((number for number, word in enumerate(words) if program.match(word.rpartition("/")[2])), None)
        if at is not None and "install" not in words[:at]:
            yield list(itertools.takewhile(lambda word: word not in _ENDS, words[at:]))


def _of_command(words: Sequence[str]) -> Iterator[str]:
    """The arguments of a command that select what is built, and the folder of the package."""
    left = list(words[1:])
    while left:
        word = left.pop(0)
        option, equals, value = word.partition("=")
        if option in _VALUED:
            value = value if equals else (left.pop(0) if left else "")
            if option not in {"--output-dir", "--platform"}:
                yield from (option, value)
        elif not word.startswith("-"):
            yield word


def _given(options: Mapping[str, str]) -> tuple[str, ...]:
    known = ((option, value) for option, value in options.items() if value and UNKNOWN not in value)
    return tuple(word for pair in known for word in pair)


def _pythons(step: Step, known: Known) -> Sequence[str]:
    if step.uses is None or action_name(step.uses.value) != SETUP_PYTHON:
        return ()
    text = step.with_.get("python-version")
    return [each for each in known.render(text).split() if UNKNOWN not in each] if text is not None else ()
