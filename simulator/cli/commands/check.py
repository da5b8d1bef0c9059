"""`pysim check`: workflow files as they are on disk, without running anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulator.configuration.reading import load_configuration
from simulator.errors import ExitCode, UsageError
from simulator.operations.check import FOLDER, Files, check_files, names_of, reaches
from simulator.operations.check_built import built_files, check_built, strays
from simulator.rehearsal.built.registry import RULES as BUILT_RULES
from simulator.rehearsal.linters.registry import find_linter, lint
from simulator.rehearsal.rules.registry import RULES
from simulator.report.diagnostics import file_reader
from simulator.report.problems.model import Problems
from simulator.report.problems.registry import FORMS, FormName
from simulator.spelling import suggest
from simulator.triggers.repository import find_root

OTHERS: Final = {
    "upload-refused": "What PyPI would refuse, in its words.",
    "yanked-release": "Files of a release that is yanked.",
    "stray-file": "What lies beside the distributions and would be uploaded with them.",
}
"""What `--dist` finds beside what the rules about built files do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckOptions:
    """What the user asked `pysim check` for; without `files` all workflows of the repository are meant."""

    directory: Path
    files: tuple[Path, ...] = ()
    form: FormName = "text"
    fail_on: str = "error"
    linters: tuple[str, ...] = ()
    built: tuple[Path, ...] = ()
    tag: str | None = None


def check(options: CheckOptions, say: Callable[[str], None]) -> ExitCode:
    """Check and show; raises SimulatorError for what keeps pysim from doing so."""
    if options.built:
        return _check_built(options, say)
    if options.tag:
        raise UsageError("--tag is for built files.", hint="Name them with --dist.")
    programs = {name: find_linter(name) for name in options.linters}
    files = Files(root=_root(options))
    given = [_file(path, options.directory, files) for path in options.files]
    names = tuple(dict.fromkeys(names_of(files, given))) or files.names()
    if not names:
        raise UsageError(
            f"There is no workflow in {FOLDER} of {files.root}.", hint="Name a file, or the repository with -C."
        )
    checked = check_files(files, names, load_configuration(files.root))
    linted = [found for name, program in programs.items() for found in lint(name, program, files.root, names)]
    found = sorted((*checked.diagnostics, *linted), key=lambda each: (each.span.file, each.span.line))
    summaries = {code: rule.summary for code, rule in RULES.items()}
    problems = Problems(
        files=names, diagnostics=found, read=checked.sources.get, summaries=summaries, invalid=checked.unread
    )
    say(FORMS[options.form](problems))
    if not checked.valid:
        return ExitCode.INVALID_WORKFLOW
    return ExitCode.NO_GO if reaches(found, options.fail_on) else ExitCode.GO


def _check_built(options: CheckOptions, say: Callable[[str], None]) -> ExitCode:
    if options.files or options.linters:
        raise UsageError("--dist checks built files, and no workflow.", hint="Check the workflows in another command.")
    given = [path if path.exists() else options.directory / path for path in options.built]
    paths = built_files(given)
    root = find_root(paths[0].parent if options.directory == Path() else options.directory)
    found = (*check_built(paths, root, options.tag), *strays(given))
    names, read = [str(path) for path in paths], file_reader(root)
    problems = Problems(
        files=names,
        diagnostics=found,
        read=lambda file: None if file in names else read(file),
        summaries={code: rule.summary for code, rule in BUILT_RULES.items()} | OTHERS,
        noun="distribution",
    )
    say(FORMS[options.form](problems))
    return ExitCode.NO_GO if reaches(found, options.fail_on) else ExitCode.GO


def _root(options: CheckOptions) -> Path:
    """The repository of -C, else that of the first file."""
    if options.files and options.directory == Path() and options.files[0].is_file():
        return find_root(options.files[0].parent)
    return find_root(options.directory)


def _file(path: Path, directory: Path, files: Files) -> Path:
    """A file as it is given: a path from here or from the folder of -C, or the name of a workflow, as -W takes it."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", hint=f"To check the workflows of a repository: -C {path}")
    places = [path, directory / path, *([files.root / FOLDER / path] if path.name == str(path) else [])]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise UsageError(f"There is no file {path}.", hint=suggest(path.name, map(_last, files.names())))
    return found


def _last(name: str) -> str:
    return name.rpartition("/")[2]
