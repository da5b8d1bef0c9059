"""Diagnostics and errors as a user reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.diagnostics import Diagnostic, Severity
from simulator.errors import InvalidWorkflowError, UsageError
from simulator.positions import Span
from simulator.report.diagnostics import diagnostic_text, diagnostics_text, error_text, file_reader

SOURCE = "on: push\njobs:\n  build:\n    step: []\n"


def at(line: int, column: int, *, hint: str | None = None, message: str = "unknown key 'step'") -> Diagnostic:
    span = Span(file="ci.yml", line=line, column=column)
    return Diagnostic(code="unknown-key", severity=Severity.ERROR, message=message, span=span, hint=hint)


def test_a_diagnostic_points_at_its_place() -> None:
    assert diagnostic_text(at(4, 5, hint="Did you mean 'steps'?"), lambda _: SOURCE) == (
        "ci.yml:4:5: error: unknown key 'step' [unknown-key]\n"
        "  4 |     step: []\n"
        "    |     ^\n"
        "  hint: Did you mean 'steps'?"
    )


def test_without_source_the_place_is_named() -> None:
    assert diagnostic_text(at(4, 5)) == "ci.yml:4:5: error: unknown key 'step' [unknown-key]"
    assert diagnostic_text(at(40, 5), lambda _: SOURCE) == "ci.yml:40:5: error: unknown key 'step' [unknown-key]"


@pytest.mark.parametrize(
    ("source", "column", "shown", "caret"),
    [
        ("\tkey: \x1b[31mx", 2, "  1 |  key:  [31mx", "    |  ^"),
        ("漢字: x", 3, "  1 | 漢字: x", "    |     ^"),
        ("a\u0301: x", 3, "  1 | a\u0301: x", "    |  ^"),
        ("short", 99, "  1 | short", "    |      ^"),
        ("", 1, "  1 |", "    | ^"),
        ("windows\r", 1, "  1 | windows", "    | ^"),
    ],
)
def test_the_caret_stands_below_its_character(source: str, column: int, shown: str, caret: str) -> None:
    _, line, mark = diagnostic_text(at(1, column), lambda _: f"{source}\nnext").split("\n")
    assert (line, mark) == (shown, caret)


def test_a_long_line_is_cut_around_its_place() -> None:
    source = "".join(f"[{number:04}]" for number in range(200))
    _, line, mark = diagnostic_text(at(1, 601), lambda _: source, width=60).split("\n")
    assert len(line) <= 60
    assert line[mark.index("^") :].startswith("[0100]")
    assert line.startswith("  1 | ... ")
    assert line.endswith(" ...")


def test_a_line_of_a_megabyte_is_cut() -> None:
    _, line, mark = diagnostic_text(at(1, 500_000), lambda _: "x" * 1_000_000).split("\n")
    assert max(len(line), len(mark)) <= 100


@given(st.text(max_size=300), st.integers(0, 400), st.integers(0, 5))
def test_any_source_and_place_can_be_shown(source: str, column: int, line: int) -> None:
    text = diagnostic_text(at(line, column), lambda _: source, width=60)
    assert all(part.isprintable() for part in text.split("\n"))


def test_diagnostics_are_in_the_order_of_the_file_and_counted() -> None:
    warning = Diagnostic(code="w", severity=Severity.WARNING, message="w", span=Span(file="ci.yml", line=2, column=1))
    text = diagnostics_text([at(4, 5), warning, at(1, 1)], lambda _: None)
    assert [part.split(":")[1] for part in text.splitlines()[:-1]] == ["1", "2", "4"]
    assert text.splitlines()[-1] == "2 errors, 1 warning"
    assert diagnostics_text([]) == ""


def test_errors_have_one_form() -> None:
    error = UsageError("No tag \x1b[31mv1", hint="Give one:\npysim run --tag v0.1.0")
    assert error_text(error, error.hint) == "error: No tag v1\n  hint: Give one:\n  pysim run --tag v0.1.0"
    invalid = InvalidWorkflowError(
        "ci.yml is not valid", hint="Mend it.", diagnostics=[at(4, 5)], sources={"ci.yml": SOURCE}
    )
    assert error_text(invalid, invalid.hint) == (
        "ci.yml:4:5: error: unknown key 'step' [unknown-key]\n"
        "  4 |     step: []\n"
        "    |     ^\n"
        "1 error\n"
        "error: ci.yml is not valid\n"
        "  hint: Mend it."
    )


def test_sources_are_read_from_the_repository(tmp_path: Path) -> None:
    (tmp_path / "ci.yml").write_bytes(b"\xef\xbb\xbfon: push\xff\n")
    read = file_reader(tmp_path)
    assert read("ci.yml") == "on: push\ufffd\n"
    assert read("gone.yml") is None
    assert read("\0") is None
    (tmp_path / "ci.yml").unlink()
    assert read("ci.yml") is not None, "read once"
