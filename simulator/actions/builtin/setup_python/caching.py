"""What setup-python caches for pip, pipenv and poetry: which folders, under which key. Knows no protocol."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.actions.builtin.setup_python import installations
from simulator.actions.builtin.toolkit import cache_service, log, patterns, step
from simulator.actions.builtin.toolkit.step import ActionError

PREFIX = "setup-python"
PIP_BACKUP = "**/pyproject.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Manager:
    """A package manager: the files that its key depends on, and the folders that it keeps."""

    files: str
    folders: Callable[[Sequence[Path]], list[str]]


def pip_folders(_files: Sequence[Path]) -> list[str]:
    """pip's own cache."""
    done = subprocess.run(["pip", "cache", "dir"], capture_output=True, text=True, check=False)
    if done.returncode != 0 or not done.stdout.strip():
        raise ActionError("Could not get cache folder path for pip package manager")
    return [str(Path(done.stdout.strip()).expanduser())]


def pipenv_folders(_files: Sequence[Path]) -> list[str]:
    """Where pipenv keeps its environments."""
    return [str(Path.home() / ".local/share/virtualenvs")]


def poetry_folders(files: Sequence[Path]) -> list[str]:
    """The environments of all the projects that the lock files belong to."""
    if shutil.which("poetry") is None:
        raise ActionError("Unable to locate executable file: poetry. Install it before setup-python.")
    folders: list[str] = []
    for project in dict.fromkeys(path.parent for path in files):
        done = subprocess.run(["poetry", "config", "--list"], cwd=project, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ActionError("Could not get cache folder path for poetry package manager")
        folders.append(_poetry_folder(project, dict(_settings(done.stdout))))
    return list(dict.fromkeys(folders))


def _settings(text: str) -> list[tuple[str, str]]:
    lines = (line.partition("#")[0].partition(" = ") for line in text.splitlines())
    return [(name.strip(), value.strip().strip('"')) for name, equals, value in lines if equals]


def _poetry_folder(project: Path, settings: Mapping[str, str]) -> str:
    if settings.get("virtualenvs.in-project") == "true":
        return str(project / ".venv")
    cache = settings.get("cache-dir", "")
    return settings.get("virtualenvs.path", "{cache-dir}/virtualenvs").replace("{cache-dir}", cache)


MANAGERS: Mapping[str, Manager] = {
    "pip": Manager(files="**/requirements.txt", folders=pip_folders),
    "pipenv": Manager(files="**/Pipfile.lock", folders=pipenv_folders),
    "poetry": Manager(files="**/poetry.lock", folders=poetry_folders),
}


def restore(name: str, python_version: str, system: str) -> None:
    """Restore what a package manager keeps; `system` is the distribution's name and version.

    Raises ActionError when no file decides the key: the release, too, fails then.
    """
    manager = MANAGERS.get(name)
    if manager is None:
        raise ActionError(f"Caching for '{name}' is not supported")
    if not cache_service.available():
        log.warning("The runner was not able to contact the cache service. Caching will be skipped")
        return
    wanted = step.text_input("cache-dependency-path") or manager.files
    files = find(wanted) or (find(PIP_BACKUP) if name == "pip" else [])
    if not files:
        listed = ",".join(wanted.splitlines()) + (f" or {PIP_BACKUP}" if name == "pip" else "")
        raise ActionError(
            f"No file in {Path.cwd()} matched to [{listed}], make sure you have checked out the target repository"
        )
    key = _key(name, python_version, system)
    folders = manager.folders(files)
    primary = f"{key}-{digest(files)}"
    step.save_state("cache-paths", json.dumps(folders))
    step.save_state("cache-primary-key", primary)
    found = cache_service.restore(folders, [primary, *([key] if name == "pip" else [])])
    if found is None:
        log.info(f"{name} cache is not found")
    else:
        step.save_state("cache-matched-key", found)
        log.info(f"Cache restored from key: {found}")
    step.set_output("cache-hit", "true" if found == primary else "false")


def save(name: str) -> None:
    """Save what a package manager keeps by now, unless it was there already. Never ends the step."""
    paths, primary = step.state("cache-paths"), step.state("cache-primary-key")
    if not paths:
        log.warning(
            "Cache paths are empty. Please check the previous logs and make sure that the python version is specified"
        )
        return
    if primary == step.state("cache-matched-key"):
        log.info(f"Cache hit occurred on the primary key {primary}, not saving cache.")
        return
    folders = [str(folder) for folder in json.loads(paths)]
    if not any(Path(folder).exists() for folder in folders):
        log.warning(
            f"Cache folder path is retrieved for {name} but doesn't exist on disk: {', '.join(folders)}. "
            "This likely indicates that there are no dependencies to cache. "
            "Consider removing the cache step if it is not needed."
        )
        return
    try:
        saved = cache_service.save(folders, primary)
    except ActionError as error:
        log.info(f"[warning]{error}")
        return
    if saved is not None:
        log.info(f"Cache saved with the key: {primary}")


def find(text: str) -> list[Path]:
    """The files of the workspace that decide a key."""
    found = patterns.find(patterns.parse(text, cwd=Path.cwd(), home=Path.home()), hidden=True)
    return [path for path in found if path.is_relative_to(Path.cwd())]


def digest(files: Sequence[Path]) -> str:
    """The hash of files' hashes, as hashFiles makes it."""
    whole = hashlib.sha256()
    for path in files:
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _key(name: str, python_version: str, system: str) -> str:
    runner = f"{os.environ.get('RUNNER_OS') or 'Linux'}-{installations.own_architecture()}"
    if name == "pip":
        distribution, _, release = system.partition(" ")
        runner = f"{runner}-{release}-{distribution}"
    second = "-v2" if name == "poetry" else ""
    return f"{PREFIX}-{runner}-python-{python_version}-{name}{second}"
