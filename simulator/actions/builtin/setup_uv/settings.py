"""The inputs of setup-uv, as each of its major versions reads them. Changes nothing."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from simulator.actions.builtin.setup_uv import version_files
from simulator.actions.builtin.toolkit import log, step
from simulator.actions.builtin.toolkit.step import ActionError

NEWEST = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The inputs, checked; `cache_folder` None leaves UV_CACHE_DIR alone, `python_folder` UV_PYTHON_INSTALL_DIR."""

    major: int
    folder: Path
    version: str
    version_file: Path | None
    lowest: bool
    python_version: str
    environment: Path | None
    no_project: bool
    checksum: str
    caches: bool
    restores_cache: bool
    saves_cache: bool
    prunes_cache: bool
    caches_python: bool
    may_save_nothing: bool
    cache_folder: str | None
    python_folder: Path | None
    tool_folder: Path | None
    tool_bin_folder: Path | None
    quiet: bool


def read_settings() -> Settings:
    """The inputs. Raises ActionError in the action's own words."""
    major = step.major_version(NEWEST)
    folder = Path(step.text_input("working-directory") or ".") if major >= 6 else Path.cwd()
    file = _path(
        folder, step.text_input("version-file") or step.text_input("uv-file") or step.text_input("pyproject-file")
    )
    if step.text_input("manifest-file"):
        raise ActionError("pysim does not model manifest-file: uv comes from the package index")
    caches = _caches(major)
    return Settings(
        major=major,
        folder=folder,
        version=step.text_input("version") or ("latest" if major < 5 else ""),
        version_file=file,
        lowest=_lowest(),
        python_version=step.text_input("python-version") or _python_of(file),
        environment=_environment(major, folder),
        no_project=step.flag_input("no-project"),
        checksum=step.text_input("checksum"),
        caches=caches,
        restores_cache=step.text_input("restore-cache") == "true",
        saves_cache=step.text_input("save-cache") == "true",
        prunes_cache=(step.text_input("prune-cache") or ("true" if major < 9 else "false")) == "true",
        caches_python=step.text_input("cache-python") == "true",
        may_save_nothing=step.text_input("ignore-nothing-to-cache") == "true",
        cache_folder=_cache_folder(major, folder, file, caches=caches),
        python_folder=_python_folder() if major >= 7 else None,
        tool_folder=_path(folder, step.text_input("tool-dir")),
        tool_bin_folder=_path(folder, step.text_input("tool-bin-dir")),
        quiet=step.text_input("quiet") == "true",
    )


def _lowest() -> bool:
    strategy = step.text_input("resolution-strategy")
    if strategy not in {"", "highest", "lowest"}:
        raise ActionError(f"Invalid resolution-strategy: {strategy}. Must be 'highest' or 'lowest'.")
    return strategy == "lowest"


def _path(folder: Path, text: str) -> Path | None:
    """A path of an input; a tilde is the home folder, and what is relative begins in the working directory."""
    return Path(os.path.normpath(folder.absolute() / _with_home(text))) if text else None


def _with_home(text: str) -> str:
    return f"{os.environ.get('HOME', '')}{text[1:]}" if text.startswith("~") else text


def _python_of(file: Path | None) -> str:
    """The Python of a .tool-versions, where UV_PYTHON says none."""
    if os.environ.get("UV_PYTHON") or file is None or not file.is_file():
        return ""
    return version_files.python_version(file)


def _environment(major: int, folder: Path) -> Path | None:
    """Where a virtual environment is made; v5 makes one whenever a Python is named."""
    if major == 5:
        return folder / ".venv" if step.text_input("python-version") else None
    asked = step.flag_input("activate-environment")
    path = step.text_input("venv-path")
    if path and not asked:
        log.warning("venv-path is only used when activate-environment is true")
    return _path(folder, path or ".venv") if asked else None


def _caches(major: int) -> bool:
    given = step.text_input("enable-cache")
    if given != "auto":
        return given == "true"
    if major < 5 or os.environ.get("RUNNER_ENVIRONMENT", "github-hosted") != "github-hosted":
        return False
    event = os.environ.get("GITHUB_EVENT_NAME", "")
    if major >= 10 and event == "push" and os.environ.get("GITHUB_REF", "").startswith("refs/tags/"):
        log.info("Caching is disabled for tag pushes")
        return False
    if major >= 10 and event in {"pull_request_target", "workflow_run", "release"}:
        log.info(f"Caching is disabled for the {event} event")
        return False
    return True


def _cache_folder(major: int, folder: Path, file: Path | None, *, caches: bool) -> str | None:
    """The folder of uv's cache, where the action says which: always until v6, then where it caches."""
    given = _path(folder, step.text_input("cache-local-path"))
    if given is not None:
        return str(given)
    if major >= 7 and _configured_cache(folder, file):
        return None
    present = os.environ.get("UV_CACHE_DIR")
    if present is not None and major >= 7:
        log.info(f"UV_CACHE_DIR is already set to {present}")
        return present
    return f"{step.variable('RUNNER_TEMP')}/setup-uv-cache" if caches or major < 7 else None


def _configured_cache(folder: Path, file: Path | None) -> bool:
    for path in filter(None, (file, folder / "uv.toml", folder / "pyproject.toml")):
        try:
            found = version_files.uv_setting(path, "cache-dir")
        except (OSError, tomllib.TOMLDecodeError) as error:
            log.warning(f"Error while parsing {path}: {error}")
            return False
        if found is not None:
            log.info(f"Found cache-dir in {path}: {found}")
            log.info("Using cache-dir from uv config file, not modifying UV_CACHE_DIR")
            return True
    return False


def _python_folder() -> Path:
    present = os.environ.get("UV_PYTHON_INSTALL_DIR")
    if present is None:
        return Path(step.variable("RUNNER_TEMP")) / "uv-python-dir"
    log.info(f"UV_PYTHON_INSTALL_DIR is already set to {present}")
    return Path(present)
