"""What GitHub says when it cannot evaluate a key of a job on the server."""

from __future__ import annotations

from simulator.diagnostics import Diagnostic, Severity
from simulator.errors import InvalidWorkflowError
from simulator.positions import Span
from simulator.workflow.model import DispatchInput


def plan_error(key: str, job: str, reason: object, span: Span) -> InvalidWorkflowError:
    """The error for a key of a job, such as `strategy`, that has no value; GitHub fails the run with these words."""
    message = f"Error when evaluating '{key}' for job '{job}'. {reason}"
    diagnostic = Diagnostic(code="plan", severity=Severity.ERROR, message=message, span=span)
    return InvalidWorkflowError(message, hint="Mend the expression or the values it reads.", diagnostics=(diagnostic,))


def call_error(declared: DispatchInput, value: str, span: Span) -> InvalidWorkflowError:
    """The error for a value of another type than an input of a called workflow has, in GitHub's words."""
    message = (
        f"The template is not valid. {span.file} (Line: {span.line}, Col: {span.column}): Unexpected type of value "
        f"'{value}', expected type: {declared.type.capitalize()}."
    )
    diagnostic = Diagnostic(code="call-input-type", severity=Severity.ERROR, message=message, span=span)
    return InvalidWorkflowError(
        message, hint=f"Give the input {declared.name} a {declared.type}.", diagnostics=(diagnostic,)
    )
