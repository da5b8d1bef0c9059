"""Puts a version of Python on PATH: the program of actions/setup-python.

Owns which version is meant, what is exported and what is said; where Pythons come from is `installations`' business.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from simulator.actions.builtin.setup_python import caching, installations, version_files, versions
from simulator.actions.builtin.setup_python.versions import Range, Version
from simulator.actions.builtin.toolkit import log, step
from simulator.actions.builtin.toolkit.step import ActionError

NEWEST = 7
ALL_VERSIONS = "https://raw.githubusercontent.com/actions/python-versions/main/versions-manifest.json"
MATCHER = Path(step.__file__).with_name("python_matcher.json")
PYTHON_2_IS_GONE = (
    "The support for python 2.7 was removed on June 19, 2023. "
    "Related issue: https://github.com/actions/setup-python/issues/672"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The inputs, checked; `versions` may be empty."""

    versions: tuple[str, ...]
    architecture: str
    check_latest: bool
    allow_prereleases: bool
    freethreaded: bool
    update_environment: bool
    cache: str
    pip_version: str
    pip_install: str


def main() -> None:
    """The action's program."""
    settings = read_settings()
    if settings.versions:
        prepare(settings)
    else:
        log.warning("The `python-version` input is not set.  The version of Python currently in `PATH` will be used.")
    log.command("add-matcher", str(MATCHER))


def prepare(settings: Settings) -> None:
    """Set up the versions that are asked for, and what is asked for besides."""
    with log.group("Installed versions"):
        named = [set_up(wanted, settings) for wanted in settings.versions]
    if settings.cache:
        caching.restore(settings.cache, named[-1], operating_system())
    if settings.pip_install and step.major_version(NEWEST) != 6:
        log.warning("Unexpected input(s) 'pip-install': it is one of v6 alone")
    elif settings.pip_install:
        pip("install", *settings.pip_install.split())


def read_settings() -> Settings:
    """The inputs. Raises ActionError in the action's own words."""
    return Settings(
        versions=tuple(read_versions()),
        architecture=step.text_input("architecture") or installations.own_architecture(),
        check_latest=step.flag_input("check-latest", default=False),
        allow_prereleases=step.flag_input("allow-prereleases", default=False),
        freethreaded=step.flag_input("freethreaded", default=False),
        update_environment=step.flag_input("update-environment", default=True),
        cache=step.text_input("cache"),
        pip_version=step.text_input("pip-version"),
        pip_install=step.text_input("pip-install"),
    )


def read_versions() -> list[str]:
    """The wanted versions: of the input, else of the named file, else of .python-version."""
    given = step.lines_input("python-version")
    file = step.text_input("python-version-file")
    if given and file:
        log.warning(
            "Both python-version and python-version-file inputs are specified, only python-version will be used."
        )
    if given:
        return given
    if not file:
        return version_files.read_default()
    if not Path(file).exists():
        raise ActionError(f"The specified python version file at: {file} doesn't exist.")
    return version_files.read(Path(file))


def set_up(wanted: str, settings: Settings) -> str:
    """Find or install one version and make it known to later steps; how it is called."""
    if wanted.startswith(("pypy", "graalpy")):
        raise ActionError(f"pysim has no {wanted}: it sets up CPython only")
    if wanted.startswith("2"):
        log.warning(PYTHON_2_IS_GONE)
    spec, free = versions.from_python(wanted, allow_prereleases=settings.allow_prereleases)
    free = free or settings.freethreaded
    architecture = f"{settings.architecture}-freethreaded" if free else settings.architecture
    log.debug(f"Semantic version spec of {wanted} is {spec}")
    version, folder = find_or_install(wanted, spec, architecture)
    if settings.update_environment:
        export(folder)
    named = f"{version}{'t' if free else ''}"
    step.set_output("python-version", named)
    step.set_output("python-path", str(folder / "bin" / "python"))
    if settings.pip_version:
        install_pip_version(settings.pip_version, folder)
    log.info(f"Successfully set up CPython ({named})")
    return named


def find_or_install(wanted: str, spec: str, architecture: str) -> tuple[Version, Path]:
    """The version and its folder. Raises ActionError when none is to be had."""
    accepted = versions.parse_range(spec) or []
    version = versions.best(accepted, installations.cached(architecture))
    if version:
        return version, installations.folder_of(version, architecture)
    log.info(f"Version {spec} was not found in the local cache")
    found = find_outside(accepted) if architecture == installations.own_architecture() else None
    if not found:
        raise ActionError(not_found(wanted, architecture, installations.hosted(accepted, architecture)))
    log.info(f"Setting up CPython {found.version} of {found.executable}")
    return found.version, installations.install(found, architecture)


def find_outside(accepted: Range) -> installations.Found | None:
    """A CPython of the machine, else one that uv fetches."""
    machine = {found.version: found for found in installations.of_machine()}
    version = versions.best(accepted, machine)
    if version:
        return machine[version]
    return installations.fetch_with_uv(installations.uv_request(accepted)) if accepted else None


def not_found(wanted: str, architecture: str, hosted: Version | None) -> str:
    """Why the step ends: setup-python's own words, and what there would be here."""
    cached = [str(version) for version in installations.cached(architecture)]
    machine = [f"{found.version} ({found.executable})" for found in installations.of_machine()]
    here = ", ".join([*cached, *machine]) or "none"
    return (
        f"The version '{wanted}' with architecture '{architecture}' was not found for {operating_system()}.\n"
        f"The list of all available versions can be found here: {ALL_VERSIONS}\n"
        f"pysim looked in the sandbox's tool cache and on this machine, where it found: {here}."
        + (f" GitHub has CPython {hosted}." if hosted else "")
    )


def operating_system() -> str:
    """The name and version that `lsb_release` gives, else those of /etc/os-release."""
    try:
        shown = subprocess.run(["lsb_release", "-i", "-r", "-s"], check=True, capture_output=True, text=True)
        return " ".join(shown.stdout.split())
    except (OSError, subprocess.CalledProcessError):
        release = dict(re.findall(r'^(ID|VERSION_ID)="?([^"\n]*)"?$', _os_release(), re.MULTILINE))
        return " ".join(filter(None, (release.get("ID", "Linux"), release.get("VERSION_ID", ""))))


def _os_release() -> str:
    file = Path("/etc/os-release")
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def export(folder: Path) -> None:
    """Set what later steps find the installation by."""
    library = str(folder / "lib")
    step.export_variable("pythonLocation", str(folder))
    step.export_variable("PKG_CONFIG_PATH", f"{library}/pkgconfig")
    for name in ("Python_ROOT_DIR", "Python2_ROOT_DIR", "Python3_ROOT_DIR"):
        step.export_variable(name, str(folder))
    present = os.environ.get("LD_LIBRARY_PATH", "")
    if library not in present.split(":"):
        step.export_variable("LD_LIBRARY_PATH", f"{library}:{present}" if present else library)
    step.add_path(str(folder))
    step.add_path(str(folder / "bin"))


def install_pip_version(version: str, folder: Path) -> None:
    """Replace pip by the version that the workflow names."""
    if not re.fullmatch(r"\d+(\.\d+)?(\.\d+)?", version):
        raise ActionError(
            f'Invalid pip-version "{version}". Please specify a version in the format major[.minor][.patch].'
        )
    log.info(f"pip-version input is specified. Installing pip version {version}")
    pip("install", "--upgrade", f"pip=={version}", "--no-warn-script-location", python=str(folder / "bin" / "python"))


def pip(*arguments: str, python: str = "python") -> None:
    """Run pip of the Python that was set up. Raises ActionError unless it ends with 0."""
    command = [python, "-m", "pip", *arguments, "--disable-pip-version-check"]
    log.info(f"[command]{' '.join(command)}")
    code = subprocess.run(command, check=False).returncode
    if code != 0:
        raise ActionError(f"The process '{python}' failed with exit code {code}")


if __name__ == "__main__":
    step.run(main)
