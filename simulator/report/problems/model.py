"""What is shown of a check: the diagnostics of some files, and what their codes mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from simulator.diagnostics import Diagnostic
from simulator.report.diagnostics import SourceReader, no_source


@dataclass(frozen=True, kw_only=True, slots=True)
class Problems:
    """The diagnostics of `files`, in the order in which they are shown; `summaries` explains codes in a sentence.

    `invalid` are the files that GitHub would not take, which no release rule was applied to. `noun` is what a file is.
    """

    files: Sequence[str]
    diagnostics: Sequence[Diagnostic]
    read: SourceReader = no_source
    summaries: Mapping[str, str] = field(default_factory=dict)
    invalid: Sequence[str] = ()
    noun: str = "workflow"


class ProblemsRenderer(Protocol):
    """Makes the whole output, without the last line feed."""

    def __call__(self, problems: Problems, /) -> str: ...
