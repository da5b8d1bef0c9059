"""The check of built files on disk: the rules about them, and what the index would refuse. Runs nothing of theirs."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from simulator.cli.built import surroundings
from simulator.cli.checking import Files
from simulator.diagnostics import Diagnostic, Severity
from simulator.errors import UsageError
from simulator.findings import Finding
from simulator.paths import StateFolder
from simulator.positions import Span
from simulator.rehearsal.built.model import Subject
from simulator.rehearsal.built.registry import check
from simulator.rehearsal.distributions import read_distribution
from simulator.rehearsal.refusals import predicted_refusals
from simulator.rehearsal.released import yanked_again
from simulator.triggers.repository import is_git_root, list_worktree

_ENDS: Final = (".whl", ".tar.gz", ".zip")
_BESIDE: Final = (".asc", ".attestation")  # what lies beside distributions and is no stray
_ASIDE: Final = frozenset({"node_modules", "__pycache__", "build", "dist"})


class FolderTree:
    """The files of a folder as they are: those that git would keep, where it is asked."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @functools.cache  # noqa: B019 - one tree a command
    def paths(self) -> Sequence[str]:
        """All but what is made of others."""
        return list_worktree(self._root) if is_git_root(self._root) else tuple(sorted(self._walk()))

    def read(self, path: str) -> bytes | None:
        """One of them; None when it is not there."""
        file = self._root / path
        return file.read_bytes() if file.is_file() else None

    def _walk(self) -> Iterator[str]:
        for folder, names, files in os.walk(self._root):
            here = Path(folder)
            names[:] = [
                name
                for name in names
                if not name.startswith(".") and name not in _ASIDE and not (here / name / "pyvenv.cfg").exists()
            ]
            yield from ((here / name).relative_to(self._root).as_posix() for name in files)


def built_files(given: Sequence[Path]) -> tuple[Path, ...]:
    """The distributions that are named, or lie directly in a folder that is. Raises UsageError when there is none."""
    found: list[Path] = []
    for path in given:
        if not path.exists():
            raise UsageError(f"There is no {path}.", hint="Name the folder that the build writes to, such as dist/.")
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        found += [each for each in inside if each.name.endswith(_ENDS) and each.is_file()]
    if not found:
        where = ", ".join(map(str, given))
        raise UsageError(f"There is no wheel and no sdist in {where}.", hint="Build first: python -m build, uv build.")
    return tuple(dict.fromkeys(found))


def strays(given: Sequence[Path]) -> Iterator[Diagnostic]:
    """A warning for each thing in a folder on which `twine upload FOLDER/*` would fail."""
    for folder in (path for path in given if path.is_dir()):
        for path in sorted(folder.iterdir()):
            if not path.name.startswith(".") and (path.is_dir() or not path.name.endswith((*_ENDS, *_BESIDE))):
                yield Diagnostic(
                    code="stray-file",
                    severity=Severity.WARNING,
                    message=f"{path.name} is no distribution: an upload of all that is in {folder}/ fails with "
                    f"`Unknown distribution format: '{path.name}'`",
                    span=Span(file=str(path), line=1, column=1),
                    hint="Move it out of the folder, or tell the build to write there alone.",
                )


def check_built(paths: Sequence[Path], root: Path, tag: str | None) -> tuple[Diagnostic, ...]:
    """What is wrong with built files, beside the repository at `root`."""
    from simulator.twins.pypi.foresight import foresee, yanked

    read = (read_distribution(path.name, path.read_bytes(), again=path.read_bytes) for path in paths)
    distributions = [each for each in read if each is not None]
    files = Files(root=root)
    loaded = {name: files.load(name).workflow for name in files.names()}
    workflows = {name: workflow for name, workflow in loaded.items() if workflow is not None}
    tree = FolderTree(root)
    around = surroundings(tree, workflows, list(workflows.values()))
    found = list(
        check(
            Subject(
                distributions=distributions,
                ref=tag,
                ref_type="tag" if tag else None,
                tree=tree,
                projects=around.projects,
                pythons=around.pythons,
            )
        )
    )
    refusals = foresee(paths, baseline=StateFolder(root).index)
    found += predicted_refusals(refusals, "pypi", found, around.projects)
    releases = {(each.project, each.version): None for each in distributions}
    found += yanked_again(yanked(releases, baseline=StateFolder(root).index), "pypi")
    names = {path.name: str(path) for path in paths}
    return tuple(_diagnostic(finding, names.get(str(finding.where), str(finding.where))) for finding in found)


def _diagnostic(finding: Finding, file: str) -> Diagnostic:
    where = finding.where if isinstance(finding.where, Span) else Span(file=file, line=1, column=1)
    return Diagnostic(
        code=finding.code, severity=finding.severity, message=finding.message, span=where, hint=finding.hint
    )
