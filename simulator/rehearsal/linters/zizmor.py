"""zizmor's findings, from its SARIF output."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulator.diagnostics import Diagnostic, Severity
from simulator.positions import Span
from simulator.rehearsal.linters.model import Linter

_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING}


def parse_sarif(output: str) -> Sequence[Diagnostic]:
    """The results of all runs; other levels than error and warning are notices."""
    try:
        return tuple(_diagnostic(result) for run in json.loads(output)["runs"] for result in run["results"])
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"no SARIF: {error!r}") from error


def _diagnostic(result: Mapping[str, Any]) -> Diagnostic:
    code = result["ruleId"].removeprefix("zizmor/")
    place = result["locations"][0]["physicalLocation"]
    region = place.get("region", {})
    notes = list(dict.fromkeys(_notes(result)))
    return Diagnostic(
        code=f"zizmor/{code}",
        severity=_SEVERITIES.get(result.get("level", "warning"), Severity.NOTICE),
        message=": ".join(dict.fromkeys([result["message"]["text"], *notes[:1]])),
        span=Span(
            file=place["artifactLocation"]["uri"].removeprefix("file://"),
            line=region.get("startLine", 1),
            column=region.get("startColumn", 1),
        ),
        hint=f"See https://docs.zizmor.sh/audits/#{code}",
    )


def _notes(result: Mapping[str, Any]) -> Iterator[str]:
    for location in result["locations"]:
        text = location.get("message", {}).get("text") or location.get("logicalLocations", [{}])[0].get("message", "")
        if text:
            yield text


ZIZMOR = Linter(
    arguments=("--offline", "--quiet", "--no-progress", "--format=sarif", "--"),
    parse=parse_sarif,
    install="pip install zizmor",
)
