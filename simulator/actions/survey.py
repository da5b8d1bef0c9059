"""Looks at every action before anything runs, those inside composite actions too: what is known of it, what is wrong.

Reads manifests; runs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from simulator.actions.errors import MissingOfflineError, RefusedActionError, UnreachableError
from simulator.actions.model import CompositeRuns, OutsideRuns, Reference, ResolvedAction
from simulator.actions.reference import ReferenceSyntaxError, parse_reference
from simulator.actions.resolve import outside_models
from simulator.errors import SimulatorError
from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.workflow.model import Step

DEEPEST: Final = 9  # composite actions around another one (actions/runner, CompositeActionsMaxDepth)


@dataclass(frozen=True, kw_only=True, slots=True)
class UsedAction:
    """An action that is used, and in which composite action (None for one of a job's own steps)."""

    action: ResolvedAction
    within: str | None


class ActionSurvey:
    """The actions of a rehearsal; each is looked at once, in the order of its first use.

    `resolve` gives None for a local action that is not there yet, and raises SimulatorError for one that cannot run;
    `hindrance` finds why one that is there cannot run all the same.
    """

    def __init__(
        self,
        resolve: Callable[[Reference], ResolvedAction | None],
        hindrance: Callable[[ResolvedAction], Finding | None] = lambda _: None,
    ) -> None:
        self.used: list[UsedAction] = []
        self._resolve = resolve
        self._hindrance = hindrance
        self._known: dict[str, tuple[Finding, ...]] = {}
        self._missing: dict[str, Span] = {}
        self._unreachable: dict[str, tuple[Span, UnreachableError]] = {}

    def findings(self, uses: str, span: Span) -> Iterator[Finding]:
        """What is wrong with the action that a step uses, at its place in the workflow."""
        for finding in self._findings(uses, span, ()):
            yield replace(finding, where=span)

    def missing(self) -> Iterator[Finding]:
        """One finding for all actions that would have to be fetched and may not be, or cannot be."""
        if self._missing:
            error = MissingOfflineError(*self._missing)
            yield _impossible(error, where=next(iter(self._missing.values())))
        if self._unreachable:
            span, failed = next(iter(self._unreachable.values()))
            others = f"; nor {', '.join(others)}" if (others := list(self._unreachable)[1:]) else ""
            yield replace(_impossible(failed, where=span), message=f"{failed}{others}")

    def to_fetch(self) -> Iterator[Finding]:
        """The same as no more than a notice, for those who run nothing now."""
        if self._missing:
            yield Finding(
                code="actions-not-here",
                severity=Severity.NOTICE,
                message=f"Not on this machine yet, so not looked into: {', '.join(self._missing)}",
                hint="A run fetches what it needs.",
                where=next(iter(self._missing.values())),
            )

    def _findings(self, uses: str, span: Span, around: tuple[str, ...]) -> tuple[Finding, ...]:
        """`around` are the composite actions that it is used in, the outermost first."""
        if uses in around or len(around) > DEEPEST:
            return (_unsupported(f"Composite action depth exceeded max depth {DEEPEST}", "Does an action use itself?"),)
        if uses not in self._known:
            self._known[uses] = tuple(self._judge(uses, span, around))
        return self._known[uses]

    def _judge(self, uses: str, span: Span, around: tuple[str, ...]) -> Iterator[Finding]:
        action = self._resolved(uses, span)
        if isinstance(action, Finding):
            yield action
            return
        if action is None:
            return
        if isinstance(runs := action.manifest.runs, OutsideRuns):
            yield _not_rehearsed(action, runs)
            return
        self.used.append(UsedAction(action=action, within=around[-1] if around else None))
        if (outside := outside_models(action.reference, builtin=action.builtin)) is not None:
            yield outside
        if (hindrance := self._hindrance(action)) is not None:
            yield hindrance
        yield from self._inside(action, span, (*around, uses))

    def _resolved(self, uses: str, span: Span) -> ResolvedAction | Finding | None:
        """The action, or what is wrong with it; None where there is nothing to say of it here."""
        try:
            return self._resolve(parse_reference(uses))
        except ReferenceSyntaxError as error:
            return _unsupported(str(error), "Write owner/repo@ref, ./path or docker://image.")
        except MissingOfflineError as error:
            for each in error.missing:
                self._missing.setdefault(each, span)
        except UnreachableError as error:
            self._unreachable.setdefault(uses, (span, error))
        except RefusedActionError as error:
            return replace(_impossible(error), code="action-refused")
        except SimulatorError as error:
            return _impossible(error)
        return None

    def _inside(self, action: ResolvedAction, span: Span, around: tuple[str, ...]) -> Iterator[Finding]:
        runs = action.manifest.runs
        for step in runs.steps if isinstance(runs, CompositeRuns) else ():
            if step.uses is not None:
                for finding in self._findings(step.uses.value, span, around):
                    yield _within(action, step, finding)


def _within(action: ResolvedAction, step: Step, finding: Finding) -> Finding:
    """What there is to say of an action inside another one: a refused one matters where its step runs."""
    assert step.uses is not None
    uses = step.uses.value
    if finding.code == "action-refused" and step.condition.source:
        message = f"{action.reference} uses {uses} if {step.condition.source}: then {finding.message}"
        return replace(finding, severity=Severity.WARNING, message=message)
    return replace(finding, message=f"{action.reference} uses {uses}: {finding.message}")


def _not_rehearsed(action: ResolvedAction, runs: OutsideRuns) -> Finding:
    passed_over = "the step is passed over, its outputs are empty, nothing is known of it."
    return Finding(
        code="not-rehearsed",
        severity=Severity.WARNING if runs.asked else Severity.NOTICE,
        message=f"{action.reference} is not rehearsed: it would have {runs.done}",
        hint=passed_over.capitalize() if runs.asked else f"Its only effect is outside: {passed_over}",
    )


def _impossible(error: SimulatorError, where: Span | None = None) -> Finding:
    return replace(_unsupported(str(error), error.hint), where=where, remedies=error.remedies)


def _unsupported(message: str, hint: str) -> Finding:
    return Finding(code="unsupported", severity=Severity.ERROR, message=message, hint=hint)
