"""Rehearses a PyPI release on this machine before the tag is pushed.

What can be asked for is here: a request in, run events on the way, a typed result out. Each name is imported when it is
used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from simulator.version import VERSION

__version__ = VERSION

if TYPE_CHECKING:
    from simulator.diagnostics import Diagnostic as Diagnostic
    from simulator.errors import CancelledError as CancelledError
    from simulator.errors import InvalidWorkflowError as InvalidWorkflowError
    from simulator.errors import SimulatorError as SimulatorError
    from simulator.findings import Finding as Finding
    from simulator.findings import Severity as Severity
    from simulator.operations.ask import Ask as Ask
    from simulator.operations.cancellation import Cancellation as Cancellation
    from simulator.operations.check import Checked as Checked
    from simulator.operations.check import CheckRequest as CheckRequest
    from simulator.operations.check import check as check
    from simulator.operations.check_built import CheckBuiltRequest as CheckBuiltRequest
    from simulator.operations.check_built import CheckedFiles as CheckedFiles
    from simulator.operations.check_built import check_built as check_built
    from simulator.operations.drill import Drilling as Drilling
    from simulator.operations.drill import drill as drill
    from simulator.operations.explain_tokens import explain_tokens as explain_tokens
    from simulator.operations.plan import Planned as Planned
    from simulator.operations.plan import plan as plan
    from simulator.operations.rehearse import Rehearsal as Rehearsal
    from simulator.operations.rehearse import rehearse as rehearse
    from simulator.operations.request import Request as Request
    from simulator.remedies import Remedy as Remedy
    from simulator.run_events import EventSink as EventSink
    from simulator.run_events import RunEvent as RunEvent
    from simulator.run_events import Verdict as Verdict

_HOMES = {
    "Ask": "operations.ask",
    "CancelledError": "errors",
    "Cancellation": "operations.cancellation",
    "CheckBuiltRequest": "operations.check_built",
    "CheckRequest": "operations.check",
    "Checked": "operations.check",
    "CheckedFiles": "operations.check_built",
    "Diagnostic": "diagnostics",
    "Drilling": "operations.drill",
    "EventSink": "run_events",
    "Finding": "findings",
    "InvalidWorkflowError": "errors",
    "Planned": "operations.plan",
    "Rehearsal": "operations.rehearse",
    "Remedy": "remedies",
    "Request": "operations.request",
    "RunEvent": "run_events",
    "Severity": "findings",
    "SimulatorError": "errors",
    "Verdict": "run_events",
    "check": "operations.check",
    "check_built": "operations.check_built",
    "drill": "operations.drill",
    "explain_tokens": "operations.explain_tokens",
    "plan": "operations.plan",
    "rehearse": "operations.rehearse",
}

__all__ = [  # noqa: RUF022 - classes first, as the table has them
    "Ask",
    "CancelledError",
    "Cancellation",
    "CheckBuiltRequest",
    "CheckRequest",
    "Checked",
    "CheckedFiles",
    "Diagnostic",
    "Drilling",
    "EventSink",
    "Finding",
    "InvalidWorkflowError",
    "Planned",
    "Rehearsal",
    "Remedy",
    "Request",
    "RunEvent",
    "Severity",
    "SimulatorError",
    "Verdict",
    "check",
    "check_built",
    "drill",
    "explain_tokens",
    "plan",
    "rehearse",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
