"""The forms of a check's output by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from simulator.report.problems.json_form import render_json
from simulator.report.problems.model import ProblemsRenderer
from simulator.report.problems.sarif import render_sarif
from simulator.report.problems.text import render_text

FormName = Literal["text", "json", "sarif"]

FORMS: Final[Mapping[FormName, ProblemsRenderer]] = {
    "text": render_text,
    "json": render_json,
    "sarif": render_sarif,
}
