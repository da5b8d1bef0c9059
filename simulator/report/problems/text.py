"""Problems as text: each with its source line, a caret and a hint, then how many there are."""

from __future__ import annotations

from simulator.report.diagnostics import diagnostic_text, totals
from simulator.report.problems.model import Problems
from simulator.report.words import plural


def render_text(problems: Problems) -> str:
    """One block a problem with an empty line between, and a last line with the totals."""
    blocks = [diagnostic_text(each, problems.read) for each in problems.diagnostics]
    checked = f"{plural(len(problems.files), problems.noun)} checked"
    last = [f"{checked}: {totals(problems.diagnostics) or 'no problems'}"]
    if problems.invalid:
        last.append(f"The release rules are applied once it is valid: {', '.join(problems.invalid)}")
    return "\n\n".join([*blocks, "\n".join(last)])
