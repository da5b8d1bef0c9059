"""The install check: what was published is installed from the index that took it, by a workflow of pysim's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from simulator.indexes import TITLES
from simulator.operations.opened import OpenRehearsal
from simulator.operations.own_jobs import run_own
from simulator.operations.prepared import PreparedRehearsal
from simulator.planning.calls import all_jobs
from simulator.rehearsal.distributions import Distribution, opening, read_distribution
from simulator.rehearsal.install import Release, check_install
from simulator.triggers.repository import list_files
from simulator.twins.base import PublishedFile

_NEWEST: Final = 14  # of CPython 3
_ANY: Final = "3.x"


def read_published(files: Sequence[PublishedFile]) -> Sequence[Distribution]:
    """The distributions among published files, each once."""
    found = (read_distribution(file.filename, opening(file.path)) for file in files)
    return list({item.filename: item for item in found if item is not None}.values())


def check_published(rehearsal: OpenRehearsal, published: Sequence[PublishedFile]) -> None:
    """Install every release that was published from the index that took it."""

    def release(file: PublishedFile) -> tuple[str, str, str]:
        return file.index, file.project, file.version

    releases: list[Release] = []
    for _, group in groupby(sorted(published, key=release), key=release):
        files = list(group)
        if distributions := read_published(files):
            jobs = [file.job_id for file in files]
            releases.append(Release(index=files[0].index, distributions=distributions, jobs=jobs))
    for one in releases:
        run_workflow = partial(run_own, rehearsal, _check_name(one, releases))
        python = python_for(one.distributions, _pythons(rehearsal.prepared))
        offline = rehearsal.prepared.request.offline
        check_install(
            one,
            python=python,
            run_workflow=run_workflow,
            emit=rehearsal.observer,
            offline=offline,
            check=rehearsal.prepared.configuration.install_check,
            sources=_top_packages(rehearsal),
        )


def _top_packages(rehearsal: OpenRehearsal) -> frozenset[str]:
    """The names of the packages in the repository that lie in no other one, and are no project of their own."""
    named = (path.rpartition("/") for path in list_files(rehearsal.prepared.source))
    folders = {folder for folder, _, name in named if name == "__init__.py"}
    tops = {folder.rpartition("/")[2] for folder in folders if folder.rpartition("/")[0] not in folders}
    projects = set(map(canonicalize_name, rehearsal.inspection.around.projects))
    return frozenset(top for top in tops if top and canonicalize_name(top) not in projects)


def _check_name(release: Release, releases: Sequence[Release]) -> str:
    """What tells the install check of a release from the others'."""
    if len(releases) == 1:
        return ""
    same = [other for other in releases if other.project == release.project]
    return f" of {release.project}" + (f" from {TITLES[release.index]}" if len(same) > 1 else "")


def _pythons(prepared: PreparedRehearsal) -> Sequence[str]:
    """The Pythons of the jobs: the first of each `python-version` that a setup-python step names plainly."""
    steps = (
        step for item in prepared.plans for _, job in all_jobs(item) for step in job.all_steps if step.uses is not None
    )
    texts = [step.with_.get("python-version") for step in steps if step.uses and "/setup-python@" in step.uses.value]
    return [text.source.split()[0] for text in texts if text and text.template.is_literal and text.source.strip()]


def python_for(built: Sequence[Distribution], named: Sequence[str]) -> str:
    """The Python to install with: the first that the workflows name and the files take, else the newest they take."""
    text = next((str(said) for found in built if (said := found.metadata.get("requires_python"))), "")
    try:
        wanted = SpecifierSet(text)
    except InvalidSpecifier:
        wanted = SpecifierSet()
    newest = [f"3.{minor}" for minor in range(_NEWEST, 7, -1)]
    taken = [version for version in [*named, *newest] if _takes(wanted, version)]
    return _ANY if not taken or (taken[0] == newest[0] and not named) else taken[0]


def _takes(wanted: SpecifierSet, version: str) -> bool:
    """Whether a Python is taken; one that is not named by numbers alone is."""
    if not re.fullmatch(r"\d+(?:\.\d+)+", version):
        return True
    return any(f"{version}{rest}" in wanted for rest in ("", *(f".{patch}" for patch in range(31))))
