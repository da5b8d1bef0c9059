"""The check of built files on disk: the rules about them, and what the index would refuse. Runs nothing of theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulator.configuration.reading import load_configuration
from simulator.diagnostics import Diagnostic, Severity
from simulator.errors import UsageError
from simulator.findings import Finding
from simulator.operations.inspection import surroundings
from simulator.operations.kept_state import kept_state
from simulator.operations.source import identity_of
from simulator.operations.trees import FolderTree
from simulator.operations.workflow_files import names_on_disk, nothing_fetched, read_workflow_files
from simulator.positions import Span
from simulator.rehearsal.built.model import Subject
from simulator.rehearsal.built.registry import RULES, check
from simulator.rehearsal.distributions import opening, read_distribution
from simulator.rehearsal.refusals import predicted_refusals
from simulator.rehearsal.released import yanked_again
from simulator.triggers.repository import find_root

_ENDS: Final = (".whl", ".tar.gz", ".zip")
_BESIDE: Final = (".asc", ".attestation")  # what lies beside distributions and is no stray


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckBuiltRequest:
    """Which built files are checked: distributions, or folders of them. `tag` is what they are released under.

    `repository` is a folder in the repository, or None for that of the first file.
    """

    built: tuple[Path, ...]
    repository: Path | None = None
    tag: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedFiles:
    """What was found in the built files, and what the codes mean; `root` is the repository that they are from."""

    files: tuple[str, ...]
    problems: tuple[Diagnostic, ...]
    root: Path
    summaries: Mapping[str, str]


OTHERS: Final = {
    "upload-refused": "What PyPI would refuse, in its words.",
    "yanked-release": "Files of a release that is yanked.",
    "stray-file": "What lies beside the distributions and would be uploaded with them.",
}
"""What is found beside what the rules about built files do."""


def check_built(request: CheckBuiltRequest) -> CheckedFiles:
    """Check built files, beside the repository that they were built from. Raises UsageError when there is none."""
    folder = request.repository or Path()
    given = [path if path.exists() else folder / path for path in request.built]
    paths = built_files(given)
    root = find_root(paths[0].parent if request.repository is None else folder)
    found = (*check_distributions(paths, root, request.tag), *strays(given))
    summaries = {code: rule.summary for code, rule in RULES.items()} | OTHERS
    return CheckedFiles(files=tuple(map(str, paths)), problems=found, root=root, summaries=summaries)


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


def check_distributions(paths: Sequence[Path], root: Path, tag: str | None) -> tuple[Diagnostic, ...]:
    """What is wrong with built files, beside the repository at `root`."""
    from simulator.twins.pypi.foresight import foresee, yanked

    read = (read_distribution(path.name, opening(path)) for path in paths)
    distributions = [each for each in read if each is not None]
    tree, workflow_files = FolderTree(root), names_on_disk(root)
    identity = identity_of(root, load_configuration(root))
    workflows = read_workflow_files(tree, workflow_files, workflow_files, identity, nothing_fetched).models
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
    refusals = foresee(paths, baseline=kept_state(root).index)
    found += predicted_refusals(refusals, "pypi", found, around.projects)
    releases = {(each.project, each.version): None for each in distributions}
    found += yanked_again(yanked(releases, baseline=kept_state(root).index), "pypi")
    names = {path.name: str(path) for path in paths}
    return tuple(_diagnostic(finding, names.get(str(finding.where), str(finding.where))) for finding in found)


def _diagnostic(finding: Finding, file: str) -> Diagnostic:
    where = finding.where if isinstance(finding.where, Span) else Span(file=file, line=1, column=1)
    return Diagnostic(
        code=finding.code, severity=finding.severity, message=finding.message, span=where, hint=finding.hint
    )
