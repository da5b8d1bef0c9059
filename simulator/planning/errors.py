"""What GitHub says when it cannot evaluate a key of a job on the server."""

from __future__ import annotations

from simulator.diagnostics import Diagnostic, Severity
from simulator.errors import InvalidWorkflowError
from simulator.positions import Span


def plan_error(key: str, job: str, reason: object, span: Span) -> InvalidWorkflowError:
    """The error for a key of a job, such as `strategy`, that has no value; GitHub fails the run with these words."""
    message = f"Error when evaluating '{key}' for job '{job}'. {reason}"
    diagnostic = Diagnostic(code="plan", severity=Severity.ERROR, message=message, span=span)
    return InvalidWorkflowError(message, hint="Mend the expression or the values it reads.", diagnostics=(diagnostic,))
