"""Rules of what a job hands to the workflow that it calls: secrets, and inputs of the type that is declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Final

from simulator.diagnostics import Severity
from simulator.expressions.language import kind_of, to_text
from simulator.expressions.partial import UNKNOWN, Closed, Open, Partial, Unknown, foresee, truth
from simulator.planning.foresight import Foresight, bare
from simulator.planning.tools import publishing_step
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules.expressions import Used, used_in
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.reach import Reach
from simulator.rehearsal.rules.release import called_by
from simulator.workflow.facts import contexts
from simulator.workflow.model import DispatchInput, Job, Text, Workflow

_ALWAYS_THERE: Final = frozenset({"github_token"})
_TYPES: Final = {"boolean": "Boolean", "number": "Number"}
_NOTHING: Final[Mapping[str, Partial]] = {"boolean": False, "number": 0.0}
_MILD: Final = Severity.WARNING


# ---- secrets


@rule(
    "secrets-not-passed",
    Severity.ERROR,
    summary="A called workflow reads a secret that the call does not pass (a warning where none that publishes does).",
    why="A called workflow gets no secrets without `secrets: inherit` or a mapping: it reads nothing.",
)
def secrets_not_passed(subject: Subject) -> Iterator[Problem]:
    for job in subject.workflow.jobs.values():
        called = called_by(job, subject.others)
        if called is None or job.secrets == "inherit" or job.secrets.whole or job.secrets.computed:
            continue
        known = {name.lower() for name in job.secrets} | _declared(called) | _ALWAYS_THERE
        found: dict[str, list[Severity]] = {}
        for used, name, weight in _secrets_read(called, subject.others, _inputs(job, called), frozenset({called.path})):
            if name.lower() not in known:
                found.setdefault(name, []).append(weight if used.job is None or not used.job.environment else _MILD)
        if found:
            yield _not_passed(job, called, found)


def _not_passed(job: Job, called: Workflow, found: Mapping[str, Sequence[Severity]]) -> Problem:
    names = ", ".join(f"secrets.{name}" for name in found)
    passed = ", ".join(job.secrets) if job.secrets != "inherit" else ""
    first = next(iter(found))
    return Problem(
        span=job.uses.span if job.uses else job.span,
        message=f"Job {job.id} calls {called.path} and passes it {f'{passed} alone' if passed else 'no secrets'}: "
        f"{names}, which it reads, {'is' if len(found) == 1 else 'are'} empty there",
        hint=f"Below `{job.id}:` add `secrets: inherit`; or declare {first} under `secrets` of its workflow_call, and "
        f"pass it:\n    secrets:\n      {first}: ${{{{ secrets.{first} }}}}",
        severity=Severity.ERROR if any(Severity.ERROR in each for each in found.values()) else _MILD,
    )


def _declared(called: Workflow) -> frozenset[str]:
    """The secrets that a workflow declares: those of them that it needs GitHub itself asks for."""
    trigger = called.triggers.get("workflow_call")
    return frozenset(name.lower() for name in trigger.secrets) if trigger is not None else frozenset()


def _secrets_read(
    workflow: Workflow, others: Mapping[str, Workflow], inputs: Partial, seen: Set[str]
) -> Iterator[tuple[Used, str, Severity]]:
    """The secrets that a called workflow reads, and those that it hands on with `secrets: inherit`.

    Each with an error where a publishing step surely reads it.
    """
    for used in used_in(workflow):
        for reference in used.expression.references():
            held = _runs(used, inputs)
            if reference[0] == "secrets" and len(reference) > 1 and held is not False:
                surely = held and _publishes(workflow, used)
                yield used, reference[1], Severity.ERROR if surely else _MILD
    for job in workflow.jobs.values():
        inner = called_by(job, others)
        if inner is not None and job.secrets == "inherit" and inner.path not in seen:
            yield from _secrets_read(inner, others, UNKNOWN, seen | {inner.path})


def _publishes(workflow: Workflow, used: Used) -> bool:
    """Whether a publishing step reads it, itself or by the `env` of its job or its workflow."""
    if used.step is not None:
        return publishing_step(used.step) is not None
    jobs = workflow.jobs.values() if used.job is None else [used.job]
    return any(publishing_step(step) is not None for job in jobs for step in job.all_steps)


def _runs(used: Used, inputs: Partial) -> bool | None:
    """Whether the job and the step run in which something is read, as far as the inputs alone decide."""
    owners = [owner for owner in (used.job, used.step) if owner is not None and owner.condition.source]
    known: dict[str, Partial] = {**dict.fromkeys(contexts(), Open({})), "inputs": inputs}
    functions: dict[str, Partial] = {"always": True, "success": True, "failure": UNKNOWN, "cancelled": UNKNOWN}
    held = [truth(foresee(owner.condition.expression.root, known, functions)) for owner in owners]
    return False if False in held else None if None in held else True


def _inputs(job: Job, called: Workflow) -> Partial:
    """The inputs of a called workflow as its caller writes them."""
    given = {name.lower(): text for name, text in job.with_.items()}
    trigger = called.triggers.get("workflow_call")
    found: dict[str, Partial] = {}
    for name, declared in (trigger.inputs if trigger is not None else {}).items():
        text = given.get(name.lower(), declared.computed)
        if text is None:
            found[name] = _NOTHING.get(declared.type, "") if declared.default is None else declared.default
        else:
            found[name] = text.value if text.template.is_literal else UNKNOWN
    return Closed(found)


# ---- types of inputs


@rule(
    "call-input-type",
    Severity.ERROR,
    summary="A call gives an input of a called workflow a value of another type than it declares (a warning where a "
    "condition may keep the job from running).",
    why="GitHub ends the run before its first job: `Unexpected type of value '', expected type: Boolean.`",
)
def call_input_type(subject: Subject) -> Iterator[Problem]:
    reach = Reach(subject)
    for job in subject.workflow.jobs.values():
        called = called_by(job, subject.others)
        trigger = called.triggers.get("workflow_call") if called is not None else None
        given = {name.lower(): text for name, text in job.with_.items()}
        for name, declared in (trigger.inputs if trigger is not None else {}).items():
            text = given.get(name.lower())
            if text is not None and declared.type in _TYPES and not text.template.is_literal:
                yield from _of_another_type(reach, job, declared, text)


def _of_another_type(reach: Reach, job: Job, declared: DispatchInput, text: Text) -> Iterator[Problem]:
    found = {each: wrong for each in reach.all if (wrong := _wrong(each, job, declared, text)) is not None}
    if not found:
        return
    wanted, shown = _TYPES[declared.type], next(iter(found.values()))
    starts = list(found)
    sure = [each for each in starts if not job.condition.source or each.holds(job, None, bare(job.condition)) is True]
    yield Problem(
        span=text.span,
        message=f"The template is not valid. {text.span.file} (Line: {text.span.line}, Col: {text.span.column}): "
        f"Unexpected type of value '{shown}', expected type: {wanted}. So it is for {_listed(starts)}",
        hint=_typed(job, declared, text, shown),
        severity=Severity.ERROR if sure else Severity.WARNING,
        events=frozenset(each.start.name for each in sure) or None,
    )


def _wrong(foresight: Foresight, job: Job, declared: DispatchInput, text: Text) -> str | None:
    """What GitHub shows of a value that is surely of another type; None where it may be right."""
    if job.id in foresight.never or foresight.holds(job, None, bare(job.condition)) is False:
        return None
    if len(text.template.parts) > 1:
        return text.source
    value = foresight.given(job, text.template.expressions[0].root)
    if isinstance(value, Unknown):
        kinds = {kind_of(each) for each in value.among or ()}
        return text.source if value.is_text or (kinds and _TYPES[declared.type] not in kinds) else None
    if isinstance(value, Open | Closed):
        return None
    return None if kind_of(value) == _TYPES[declared.type] else to_text(value)


def _typed(job: Job, declared: DispatchInput, text: Text, shown: str) -> str:
    own = text.template.expressions[0].source if len(text.template.parts) == 1 else ""
    if own.startswith("inputs.") and not shown and declared.type == "boolean":
        compared = f"`{declared.name}: ${{{{ {own} == true }}}}`"
        return f"An event without this input gives nothing: compare, as in {compared}, which is false for it."
    if own and declared.type == "boolean":
        return f"It is a text: compare it, as in `{declared.name}: ${{{{ {own} == 'true' }}}}`."
    return f"Give {declared.name} of {job.uses.value if job.uses else 'it'} a {declared.type}, or declare a string."


def _listed(foresights: Sequence[Foresight]) -> str:
    words = [each.start.words for each in foresights]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
