"""Rules of expressions that name what is not there: GitHub takes them, and gives nothing for them.

What is read in an `if` that is then never true weighs as much as the job or the step that never runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from simulator.diagnostics import Severity
from simulator.planning.foresight import earlier
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules.expressions import Used, used_in
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.reach import Reach
from simulator.spelling import closest
from simulator.workflow.facts import properties
from simulator.workflow.model import DispatchInput, Step, Workflow

Reference = tuple[str, ...]
Missing = Callable[[Reach, Used, Reference], "tuple[str, str] | None"]
"""What is wrong with a reference, as a message and a hint; None where nothing is."""

_OBJECTS = frozenset({"event"})
_WAYS = {"workflow_dispatch", "workflow_call"}


def _broken(subject: Subject, missing: Missing) -> Iterator[Problem]:
    reach = Reach(subject)
    for used in used_in(subject.workflow):
        for reference in used.expression.references():
            found = missing(reach, used, reference)
            if found is not None:
                message, hint = found
                yield _problem(reach, used, message, hint)


def _problem(reach: Reach, used: Used, message: str, hint: str) -> Problem:
    if used.job is None or not used.decides or not reach.never(used.job, used.step):
        return Problem(span=used.span, message=message, hint=hint, severity=Severity.WARNING)
    who = f"the step is never run in job {used.job.id}" if used.step else f"job {used.job.id} is never run"
    return Problem(
        span=used.span,
        message=f"{message}, and so {who}",
        hint=hint,
        severity=reach.severity(used.job, used.step),
        events=reach.events,
    )


def names_what_is_missing(reach: Reach, used: Used) -> bool:
    """Whether a rule of this module has something to say of an expression."""
    kinds: tuple[Missing, ...] = (_need, _output, _step, _input_of(reach.workflow), _property)
    return any(kind(reach, used, reference) for reference in used.expression.references() for kind in kinds)


# ---- needs


@rule(
    "missing-need",
    Severity.ERROR,
    summary="An expression reads `needs.ID` of a job that its job does not need (a warning where a release is "
    "published all the same).",
    why="GitHub gives nothing for it, so that a condition on it is never true.",
)
def missing_need(subject: Subject) -> Iterator[Problem]:
    return _broken(subject, _need)


def _need(reach: Reach, used: Used, reference: Reference) -> tuple[str, str] | None:
    if used.job is None or reference[0] != "needs" or len(reference) < 2:
        return None
    wanted, job = reference[1], used.job
    if wanted.lower() in {need.value.lower() for need in job.needs}:
        return None
    jobs = {name.lower(): name for name in reach.workflow.jobs}
    message = f"Job {job.id} reads needs.{wanted}, which is empty: it does not need "
    if wanted.lower() in jobs:
        return f"{message}the job {wanted}", f"Add {jobs[wanted.lower()]} to the needs of {job.id}."
    guess = closest(wanted, [need.value for need in job.needs])
    return f"{message}a job of that name", _guessed("needs.", guess, "Name a job that it needs.")


@rule(
    "missing-output",
    Severity.ERROR,
    summary="An expression reads an output that the job before it does not declare (a warning where a release is "
    "published all the same).",
    why="What a step sets is no output of its job: GitHub gives nothing for it, and a condition on it is never true.",
)
def missing_output(subject: Subject) -> Iterator[Problem]:
    return _broken(subject, _output)


def _output(reach: Reach, used: Used, reference: Reference) -> tuple[str, str] | None:
    if reference[0] not in {"needs", "jobs"} or len(reference) < 3:
        return None
    jobs = {name.lower(): job for name, job in reach.workflow.jobs.items()}
    job, kind = jobs.get(reference[1].lower()), reference[2].lower()
    if job is None or (reference[0] == "needs" and _need(reach, used, reference)):
        return None
    text = ".".join(reference[:3])
    if kind not in {"outputs", "result"}:
        guess = closest(kind, ["outputs", "result"])
        hint = _guessed(
            f"{reference[0]}.{reference[1]}.", guess, "The result of a step is its outcome, of a job its result."
        )
        return f"{used.owner} reads {text}, which is empty: a job before another one has `result` and `outputs`", hint
    declared = reach.outputs(job)
    if kind != "outputs" or len(reference) < 4 or declared is None:
        return None
    wanted = reference[3]
    if wanted.lower() in {name.lower() for name in declared}:
        return None
    guess = closest(wanted, declared)
    return (
        f"{used.owner} reads {text}.{wanted}, which is empty: job {job.id} declares no output {wanted}",
        f"Did you mean {text}.{guess}?" if guess else _declare(reach, reference),
    )


def _declare(reach: Reach, reference: Reference) -> str:
    job = next(job for name, job in reach.workflow.jobs.items() if name.lower() == reference[1].lower())
    wanted = reference[3]
    if job.uses is not None:
        return f"Declare {wanted} in {job.uses.value} under `outputs` of workflow_call."
    steps = [step.id for step in job.steps if step.id]
    step = steps[0] if len(steps) == 1 else "STEP"
    return f"Below `{job.id}:` add\n    outputs:\n      {wanted}: ${{{{ steps.{step}.outputs.{wanted} }}}}"


# ---- steps


@rule(
    "missing-step",
    Severity.ERROR,
    summary="An expression reads `steps.ID` of an id that no earlier step of its job has (a warning where a release is "
    "published all the same).",
    why="Steps see those before them in their own job alone; for others GitHub gives nothing.",
)
def missing_step(subject: Subject) -> Iterator[Problem]:
    return _broken(subject, _step)


def _step(reach: Reach, used: Used, reference: Reference) -> tuple[str, str] | None:
    job = used.job
    if job is None or reference[0] != "steps" or len(reference) < 2 or (used.step is None and not used.ends):
        return None
    wanted = reference[1]
    before = earlier(job, used.step) if used.step is not None else job.all_steps
    if wanted.lower() in _ids(before):
        return None
    message = f"Job {job.id} reads steps.{wanted}, which is empty: "
    if used.step is not None and wanted.lower() in _ids([used.step]):
        return f"{message}a step does not see itself", "Read it in a later step."
    if wanted.lower() in _ids(job.all_steps):
        return f"{message}the step {wanted} runs later", f"Move it behind the step {wanted}."
    owner = reach.owner_of(wanted)
    guess = closest(wanted, [each.id for each in before if each.id])
    if owner is not None and guess is None:
        hint = f"Hand it on as an output of job {owner}, and read needs.{owner}.outputs."
        return f"{message}the step {wanted} is one of job {owner}", hint
    return f"{message}no step before it has that id", _guessed(
        "steps.", guess, f"Give the step that is meant `id: {wanted}`."
    )


def _ids(steps: Sequence[Step]) -> frozenset[str]:
    return frozenset(step.id.lower() for step in steps if step.id)


# ---- inputs


@rule(
    "missing-input",
    Severity.ERROR,
    summary="An expression reads an input that no event of the workflow declares (a warning where a release is "
    "published all the same).",
    why="GitHub gives nothing for it, so that a condition on it is never true.",
)
def missing_input(subject: Subject) -> Iterator[Problem]:
    return _broken(subject, _input_of(subject.workflow))


def _input_of(workflow: Workflow) -> Missing:
    declared = _declared(workflow)

    def missing(_reach: Reach, used: Used, reference: Reference) -> tuple[str, str] | None:
        wanted = _input_name(reference)
        if reference[0] == "github" and "workflow_call" in workflow.triggers:
            return None  # the event is the caller's
        if wanted is None or wanted.lower() in {name.lower() for name in declared}:
            return None
        ways = [name for name in workflow.triggers if name in _WAYS]
        message = f"{used.owner} reads {'.'.join(reference)}, which is empty: "
        if not ways:
            hint = (
                "Inputs are those of workflow_dispatch and workflow_call; `env` and `vars` are there for every event."
            )
            return f"{message}no event of the workflow has inputs", hint
        guess = closest(wanted, declared)
        return (
            f"{message}{' and '.join(ways)} declare{'s' if len(ways) == 1 else ''} no input {wanted}",
            _guessed("inputs.", guess, f"Declare {wanted} under `inputs` of {ways[0]}."),
        )

    return missing


def _declared(workflow: Workflow) -> dict[str, DispatchInput]:
    return {name: each for trigger in workflow.triggers.values() for name, each in trigger.inputs.items()}


def _input_name(reference: Reference) -> str | None:
    if reference[0] == "inputs" and len(reference) > 1:
        return reference[1]
    of_event = [part.lower() for part in reference[:3]] == ["github", "event", "inputs"]
    return reference[3] if of_event and len(reference) > 3 else None


# ---- properties


@rule(
    "missing-property",
    Severity.ERROR,
    summary="An expression reads a property of a text, such as `github.env.X`, or one that the github context does not "
    "have (a warning where a release is published all the same).",
    why="GitHub gives nothing for it: `github.env` is the path of a file, and the variable is `env.X`.",
)
def missing_property(subject: Subject) -> Iterator[Problem]:
    return _broken(subject, _property)


def _property(_reach: Reach, used: Used, reference: Reference) -> tuple[str, str] | None:
    if reference[0] != "github" or len(reference) < 2:
        return None
    name = reference[1]
    known = {each.lower(): each for each in properties("github")}
    message = f"{used.owner} reads {'.'.join(reference)}, which is empty: "
    if name.lower() not in known:
        return f"{message}the github context has no {name}", _elsewhere(name, closest(name, known.values()))
    if len(reference) < 3 or name.lower() in _OBJECTS:
        return None
    if name.lower() == "env":
        return f"{message}github.env is the path of a file", _variable(used, reference[2])
    return f"{message}github.{name} is a text", f"Write github.{name} alone."


def _variable(used: Used, name: str) -> str:
    if used.decides and used.step is None:
        return f"The variable is env.{name}, which the `if` of a job cannot read: give the condition to its steps."
    return f"Did you mean env.{name}?" + (" It is a text: compare it, as with 'true'." if used.decides else "")


def _elsewhere(name: str, guess: str | None) -> str:
    if name.lower() in {"tag", "tag_name", "branch", "branch_name"}:
        return "The name of the tag or the branch is github.ref_name, its kind github.ref_type."
    return _guessed(
        "github.", guess, "What an event brings is in github.event; GitHub's page of contexts has the rest."
    )


def _guessed(head: str, guess: str | None, otherwise: str) -> str:
    return f"Did you mean {head}{guess}?" if guess else otherwise
