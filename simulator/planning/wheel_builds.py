"""What a job builds wheels with, as far as its file tells without a run: the tool with its version and arguments."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from simulator.planning.known import UNKNOWN, Known
from simulator.planning.model import Plan, PlannedJob
from simulator.planning.outside import simple_commands
from simulator.planning.publish_commands import values_of
from simulator.planning.tools import action_name, building_step, code_of
from simulator.workflow.model import Step

Tool = Literal["cibuildwheel", "maturin", "interpreter"]
CIBUILDWHEEL: Final = "pypa/cibuildwheel"
MATURIN: Final = "pyo3/maturin-action"
_VERSION: Final = re.compile(r"v?(\d+(?:\.\d+){0,2})$")
_REQUIREMENT: Final = re.compile(r"[\"']?(cibuildwheel(?:\[[\w,-]*\])?[=~<>!]=?[\w.,*=<>!~]+)[\"']?$")
_PROGRAM: Final = re.compile(r"cibuildwheel(?:$|[\[=~<>!@])")
_ENDS: Final = ("&&", "||", ";", "|", "&")
_VARIABLES: Final = re.compile(r"CIBW_\w+$|MACOSX_DEPLOYMENT_TARGET$")
_VALUED: Final = ("--only", "--archs", "--config-file", "--output-dir", "--platform", "--enable")
_LIKELY_FOLDERS: Final = ("dist", "wheelhouse", "wheels")


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelBuild:
    """How wheels are built: by cibuildwheel, by maturin, or by an interpreter and a build backend.

    `requirement` is what pip would be asked for to get cibuildwheel in that version, `arguments` are those of it that
    select what is built, and `variables` its own among the job's. `target` is maturin's, "" where none is named.
    `pythons` are the versions that the job sets up. What is not known before the run is left out, and `sure` is False.
    """

    tool: Tool
    requirement: str = ""
    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    pythons: tuple[str, ...] = ()
    sure: bool = True


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
    words = next(_cibuildwheel_commands(script), None)
    if name == CIBUILDWHEEL:
        arguments = _given({f"--{key}": inputs.get(key, "") for key in ("only", "config-file", "enable")})
        folder = inputs.get("package-dir", "")
        version = _version_of(step)
        return _cibuildwheel(job, step, known, version, (*arguments, *((folder,) if folder else ())))
    if words is not None:
        scripts = (known.render(each.run).split() for each in job.job.all_steps if each.run is not None)
        pinned = (match[1] for word in itertools.chain(words, *scripts) if (match := _REQUIREMENT.match(word)))
        found = next(pinned, "cibuildwheel")
        return _cibuildwheel(job, step, known, found, tuple(_of_command(words)))
    if name == MATURIN and inputs.get("command", "build") not in {"build", "publish"}:
        return None
    if name == MATURIN:
        target = inputs.get("target", "")
        return WheelBuild(tool="maturin", target=target, pythons=pythons, sure=UNKNOWN not in target)
    for words in simple_commands(script):
        if "maturin" in (word.rpartition("/")[2] for word in words) and "build" in words:
            target = next(values_of(("--target", "-t"), words), "")
            return WheelBuild(tool="maturin", target=target, pythons=pythons, sure="$" not in target)
    return WheelBuild(tool="interpreter", pythons=pythons) if building_step(step) is not None else None


def _cibuildwheel(
    job: PlannedJob, step: Step, known: Known, requirement: str, arguments: tuple[str, ...]
) -> WheelBuild:
    texts = {**job.workflow.env, **job.job.env, **step.env}
    rendered = {name: known.render(text) for name, text in texts.items() if _VARIABLES.match(name)}
    whole = {name: text for name, text in rendered.items() if UNKNOWN not in text or UNKNOWN in texts[name].source}
    return WheelBuild(
        tool="cibuildwheel",
        requirement=requirement,
        arguments=arguments,
        variables=whole,
        sure=whole == rendered and not any("$" in word for word in arguments),
    )


def _version_of(step: Step) -> str:
    """The requirement for the version that an action's ref names: `@v2.21.3`, `@v2.21`; of others, the newest."""
    ref = step.uses.value.partition("@")[2] if step.uses is not None else ""
    found = _VERSION.match(ref)
    if found is None:
        return "cibuildwheel"
    return f"cibuildwheel=={found[1]}" + ("" if found[1].count(".") == 2 else ".*")


def _cibuildwheel_commands(script: str) -> Iterator[Sequence[str]]:
    """The words of a script's commands from the one on that names cibuildwheel, where it is not installed alone."""
    for line in code_of(script).splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue
        at = next((number for number, word in enumerate(words) if _PROGRAM.match(word.rpartition("/")[2])), None)
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
    if step.uses is None or action_name(step.uses.value) != "actions/setup-python":
        return ()
    text = step.with_.get("python-version")
    return [each for each in known.render(text).split() if UNKNOWN not in each] if text is not None else ()
