"""Diagnostics with the source line and a caret, and errors, as text in one form: what, where, what to do.

Knows no terminal; the text is plain, safe to print, and no wider than asked (messages apart, which are never cut).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from simulator.diagnostics import Diagnostic, Severity
from simulator.errors import InvalidWorkflowError, SimulatorError
from simulator.positions import Span
from simulator.report.words import plural, without_escapes
from simulator.safe_files import LARGEST_FILE

WIDTH: Final = 100
_BEFORE: Final = 20  # columns kept in front of the caret when a long line is cut

SourceReader = Callable[[str], str | None]  # the text of a file that a diagnostic names; None when there is none


def file_reader(root: Path) -> SourceReader:
    """Reads the files that diagnostics name relative to `root`, each once."""
    texts: dict[str, str | None] = {}

    def read(file: str) -> str | None:
        if file not in texts:
            try:
                with (root / file).open("rb") as stream:
                    texts[file] = stream.read(LARGEST_FILE).decode("utf-8-sig", "replace")
            except (OSError, ValueError):
                texts[file] = None
        return texts[file]

    return read


def no_source(_file: str) -> None:
    """A reader where no source is at hand."""


def diagnostic_text(diagnostic: Diagnostic, read: SourceReader = no_source, *, width: int = WIDTH) -> str:
    """One diagnostic: `file:line:column: severity: message [code]`, the line and a caret, and the hint."""
    head = f"{diagnostic.span}: {diagnostic.severity}: {_safe(diagnostic.message)} [{diagnostic.code}]"
    source = read(diagnostic.span.file)
    excerpt = _excerpt(source, diagnostic.span, width) if source is not None else []
    hint = [f"  hint: {_safe(diagnostic.hint)}"] if diagnostic.hint else []
    return "\n".join([head, *excerpt, *hint])


def diagnostics_text(diagnostics: Iterable[Diagnostic], read: SourceReader = no_source, *, width: int = WIDTH) -> str:
    """Diagnostics in the order of their places, and how many there are; empty when there is none."""
    ordered = sorted(diagnostics, key=lambda d: (d.span.file, d.span.line, d.span.column))
    if not ordered:
        return ""
    texts = [diagnostic_text(diagnostic, read, width=width) for diagnostic in ordered]
    return "\n".join([*texts, totals(ordered)])


def totals(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`; empty when there is none."""
    counts = Counter(diagnostic.severity for diagnostic in diagnostics)
    return ", ".join(plural(counts[severity], severity.value) for severity in Severity if counts[severity])


def error_text(error: SimulatorError, hint: str, *, width: int = WIDTH) -> str:
    """An error that ended a command: its diagnostics if it has any, its message, and a hint."""
    parts = []
    if isinstance(error, InvalidWorkflowError):
        parts.append(diagnostics_text(error.diagnostics, error.sources.get, width=width))
    parts += [f"error: {_safe(str(error))}", f"  hint: {_safe(hint)}" if hint else ""]
    return "\n".join(part for part in parts if part)


def _safe(text: str) -> str:
    first, *rest = [without_escapes(line) for line in text.strip().split("\n")]
    return "\n".join([first, *(f"  {line}" for line in rest)])


def _excerpt(source: str, span: Span, width: int) -> list[str]:
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not 1 <= span.line <= len(lines):
        return []
    # One column for each character, so that the caret is counted in the same units as the span.
    text = "".join(c if c.isprintable() else " " for c in lines[span.line - 1])
    number = str(span.line)
    text, column = _window(text.rstrip(), max(span.column - 1, 0), max(width - len(number) - 5, 2 * _BEFORE))
    return [f"  {number} | {text}".rstrip(), f"  {'':{len(number)}} | {' ' * _cells(text[:column])}^"]


def _window(text: str, column: int, width: int) -> tuple[str, int]:
    """The part of a long line around a column, and the column in it."""
    column = min(column, len(text))
    if _cells(text) <= width:
        return text, column
    start = max(0, column - _BEFORE)
    head = "... " if start else ""
    part = text[start : start + width]  # a first cut; lines of a megabyte exist
    if start + len(part) < len(text) or _cells(head + part) > width:
        while part and _cells(f"{head}{part} ...") > width:
            part = part[:-1]
        part += " ..."
    return head + part, len(head) + column - start


def _cells(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(c) in {"W", "F"} for c in text)
    return len(text) + wide - sum(bool(unicodedata.combining(c)) for c in text)
