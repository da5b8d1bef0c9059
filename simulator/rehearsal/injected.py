"""What a run with injected faults may say: its verdict names them, and a fault without effect is a warning."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from simulator.findings import Finding, Severity
from simulator.rehearsal.verdict import Judgement


def never_met(faults: Mapping[str, str], fired: Collection[str]) -> Iterator[Finding]:
    """A warning for each fault that took no effect; `faults` says what each does."""
    for fault, says in faults.items():
        if fault not in fired:
            yield Finding(
                code="fault-not-met",
                severity=Severity.WARNING,
                message=f"The fault {fault} never took effect: {says}, and nothing in the run met that",
                hint="The verdict says nothing of this fault. Did the run come so far, and does it use that service?",
            )


def with_faults(judgement: Judgement, faults: Sequence[str], fired: Collection[str]) -> Judgement:
    """A verdict whose reason names the faults that it was reached under."""
    if not faults:
        return judgement
    named = ", ".join(f"{fault}{'' if fault in fired else ' (never met)'}" for fault in faults)
    return replace(judgement, reason=f"with injected faults ({named}): {judgement.reason}")
