"""Whether an event starts a workflow, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from simulator.diagnostics import Diagnostic, Severity
from simulator.errors import InvalidWorkflowError
from simulator.positions import Located, Span
from simulator.triggers.globs import PatternError, compile_pattern, deciding, takes
from simulator.triggers.model import Event, Match
from simulator.workflow.model import Trigger, Workflow

Patterns = Sequence[Located[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Filter:
    """The two filters of one kind of name; None is absent."""

    kind: Literal["tag", "branch"]
    taken: Patterns | None
    ignored: Patterns | None

    @property
    def present(self) -> bool:
        return self.taken is not None or self.ignored is not None

    @property
    def names(self) -> str:
        return "tags" if self.kind == "tag" else "branches"


def match(workflow: Workflow, event: Event) -> Match:
    """Decide as GitHub does. Raises InvalidWorkflowError for a filter pattern that GitHub does not take."""
    trigger = workflow.triggers.get(event.name)
    if trigger is None:
        others = ", ".join(workflow.triggers) or "none"
        return Match(starts=False, reason=f"{event.name} is not one of its events: {others}", span=workflow.span)
    _check_patterns(trigger)
    if event.name == "push":
        return _push(trigger, event)
    return _activity(trigger, event)


def _activity(trigger: Trigger, event: Event) -> Match:
    """Without `types` every activity of a release starts the workflow."""
    if event.action is None or not trigger.types:
        what = f"{event.name} ({event.action})" if event.action else event.name
        return Match(starts=True, reason=f"it starts on {what}", span=trigger.span)
    if event.action in trigger.types:
        return Match(starts=True, reason=f"it starts on {event.name} with the type {event.action}", span=trigger.span)
    reason = f"{event.name} with the type {event.action} is none of its types: {', '.join(trigger.types)}"
    return Match(starts=False, reason=reason, span=trigger.span)


def _push(trigger: Trigger, event: Event) -> Match:
    tags = _Filter(kind="tag", taken=trigger.tags, ignored=trigger.tags_ignore)
    branches = _Filter(kind="branch", taken=trigger.branches, ignored=trigger.branches_ignore)
    own, other = (tags, branches) if event.ref_type == "tag" else (branches, tags)
    if not own.present and other.present:
        listed = _words(other.taken) if other.taken is not None else f"all but {_words(other.ignored or ())}"
        reason = f"{own.kind} {event.ref_name} is no {other.kind}, and only {other.names} start it ({listed})"
        return Match(starts=False, reason=reason, span=trigger.span)
    by_name = _by_name(own, event.ref_name, trigger.span)
    # Path filters are not evaluated for pushes of tags (GitHub's workflow syntax, on.push.paths).
    if not by_name.starts or event.ref_type == "tag":
        return by_name
    return _by_paths(trigger, event, by_name)


def _by_name(own: _Filter, name: str, span: Span) -> Match:
    what = f"{own.kind} {name}"
    if own.taken is not None:
        return _taken(own.taken, what, name, span)
    for pattern in own.ignored or ():
        if deciding([pattern.value], name) is not None:
            return Match(starts=False, reason=f"{what} matches {own.names}-ignore: {pattern.value}", span=pattern.span)
    if own.ignored:
        reason = f"{what} matches none of {own.names}-ignore: {_words(own.ignored)}"
        return Match(starts=True, reason=reason, span=own.ignored[0].span)
    return Match(starts=True, reason=f"it starts on every push, {what} included", span=span)


def _taken(patterns: Patterns, what: str, name: str, span: Span) -> Match:
    if not patterns:
        return Match(starts=False, reason=f"{what} matches none: its filter is empty", span=span)
    index = deciding([pattern.value for pattern in patterns], name)
    if index is None:
        reason = f"{what} matches none of: {_words(patterns)}"
        return Match(starts=False, reason=reason, span=patterns[0].span)
    deciding_one = patterns[index]
    if deciding_one.value.startswith("!"):
        return Match(starts=False, reason=f"{what} is left out by {deciding_one.value}", span=deciding_one.span)
    return Match(starts=True, reason=f"{what} matches {deciding_one.value}", span=deciding_one.span)


def _by_paths(trigger: Trigger, event: Event, by_name: Match) -> Match:
    if trigger.paths is not None:
        patterns = [pattern.value for pattern in trigger.paths]
        found = next((path for path in event.changed if takes(patterns, path)), None)
        if found is None:
            reason = f"no changed file matches paths: {_words(trigger.paths)}"
            return Match(starts=False, reason=reason, span=_first(trigger.paths, trigger.span))
        return Match(starts=True, reason=f"{by_name.reason}, and {found} matches its paths", span=by_name.span)
    if trigger.paths_ignore is not None:
        ignored = [pattern.value for pattern in trigger.paths_ignore]
        if all(takes(ignored, path) for path in event.changed):
            reason = f"every changed file matches paths-ignore: {_words(trigger.paths_ignore)}"
            return Match(starts=False, reason=reason, span=_first(trigger.paths_ignore, trigger.span))
    return by_name


def _first(patterns: Patterns, otherwise: Span) -> Span:
    return patterns[0].span if patterns else otherwise


def _words(patterns: Patterns) -> str:
    return ", ".join(pattern.value for pattern in patterns)


def _all_patterns(trigger: Trigger) -> Iterable[Located[str]]:
    names = (trigger.branches, trigger.branches_ignore, trigger.tags, trigger.tags_ignore)
    return (pattern for patterns in (*names, trigger.paths, trigger.paths_ignore) for pattern in patterns or ())


def pattern_problems(workflow: Workflow) -> tuple[Diagnostic, ...]:
    """The filter patterns of a workflow that GitHub does not take."""
    return tuple(problem for trigger in workflow.triggers.values() for problem in _pattern_problems(trigger))


def _pattern_problems(trigger: Trigger) -> Iterable[Diagnostic]:
    for pattern in _all_patterns(trigger):
        try:
            compile_pattern(pattern.value.removeprefix("!"))
        except PatternError as error:
            message = f"The filter pattern {pattern.value} is not valid: {error}"
            hint = "See GitHub's filter pattern cheat sheet."
            yield Diagnostic(
                code="filter-pattern", severity=Severity.ERROR, message=message, span=pattern.span, hint=hint
            )


def _check_patterns(trigger: Trigger) -> None:
    problems = tuple(_pattern_problems(trigger))
    if problems:
        raise InvalidWorkflowError(
            problems[0].message, hint="See GitHub's filter pattern cheat sheet.", diagnostics=problems
        )
