"""The names of the wheels that a job on macOS or Windows would build.

They come from the build tool's own identifiers, or from the wheels that Linux built; where the tag of the platform
is not the tool's own, it is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from simulator.planning.runners import System
from simulator.planning.wheel_builds import WheelBuild
from simulator.rehearsal.distributions import Distribution

_IDENTIFIER: Final = re.compile(r"(cp|pp|gp)(\d+)(t?)(?:_(\d+))?-(macosx|win)_?(\w+)")
_STABLE: Final = ("none", "abi3")
_TARGET: Final = re.compile(r"\bMACOSX_DEPLOYMENT_TARGET\s*=\s*[\"']?(\d+(?:\.\d+)?)")
_UNIVERSAL: Final = "macosx_10_12_x86_64.macosx_11_0_arm64.macosx_10_12_universal2"
_RUST: Final[Mapping[System, Mapping[str, str]]] = {
    # The deployment targets of rustc's own targets: https://doc.rust-lang.org/rustc/platform-support/apple-darwin.html
    "macOS": {"universal2": _UNIVERSAL, "ARM64": "macosx_11_0_arm64", "X64": "macosx_10_12_x86_64"},
    "Windows": {"ARM64": "win_arm64", "X64": "win_amd64", "X86": "win32"},
}
_MACHINES: Final = {
    "universal2": "universal2",
    "aarch64": "ARM64",
    "arm64": "ARM64",
    "x86_64": "X64",
    "x64": "X64",
    "i686": "X86",
    "x86": "X86",
}
Versions = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Runner:
    """The system of a job, and its processor as `runner.arch` has it."""

    system: System
    machine: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedWheel:
    """A wheel that would be built, by its name, and the distribution that it is made after.

    One that is `same` has no tag of a platform: it is the file that Linux built.
    """

    filename: str
    model: Distribution
    same: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedWheels:
    """The wheels of a job, and what was assumed of them, in a sentence's part; None for nothing."""

    wheels: Sequence[PlannedWheel]
    assumed: str | None = None


def planned_wheels(
    build: WheelBuild, runner: Runner, built: Sequence[Distribution], identifiers: Sequence[str] | None, settings: str
) -> PlannedWheels:
    """What a job would build, after what was `built` here; no wheels where that cannot be told.

    `identifiers` are cibuildwheel's, None where it did not answer; `settings` is what its configuration sets in the
    environment, as text.
    """
    found: dict[str, PlannedWheel] = {}
    tags: set[str] = set()
    for model in {each.project: each for each in built}.values():
        same = [each for each in built if each.project == model.project]
        wheels = [each for each in same if each.kind == "wheel"]
        if wheels and all(_platforms(wheel) == {"any"} for wheel in wheels):
            found |= {wheel.filename: PlannedWheel(filename=wheel.filename, model=wheel, same=True) for wheel in wheels}
            continue
        for tag in _tags(build, runner, wheels, identifiers, settings):
            wheel = next((each for each in wheels if (tag.interpreter, tag.abi) in _pairs(each)), None)
            planned = PlannedWheel(
                filename=f"{base_name(model)}-{tag.interpreter}-{tag.abi}-{tag.platform}.whl",
                model=wheel or next(iter(wheels), model),
            )
            found[planned.filename] = planned
            tags.add(tag.platform)
    own = (build.tool == "cibuildwheel" and identifiers is not None) or build.tool == "maturin"
    assumed = f"the tag{'s' if len(tags) > 1 else ''} {', '.join(sorted(tags))}" if tags and not own else None
    return PlannedWheels(wheels=tuple(found.values()), assumed=assumed)


def wheel_tag(identifier: str, settings: str) -> Tag | None:
    """The tag of the wheel that cibuildwheel makes for a build identifier; None for none of these systems."""
    match = _IDENTIFIER.fullmatch(identifier)
    if match is None:
        return None
    kind, digits, threads, graal, system, machine = match.groups()
    version = (int(digits[0]), int(digits[1:]))
    interpreter = {"cp": f"cp{digits}", "pp": f"pp{digits}", "gp": f"graalpy{digits}"}[kind]
    abi = {
        "cp": f"cp{digits}{'m' if version < (3, 8) else ''}{threads}",
        "pp": f"pypy{digits}_pp73",
        "gp": f"graalpy{graal}_{digits}_native",
    }[kind]
    if system == "win":
        return Tag(interpreter, abi, "win32" if machine == "32" else f"win_{machine}")
    least = _least_target(kind, version, machine)
    asked = [_version(text) for text in _TARGET.findall(settings)]
    major, minor = max([least, *asked[:1]])
    return Tag(interpreter, abi, f"macosx_{major}_{0 if major > 10 else minor}_{machine}")


def _least_target(kind: str, version: Versions, machine: str) -> Versions:
    """The oldest macOS that a wheel is for, as cibuildwheel 3.2 has it (cibuildwheel/platforms/macos.py)."""
    if machine == "arm64":
        return 11, 0
    if version >= (3, 14):
        return 10, 15
    if version >= (3, 12):
        return 10, 13
    return (10, 15) if kind == "pp" and version >= (3, 9) else (10, 9)


def _version(text: str) -> Versions:
    major, _, minor = text.partition(".")
    return int(major), int(minor or 0)


def _tags(
    build: WheelBuild,
    runner: Runner,
    wheels: Sequence[Distribution],
    identifiers: Sequence[str] | None,
    settings: str,
) -> Iterator[Tag]:
    """The tags of the wheels, one for each; of several Pythons that share one wheel, that."""
    pairs = [pair for wheel in wheels for pair in _pairs(wheel)]
    stable = [pair for pair in pairs if pair[1] in _STABLE]
    if build.tool == "cibuildwheel" and identifiers is not None:
        named = [tag for each in identifiers if (tag := wheel_tag(each, settings)) is not None]
        for tag in named:
            shared = stable and tag.interpreter.startswith("cp") and not tag.abi.endswith("t")
            yield Tag(*stable[0], tag.platform) if shared else tag
        return
    platform = _platform(build, runner)
    versions = [] if stable or build.tool == "maturin" else [each.split(".") for each in build.pythons]
    own = [f"cp{major}{minor}" for major, minor, *_ in (each for each in versions if len(each) > 1)]
    for interpreter, abi in dict.fromkeys([(name, name) for name in own] or stable[:1] or pairs):
        yield Tag(interpreter, abi, platform or _interpreter_platform(interpreter, runner))


def _platform(build: WheelBuild, runner: Runner) -> str | None:
    """The platform of maturin's target; None for other tools."""
    if build.tool != "maturin":
        return None
    target = build.target.lower()
    machine = next((each for word, each in _MACHINES.items() if target.startswith(word)), runner.machine)
    return _RUST[runner.system].get(machine, _RUST[runner.system][runner.machine])


def _interpreter_platform(interpreter: str, runner: Runner) -> str:
    """The platform of the interpreters that actions/setup-python installs: those of python.org."""
    if runner.system == "Windows":
        return "win_arm64" if runner.machine == "ARM64" else "win_amd64"
    digits = re.sub(r"\D", "", interpreter)
    version = (int(digits[:1] or 3), int(digits[1:] or 0))
    major, minor = _least_target("cp", version, "universal2")
    return f"macosx_{major}_{minor}_universal2"


def _pairs(wheel: Distribution) -> Sequence[tuple[str, str]]:
    """Interpreter and ABI of a wheel, as its name has them."""
    parts = wheel.filename.removesuffix(".whl").split("-")
    return [(parts[-3], parts[-2])] if len(parts) >= 5 else []


def _platforms(wheel: Distribution) -> set[str]:
    try:
        return {tag.platform for tag in parse_wheel_filename(wheel.filename)[3]}
    except InvalidWheelFilename:
        return set()


def base_name(model: Distribution) -> str:
    """Name and version, as the names of its files have them."""
    if model.kind == "wheel":
        return "-".join(model.filename.split("-")[:2])
    return model.filename.removesuffix(".tar.gz")
