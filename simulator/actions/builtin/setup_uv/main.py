"""Puts a version of uv on PATH: the program of astral-sh/setup-uv.

Owns what is exported, in which order, and what is said. Source: the action's own code, v3 to v10.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from simulator.actions.builtin.setup_uv import caches, pythons, releases, version_files
from simulator.actions.builtin.setup_uv.settings import Settings, read_settings
from simulator.actions.builtin.toolkit import cache_service, log, step
from simulator.actions.builtin.toolkit.step import ActionError

MATCHER = Path(step.__file__).with_name("python_matcher.json")


def main() -> None:
    """The action's program."""
    settings = read_settings()
    if settings.quiet:
        log.silence()
    warn_of_empty_folder(settings.folder)
    version, folder = set_up(settings)
    export(settings, folder)
    activate(settings)
    if step.text_input("add-problem-matchers") == "true":
        log.command("add-matcher", str(MATCHER))
    if settings.cache_folder is not None:
        step.export_variable("UV_CACHE_DIR", settings.cache_folder)
        log.info(f"Set UV_CACHE_DIR to {settings.cache_folder}")
    step.set_output("uv-version", version)
    log.info(f"Successfully installed uv version {version}")
    step.save_state("version", version)
    step.save_state("uv", str(folder / "uv"))
    python = settings.python_version or found_python(settings.folder)
    if settings.major >= 7:
        step.set_output("python-version", python)
    if settings.caches and cache_service.available():
        caches.restore(settings, python)


def warn_of_empty_folder(folder: Path) -> None:
    """Say that there is nothing in the working directory."""
    if any(folder.iterdir()):
        return
    if step.text_input("ignore-empty-workdir") == "true":
        log.info("Empty workdir detected. Ignoring because ignore-empty-workdir is enabled")
    else:
        log.warning(
            "Empty workdir detected. This may cause unexpected behavior. "
            "You can enable ignore-empty-workdir to mute this warning."
        )


def set_up(settings: Settings) -> tuple[str, Path]:
    """The version and its folder, from the tool cache or put there."""
    version = releases.choose(wanted_version(settings), lowest=settings.lowest)
    folder = releases.find(version)
    if folder is not None:
        log.info(f"Found uv in tool-cache for {version}")
        return version, folder
    if settings.checksum:
        log.info("pysim takes uv from the package index: the checksum, which is of GitHub's archive, is not checked.")
    return version, releases.install(version)


def wanted_version(settings: Settings) -> str:
    """What the input asks for, else the named file, else uv.toml or pyproject.toml."""
    if settings.version:
        return settings.version.removeprefix("==")
    if settings.version_file is not None:
        found = version_files.required_version(settings.version_file)
        if found is None and settings.major >= 6:
            raise ActionError(f"Could not determine uv version from file: {settings.version_file}")
        return found or "latest"
    for name in ("uv.toml", "pyproject.toml"):
        found = version_files.required_version(settings.folder / name)
        if found is not None:
            return found
    log.info("Could not determine uv version from uv.toml or pyproject.toml. Falling back to latest.")
    return "latest"


def export(settings: Settings, folder: Path) -> None:
    """Set what later steps find uv, its tools and its Pythons by."""
    if settings.tool_bin_folder is not None:
        step.export_variable("UV_TOOL_BIN_DIR", str(settings.tool_bin_folder))
        log.info(f"Set UV_TOOL_BIN_DIR to {settings.tool_bin_folder}")
    add_path(settings.tool_bin_folder or user_bin(), "user local bin")
    step.set_output("uv-path", str(folder / "uv"))
    step.set_output("uvx-path", str(folder / "uvx"))
    add_path(folder, "uv")
    if settings.tool_folder is not None:
        step.export_variable("UV_TOOL_DIR", str(settings.tool_folder))
        log.info(f"Set UV_TOOL_DIR to {settings.tool_folder}")
    if settings.python_folder is not None:
        step.export_variable("UV_PYTHON_INSTALL_DIR", str(settings.python_folder))
        log.info(f"Set UV_PYTHON_INSTALL_DIR to {settings.python_folder}")
        add_path(settings.python_folder, "python dir")
    if settings.python_version:
        step.export_variable("UV_PYTHON", settings.python_version)
        log.info(f"Set UV_PYTHON to {settings.python_version}")
        home = Path(os.environ.get("HOME", "/"))
        pythons.show(settings.python_version, settings.python_folder or home / ".local/share/uv/python")


def user_bin() -> Path:
    """Where uv puts programs of tools by default."""
    home, data = os.environ.get("XDG_BIN_HOME"), os.environ.get("XDG_DATA_HOME")
    if home is not None:
        return Path(home)
    return Path(f"{data}/../bin") if data is not None else Path(os.environ.get("HOME", "/")) / ".local/bin"


def add_path(folder: Path, title: str) -> None:
    """Put a folder on PATH, unless UV_NO_MODIFY_PATH says otherwise."""
    if "UV_NO_MODIFY_PATH" in os.environ:
        log.info(f"UV_NO_MODIFY_PATH is set, not adding {title} to path")
        return
    step.add_path(str(folder))
    log.info(f"Added {folder} to the path")


def activate(settings: Settings) -> None:
    """Make a virtual environment and put it on PATH."""
    place = settings.environment
    if place is None:
        return
    if "UV_NO_MODIFY_PATH" in os.environ:
        raise ActionError("UV_NO_MODIFY_PATH and activate-environment cannot be used together.")
    log.info(f"Creating and activating python venv at {place}...")
    options = ["--directory", str(settings.folder)]
    options += ["--clear"] if settings.major >= 7 else []
    options += ["--no-project"] if settings.no_project else []
    command = ["uv", "venv", str(place), *options]
    log.info(f"[command]{' '.join(command)}")
    code = subprocess.run(command, check=False).returncode
    if code != 0:
        raise ActionError(f"The process 'uv' failed with exit code {code}")
    step.add_path(str(place / "bin"))
    step.export_variable("VIRTUAL_ENV", str(place))
    step.set_output("venv", str(place))


def found_python(folder: Path) -> str:
    """The version of the Python that uv would use."""
    located = subprocess.run(
        ["uv", "python", "find", "--directory", str(folder)], check=False, capture_output=True, text=True
    )
    if located.returncode != 0:
        return "unknown"
    asked = subprocess.run([located.stdout.strip(), "--version"], check=False, capture_output=True, text=True)
    return asked.stdout.removeprefix("Python ").strip() or "unknown"


if __name__ == "__main__":
    step.run(main)
