"""`pysim clean`: removes what runs left behind, and what the user names besides; nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from simulator.engines.registry import ENGINES
from simulator.errors import EngineUnavailableError, ExitCode
from simulator.paths import StateFolder, abandoned_folders, cache_folder, folders_of_the_dead, remove_folder
from simulator.triggers.repository import find_root


def clean(
    directory: Path, *, runs: bool, index: bool, cache: bool, images: bool, say: Callable[[str], None]
) -> ExitCode:
    """Remove what dead runs left in the engines and in this repository, then what was asked for."""
    state = StateFolder(find_root(directory))
    removed = [*_engines(images=images), *_folders(state), *_runs(state, finished=runs)]
    if index and state.index.exists():
        shutil.rmtree(state.index)
        removed.append("the kept index")
    if cache and state.cache.exists():
        shutil.rmtree(state.cache)
        removed.append("what jobs kept with the cache service")
    if cache:
        folder = cache_folder()
        shutil.rmtree(folder)
        removed.append(f"the cache {folder}")
    for what in removed:
        say(f"removed {what}")
    if not removed:
        say("There was nothing to remove.")
    return ExitCode.GO


def _engines(*, images: bool) -> list[str]:
    removed: list[str] = []
    for make in ENGINES.values():
        engine = make()
        try:
            engine.check()
        except EngineUnavailableError:
            continue
        removed += engine.clean()
        if images:
            removed += engine.remove_images()
    return removed


def _folders(state: StateFolder) -> list[str]:
    """What processes that were killed left of their temporary folders, and of caches that they did not finish."""
    left = (*abandoned_folders(), *folders_of_the_dead(state.cache_uploads))
    return [f"folder {folder}" for folder in left if remove_folder(folder)]


def _runs(state: StateFolder, *, finished: bool) -> list[str]:
    """Folders of runs: those that died half-way lose their private clone, and with `finished` all that ended go."""
    removed: list[str] = []
    for run in state.all_runs():
        if run.owner_alive:
            continue
        if finished:
            run.remove()
            removed.append(f"run {run.id}")
        elif run.owner is not None:
            run.release()
            removed.append(f"the claim of the dead run {run.id}")
    return removed
