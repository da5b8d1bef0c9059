"""Looks at every action before anything runs, those inside composite actions too: what is known of it, what is wrong.

Reads manifests; runs nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from simulator.actions.builtin.gh_action_pypi_publish import releases
from simulator.actions.errors import (
    NOT_REHEARSED,
    ActionManifestError,
    MissingOfflineError,
    UnavailableActionError,
    UnreachableError,
)
from simulator.actions.model import CompositeRuns, OutsideRuns, Reference, ResolvedAction
from simulator.actions.reference import ReferenceSyntaxError, parse_reference
from simulator.actions.refs import RefState, absent_words
from simulator.actions.remote import COMMIT
from simulator.actions.resolve import not_modelled, retired_version
from simulator.errors import SimulatorError
from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.remedies import Act, remedy
from simulator.workflow.model import Step

MANIFEST: Final = "action-manifest"
"""The code of what is wrong in an action.yml."""
FAULTS: Final = frozenset(
    {
        MANIFEST,
        "action-reference",
        "action-not-found",
        "action-depth",
        "action-retired",
        "action-tag",
        "missing-version",
        "publish-in-composite",
    }
)
"""The codes of what a workflow says wrong of an action; of versions only those inside of other actions: the release
rules know those that it names itself."""
UNVERIFIED: Final = "unverified-version"
"""The code for a ref of which nothing here knows whether there is one."""
UNKNOWN_COMMIT: Final = "unknown-commit"
"""The code for commits that no known ref of their action names."""
FORECASTS: Final = frozenset({NOT_REHEARSED, UNVERIFIED})
"""The codes of what keeps a rehearsal from being whole: no fault of the workflow."""
PUBLISHING: Final = "pypa/gh-action-pypi-publish"
DEEPEST: Final = 9  # composite actions around another one (actions/runner, CompositeActionsMaxDepth)


@dataclass(frozen=True, kw_only=True, slots=True)
class UsedAction:
    """An action that is used, and in which composite action (None for one of a job's own steps)."""

    action: ResolvedAction
    within: str | None


class ActionSurvey:
    """The actions of a rehearsal; each is looked at once, in the order of its first use.

    `resolve` gives None for a local action that is not there yet, and raises SimulatorError for one that cannot run;
    `hindrance` finds why one that is there cannot run all the same, and `ref_state` says of the text of a `uses:`
    whether there is that ref, as far as it is known.
    """

    def __init__(
        self,
        resolve: Callable[[Reference], ResolvedAction | None],
        hindrance: Callable[[ResolvedAction], Finding | None] = lambda _: None,
        ref_state: Callable[[str], RefState | None] = lambda _: None,
    ) -> None:
        self.used: list[UsedAction] = []
        self._resolve = resolve
        self._hindrance = hindrance
        self._ref_state = ref_state
        self._versions: dict[str, Span] = {}  # what is not modelled, and its first place
        self._commits: dict[str, Span] = {}
        self._known: dict[str, tuple[Finding, ...]] = {}
        self._missing: dict[str, Span] = {}
        self._unreachable: dict[str, tuple[Span, UnreachableError]] = {}

    def findings(self, uses: str, span: Span, *, surely: bool = True) -> Iterator[Finding]:
        """What is wrong with the action that a step uses, at its place in the workflow.

        What is wrong in the action.yml of an action of the repository has its place there: a warning, where it is not
        `surely` used, as that is read when the step runs.
        """
        for finding in self._findings(uses, span, ()):
            if finding.code != MANIFEST:
                yield replace(finding, where=span)
            else:
                yield finding if surely else replace(finding, severity=Severity.WARNING)

    def missing(self) -> Iterator[Finding]:
        """A forecast for all actions that would have to be fetched and may not be, or cannot be."""
        if self._missing:
            error = MissingOfflineError(*self._missing)
            yield _impossible(error, next(iter(self._missing.values())))
        if self._unreachable:
            span, failed = next(iter(self._unreachable.values()))
            others = f"; nor {', '.join(others)}" if (others := list(self._unreachable)[1:]) else ""
            yield replace(_impossible(failed, span), message=f"{failed}{others}")

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

    def versions(self) -> Iterator[Finding]:
        """A notice of all versions that another one's stand-in rehearses, and one of all commits that are not known."""
        if self._commits:
            yield Finding(
                code=UNKNOWN_COMMIT,
                severity=Severity.NOTICE,
                message=f"Rehearsed as the newest version, for want of a known one with that commit: "
                f"{', '.join(self._commits)}",
                hint="Look whether each is the commit of the version that you mean.",
                where=next(iter(self._commits.values())),
            )
        if self._versions:
            yield Finding(
                code="action-version",
                severity=Severity.NOTICE,
                message=f"Rehearsed as another version: {', '.join(self._versions)}",
                hint="These steps may go another way in the release.",
                where=next(iter(self._versions.values())),
            )

    def _findings(self, uses: str, span: Span, around: tuple[str, ...]) -> tuple[Finding, ...]:
        """`around` are the composite actions that it is used in, the outermost first."""
        if uses in around or len(around) > DEEPEST:
            message = f"Composite action depth exceeded max depth {DEEPEST}"
            return (_error("action-depth", message, "Does an action use itself?"),)
        if uses not in self._known:
            self._known[uses] = tuple(self._judge(uses, span, around))
        return (*self._wrong_version(uses), *self._known[uses]) if around else self._known[uses]

    def _judge(self, uses: str, span: Span, around: tuple[str, ...]) -> Iterator[Finding]:
        try:
            action = self._resolved(uses, span)
        except ActionManifestError as error:
            yield from _of_manifest(error) if uses.startswith(("./", "$/")) else (_not_found(error),)
            return
        if isinstance(action, Finding):
            yield action
            return
        if action is None:
            return
        yield from self._version(uses, action, span)
        if isinstance(runs := action.manifest.runs, OutsideRuns):
            yield _not_rehearsed(action, runs)
            return
        self.used.append(UsedAction(action=action, within=around[-1] if around else None))
        if (hindrance := self._hindrance(action)) is not None:
            yield hindrance
        yield from self._inside(action, span, (*around, uses))

    def _wrong_version(self, uses: str) -> Iterator[Finding]:
        """What is wrong with the ref of an action inside of another one; the release rules know the others."""
        with contextlib.suppress(ReferenceSyntaxError):
            if (retired := retired_version(parse_reference(uses))) is not None:
                yield retired
                return
        state = self._ref_state(uses)
        name, _, ref = uses.partition("@")
        if state is not None and state.state == "absent":
            message, hint = absent_words(uses, state)
            yield _error("missing-version", message, hint)
        elif name.lower() == PUBLISHING and releases.release(ref).image is not None:
            # https://github.com/pypa/gh-action-pypi-publish/issues/338
            yield _error(
                "publish-in-composite",
                "inside of a composite action it looks for its image under the name of the repository that is "
                "released, where there is none: docker: Error response from daemon: manifest unknown",
                "Let a step of the job itself use it, after the composite action.",
            )

    def _version(self, uses: str, action: ResolvedAction, span: Span) -> Iterator[Finding]:
        """What there is to say of a ref that nothing is known to be wrong with."""
        if not action.builtin or retired_version(action.reference) is not None:
            return
        state = self._ref_state(uses)
        if state is not None and state.state == "absent":
            return
        if state is not None and state.state == "unknown":
            if not COMMIT.fullmatch(ref := uses.partition("@")[2]):
                yield _unverified(uses, state)
            elif not isinstance(action.manifest.runs, OutsideRuns) and releases.instead(ref) is None:
                self._commits.setdefault(uses, span)
        if (said := not_modelled(action.reference)) is not None:
            self._versions.setdefault(said, span)

    def _resolved(self, uses: str, span: Span) -> ResolvedAction | Finding | None:
        """The action, or what is wrong with it; None where there is nothing to say of it here."""
        try:
            return self._resolve(parse_reference(uses))
        except ReferenceSyntaxError as error:
            return _error("action-reference", str(error), "Write owner/repo@ref, ./path or docker://image.")
        except MissingOfflineError as error:
            for each in error.missing:
                self._missing.setdefault(each, span)
        except UnreachableError as error:
            self._unreachable.setdefault(uses, (span, error))
        except UnavailableActionError as error:
            return replace(_unavailable(str(error), error.hint), remedies=error.remedies)
        except ActionManifestError:
            raise
        except SimulatorError as error:
            return _not_found(error)
        return None

    def _inside(self, action: ResolvedAction, span: Span, around: tuple[str, ...]) -> Iterator[Finding]:
        runs = action.manifest.runs
        for step in runs.steps if isinstance(runs, CompositeRuns) else ():
            if step.uses is not None:
                for finding in self._findings(step.uses.value, span, around):
                    yield _within(action, step, finding)


def _of_manifest(error: ActionManifestError) -> Iterator[Finding]:
    """What GitHub would refuse in an action.yml, else that pysim cannot carry it out."""
    if error.is_of_pysim:
        yield _unavailable(str(error), error.hint)
        return
    refused = [each for each in error.diagnostics if each.severity is Severity.ERROR and each.code != "unsupported"]
    for each in refused:
        hint = each.hint or "GitHub cannot load the action, and the job that uses it fails."
        yield Finding(code=MANIFEST, severity=Severity.ERROR, message=each.message, hint=hint, where=each.span)


def _within(action: ResolvedAction, step: Step, finding: Finding) -> Finding:
    """What there is to say of an action inside another one: a refused one matters where its step runs."""
    assert step.uses is not None
    uses = step.uses.value
    if finding.code == MANIFEST:
        return finding
    if finding.code == NOT_REHEARSED and step.condition.source:
        message = f"{action.reference} uses {uses} if {step.condition.source}: then {finding.message}"
        return replace(finding, message=message)
    return replace(finding, message=f"{action.reference} uses {uses}: {finding.message}")


def _not_rehearsed(action: ResolvedAction, runs: OutsideRuns) -> Finding:
    passed_over = "the step is passed over, its outputs are empty, nothing is known of it."
    return Finding(
        code="not-rehearsed",
        severity=Severity.WARNING if runs.asked else Severity.NOTICE,
        message=f"{action.reference} is not rehearsed: it would have {runs.done}",
        hint=passed_over.capitalize() if runs.asked else f"Its only effect is outside: {passed_over}",
    )


def _unverified(uses: str, state: RefState) -> Finding:
    return Finding(
        code=UNVERIFIED,
        severity=Severity.WARNING,
        message=f"Nothing here knows whether there is {uses}: {state.why}, and GitHub was not asked or did not answer",
        hint="A run asks where the network is there. If you know that it exists, accept this.",
        remedies=(remedy(Act.ACCEPT_FINDING, f"{UNVERIFIED}: {uses}"),),
    )


def _impossible(error: UnavailableActionError, where: Span) -> Finding:
    return replace(_unavailable(str(error), error.hint), where=where, remedies=error.remedies)


def _unavailable(message: str, hint: str) -> Finding:
    """A forecast: a step that uses the action is passed over, and its job is not wholly rehearsed then."""
    return Finding(code=NOT_REHEARSED, severity=Severity.WARNING, message=message, hint=hint)


def _not_found(error: SimulatorError) -> Finding:
    found = _error("action-not-found", str(error), error.hint)
    return replace(found, remedies=error.remedies, would_show=str(error))


def _error(code: str, message: str, hint: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, hint=hint)
