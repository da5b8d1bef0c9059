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

_IDENTIFIER: Final = re.compile(r"(cp|pp|gp)(\d+)(t?)(?:_(\d+))?-(macosx|win|ios)_?(\w+)")
_PYTHON: Final = re.compile(r"(\d)\.(\d+)(t?)")
_IOS: Final = "13_0"  # cibuildwheel/platforms/ios.py
_STABLE: Final = ("none", "abi3")
_TARGET: Final = re.compile(r"\bMACOSX_DEPLOYMENT_TARGET\s*=\s*[\"']?(\d+(?:\.\d+)?)")
# The oldest macOS of rustc's own targets: https://doc.rust-lang.org/rustc/platform-support/apple-darwin.html
_RUST: Final[Mapping[str, tuple[int, int]]] = {"x86_64": (10, 12), "arm64": (11, 0)}
_WINDOWS: Final = {"ARM64": "win_arm64", "X64": "win_amd64", "X86": "win32"}
_MACHINES: Final = {
    "universal2": "universal2",
    "aarch64": "ARM64",
    "arm64": "ARM64",
    "x86_64": "X64",
    "x64": "X64",
    "i686": "X86",
    "x86": "X86",
}
MajorMinor = tuple[int, int]


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
    assumed = None
    if tags and not own:
        assumed = f"the tag{'s' if len(tags) > 1 else ''} {', '.join(sorted(tags))}"
    elif tags and not build.sure:
        assumed = "which wheels these are, as a part of the selection is made at run time"
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
    if system == "ios":
        return Tag(interpreter, abi, f"ios_{_IOS}_{machine}")
    if system == "win":
        return Tag(interpreter, abi, "win32" if machine == "32" else f"win_{machine}")
    least = _least_target(kind, version, machine)
    asked = [_version(text) for text in _TARGET.findall(settings)]
    return Tag(interpreter, abi, _macos(max([least, *asked[:1]]), machine))


def _least_target(kind: str, version: MajorMinor, machine: str) -> MajorMinor:
    """The oldest macOS that a wheel is for, as cibuildwheel 3.2 has it (cibuildwheel/platforms/macos.py)."""
    if machine == "arm64":
        return 11, 0
    if version >= (3, 14):
        return 10, 15
    if version >= (3, 12):
        return 10, 13
    return (10, 15) if kind == "pp" and version >= (3, 9) else (10, 9)


def _version(text: str) -> MajorMinor:
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
        for tag in filter(None, (wheel_tag(each, settings) for each in identifiers)):
            shared = stable and tag.interpreter.startswith("cp") and not tag.abi.endswith("t")
            yield Tag(*stable[0], tag.platform) if shared else tag
        return
    if build.platform not in {"", "macos", "windows"}:  # no wheel of Linux tells what that builds
        return
    named = list(map(_pair, filter(None, map(_PYTHON.match, build.pythons))))
    free = [pair for pair in named if pair[1].endswith("t")]
    chosen = free or (stable[:1] or named if named else stable[:1] or pairs)
    for interpreter, abi in dict.fromkeys(chosen):
        yield Tag(interpreter, abi, _platform(build, runner, interpreter, settings))


def _pair(version: re.Match[str]) -> tuple[str, str]:
    """Interpreter and ABI of a CPython, as `3.14t` names it."""
    name = f"cp{version[1]}{version[2]}"
    return name, f"{name}{version[3]}"


def _platform(build: WheelBuild, runner: Runner, interpreter: str, settings: str) -> str:
    """The platform that maturin is told to build for, else that of the interpreter."""
    target = build.target.lower()
    machine = next((each for word, each in _MACHINES.items() if target.startswith(word)), runner.machine)
    if runner.system == "Windows":
        return _WINDOWS.get(machine, "win_amd64")
    asked = [_version(text) for text in _TARGET.findall(settings)][:1]
    if build.tool != "maturin":  # the interpreters of actions/setup-python come from python.org
        digits = re.sub(r"\D", "", interpreter)
        own = "arm64" if machine == "ARM64" else "x86_64"
        wanted = "universal2" if build.tool == "interpreter" else own
        least = _least_target("cp", (int(digits[:1] or 3), int(digits[1:] or 0)), wanted)
        return _macos(max([least, *asked]), wanted)
    parts = {name: _macos(max([least, *asked]), name) for name, least in _RUST.items()}
    if machine == "universal2":
        return f"{parts['x86_64']}.{parts['arm64']}.{_macos(max([_RUST['x86_64'], *asked]), 'universal2')}"
    return parts["arm64" if machine == "ARM64" else "x86_64"]


def _macos(version: MajorMinor, machine: str) -> str:
    major, minor = version
    return f"macosx_{major}_{0 if major > 10 else minor}_{machine}"


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
