"""`pysim check`: workflow files as they are on disk, or built files, without running anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.cli.remedies import spelled_out
from simulator.diagnostics import Diagnostic, Severity
from simulator.errors import ExitCode
from simulator.operations.check import CheckRequest, reaches
from simulator.operations.check import check as checked_by
from simulator.report.diagnostics import file_reader
from simulator.report.problems.model import Problems
from simulator.report.problems.registry import FORMS, FormName

if TYPE_CHECKING:
    from simulator.operations.check_built import CheckBuiltRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """How the result is shown, and the least severity that makes the exit code 1: `fail_on` None for none."""

    form: FormName = "text"
    fail_on: Severity | None = Severity.ERROR

    def of(self, problems: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
        """Problems as the form has them: people are told what to type."""
        return list(map(spelled_out, problems)) if self.form == "text" else problems


def check(request: CheckRequest, output: Output, say: Callable[[str], None]) -> ExitCode:
    """Check workflows and show; raises SimulatorError for what keeps pysim from doing so."""
    checked = checked_by(request)
    problems = Problems(
        files=checked.files,
        diagnostics=output.of(checked.problems),
        read=checked.sources.get,
        summaries=checked.summaries,
        invalid=checked.unread,
    )
    say(FORMS[output.form](problems))
    if not checked.valid:
        return ExitCode.INVALID_WORKFLOW
    return ExitCode.NO_GO if reaches(checked.problems, output.fail_on) else ExitCode.GO


def check_built(request: CheckBuiltRequest, output: Output, say: Callable[[str], None]) -> ExitCode:
    """Check built files and show; raises SimulatorError for what keeps pysim from doing so."""
    from simulator.operations.check_built import check_built as checked_built_by

    checked = checked_built_by(request)
    read = file_reader(checked.root)
    problems = Problems(
        files=checked.files,
        diagnostics=output.of(checked.problems),
        read=lambda file: None if file in checked.files else read(file),
        summaries=checked.summaries,
        noun="distribution",
    )
    say(FORMS[output.form](problems))
    return ExitCode.NO_GO if reaches(checked.problems, output.fail_on) else ExitCode.GO
