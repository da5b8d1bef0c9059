"""The caches of setup-uv: uv's own, and the Pythons that it installed.

Source: the action's own code, v3 to v10; the keys are those of v7 on.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import quote

from simulator.actions.builtin.setup_uv.releases import architecture
from simulator.actions.builtin.setup_uv.settings import Settings
from simulator.actions.builtin.toolkit import cache_service, hashing, log, step
from simulator.actions.builtin.toolkit.step import ActionError

VERSION = "2"


def restore(settings: Settings, python: str) -> None:
    """Restore the caches for a version of Python ("unknown" where none is known)."""
    key = _key(settings, python)
    step.save_state("key", key)
    step.set_output("cache-key", key)
    if not settings.restores_cache:
        log.info("restore-cache is false. Skipping restore cache step.")
        step.set_output("python-cache-hit", "false")
        return
    _restore(key, _folder(settings), "found", "cache-hit")
    if settings.caches_python and settings.python_folder is not None:
        _restore(f"{key}-python", str(settings.python_folder), "found-python", "python-cache-hit")
    else:
        step.set_output("python-cache-hit", "false")


def save(settings: Settings) -> None:
    """Save the caches, unless the very keys were restored. Raises ActionError where there is nothing to save."""
    if not settings.saves_cache:
        log.info("save-cache is false. Skipping save cache step.")
        return
    key = step.state("key")
    if not key:
        log.warning("Error retrieving cache key from state.")
        return
    _save_uv(settings, key)
    pythons = settings.python_folder
    if not settings.caches_python or pythons is None:
        return
    if pythons.exists():
        _save(f"{key}-python", str(pythons), "found-python", "Python cache")
    else:
        log.warning(
            f"Python cache path {pythons} does not exist on disk. Skipping Python cache save because no managed Python "
            "installation was found. If you want uv to install managed Python instead of using a system interpreter, "
            "set UV_PYTHON_PREFERENCE=only-managed."
        )


def _save_uv(settings: Settings, key: str) -> None:
    if step.state("found") == key:
        log.info(f"Cache hit occurred on key {key}, not saving cache.")
        return
    if settings.prunes_cache:
        _prune()
    folder = _folder(settings)
    if Path(folder).exists():
        _save(key, folder, "found", "uv cache")
    elif settings.may_save_nothing:
        log.info("No cacheable uv cache paths were found. Ignoring because ignore-nothing-to-cache is enabled.")
    else:
        raise ActionError(
            f"Cache path {folder} does not exist on disk. This likely indicates that there are no dependencies to "
            "cache. Consider disabling the cache input if it is not needed."
        )


def _folder(settings: Settings) -> str:
    """uv's cache: where the action put it, unless a later step moved it; where uv's own file says, uv knows."""
    moved, own = os.environ.get("UV_CACHE_DIR"), settings.cache_folder
    if own is None:
        asked = subprocess.run(
            ["uv", "cache", "dir", "--directory", str(settings.folder)], check=False, capture_output=True, text=True
        )
        own = asked.stdout.strip() or f"{os.environ.get('HOME', '')}/.cache/uv"
    if moved and moved != own:
        log.warning(
            f'The environment variable UV_CACHE_DIR has been changed to "{moved}", by an action or step running after '
            "astral-sh/setup-uv. This can lead to unexpected behavior. If you expected this to happen set the "
            f'cache-local-path input to "{moved}" instead of "{own}".'
        )
        return moved
    return own


def _prune() -> None:
    log.info("Pruning cache...")
    version = tuple(map(int, re.findall(r"\d+", step.state("version"))[:3]))
    command = [step.state("uv"), "cache", "prune", "--ci", *(["--force"] if version >= (0, 8, 24) else [])]
    log.info(f"[command]{' '.join(command)}")
    code = subprocess.run(command, check=False).returncode
    if code != 0:
        raise ActionError(f"The process '{command[0]}' failed with exit code {code}")


def _restore(key: str, folder: str, state: str, output: str) -> None:
    log.info(f"Trying to restore cache from GitHub Actions cache with key: {key}")
    found = cache_service.restore([folder], [key])
    if found is None:
        log.info(f"No GitHub Actions cache found for key: {key}")
    else:
        step.save_state(state, found)
        log.info(f"cache restored from GitHub Actions cache with key: {found}")
    step.set_output(output, str(found is not None).lower())


def _save(key: str, folder: str, state: str, title: str) -> None:
    if step.state(state) == key:
        log.info(f"{title} hit occurred on key {key}, not saving cache.")
        return
    log.info(f"Including {title} path: {folder}")
    if cache_service.save([folder], key) is not None:
        log.info(f"{title} saved with key: {key}")


def _key(settings: Settings, python: str) -> str:
    digest = _dependencies(settings)
    pruned, pythons = "-pruned" if settings.prunes_cache else "", "-py" if settings.caches_python else ""
    suffix = quote(step.text_input("cache-suffix"), safe="")
    parts = [
        VERSION,
        architecture(),
        "unknown-linux-gnu",
        _system(),
        f"{quote(python, safe='')}{pruned}{pythons}",
        digest,
    ]
    return "-".join(["setup-uv", *parts, *filter(None, [suffix])])


def _dependencies(settings: Settings) -> str:
    text = step.text_input("cache-dependency-glob")
    if not text:
        return "no-dependency-glob"
    home = Path(os.environ.get("HOME", "/"))
    log.info(f"Searching files using cache dependency glob: {','.join(text.splitlines())}")
    files = [path for path in hashing.matching(text, cwd=settings.folder.absolute(), home=home) if path.is_file()]
    for file in files:
        log.info(str(file))
    if files:
        log.info(f"Found {len(files)} files to hash.")
        return hashing.digest(files)
    log.info("No matches found for glob")
    log.warning(
        f"No file matched to [{','.join(text.splitlines())}]. The cache will never get invalidated. Make sure you have "
        "checked out the target repository and configured the cache-dependency-glob input correctly."
    )
    return "no-dependency-glob"


def _system() -> str:
    """The name and version of the system, such as ubuntu-24.04."""
    try:
        text = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return "linux"
    facts = dict(re.findall(r'^(ID|VERSION_ID)="?([^"\n]*)"?$', text, re.MULTILINE))
    return "-".join(filter(None, (facts.get("ID", "linux"), facts.get("VERSION_ID", ""))))
