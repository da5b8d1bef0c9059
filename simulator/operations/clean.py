"""Removes what runs left behind, and what the user names besides; nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from simulator.operations.engines import clean_engines
from simulator.operations.kept_state import kept_state, untracked_state
from simulator.paths import StateFolder, abandoned_folders, cache_folder, folders_of_the_dead, remove_folder
from simulator.triggers.repository import find_root


@dataclass(frozen=True, kw_only=True, slots=True)
class CleanRequest:
    """What is removed beside what dead runs left: folders of finished runs, the kept index, caches, pysim's images.

    With `adopt` what is kept in the repository counts as pysim's own first: somebody looked at it.
    """

    repository: Path
    runs: bool = False
    index: bool = False
    cache: bool = False
    images: bool = False
    adopt: bool = False


def clean(request: CleanRequest) -> tuple[str, ...]:
    """Remove what dead runs left in the engines and in this repository, then what is asked for; each in words.

    Raises UsageError where what is kept in the repository is not pysim's own.
    """
    root = find_root(request.repository)
    if request.adopt and (left := untracked_state(root)).path.is_dir():
        left.adopt()
    state = kept_state(root)
    return (
        *clean_engines(images=request.images),
        *_folders(state),
        *_runs(state, finished=request.runs),
        *_kept(state, request),
    )


def _kept(state: StateFolder, request: CleanRequest) -> Iterator[str]:
    if request.index and state.index.exists():
        shutil.rmtree(state.index)
        yield "the kept index"
    if request.cache and state.cache.exists():
        shutil.rmtree(state.cache)
        yield "what jobs kept with the cache service"
    if request.cache:
        folder = cache_folder()
        shutil.rmtree(folder)
        yield f"the cache {folder}"


def _folders(state: StateFolder) -> list[str]:
    """What processes that were killed left of their temporary folders, and of caches that they did not finish."""
    left = (*abandoned_folders(), *folders_of_the_dead(state.cache_uploads))
    return [f"folder {folder}" for folder in left if remove_folder(folder)]


def _runs(state: StateFolder, *, finished: bool) -> Iterator[str]:
    """Folders of runs: those that died half-way lose their private clone, and with `finished` all that ended go."""
    for run in state.all_runs():
        run.require_no_links()
        if run.owner_alive:
            continue
        if finished:
            run.remove()
            yield f"run {run.id}"
        elif run.owner is not None:
            run.release()
            yield f"the claim of the dead run {run.id}"
