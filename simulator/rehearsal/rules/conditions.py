"""Rules of conditions that are always true or never, whatever happens in a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.diagnostics import Severity
from simulator.expressions.language import Expression, ExpressionError, Vocabulary, parse, parse_template, to_source
from simulator.expressions.syntax import Comparison, Index, Literal, Logical, Name, Node, walk
from simulator.planning.foresight import RESULTS, Foresight, bare
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules import tags
from simulator.rehearsal.rules.expressions import Used, used_in
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.reach import Reach
from simulator.rehearsal.rules.references import names_what_is_missing
from simulator.workflow.facts import events, vocabulary
from simulator.workflow.model import Condition, Job, Step, Workflow

_REFS = frozenset({("github", "ref"), ("github", "ref_name")})
_STATUS = frozenset({"always", "success", "failure", "cancelled"})


@dataclass(frozen=True, kw_only=True, slots=True)
class _If:
    """The `if` of a job, or of a step of it."""

    job: Job
    step: Step | None

    @property
    def condition(self) -> Condition:
        return self.step.condition if self.step is not None else self.job.condition

    @property
    def who(self) -> str:
        return f"a step of job {self.job.id}" if self.step is not None else f"job {self.job.id}"

    def holds(self, foresight: Foresight, node: Node) -> bool | None:
        """What a part of it gives."""
        return foresight.holds(self.job, self.step, node)

    @property
    def used(self) -> Used:
        condition = self.condition
        return Used(expression=condition.expression, span=condition.span, job=self.job, step=self.step, decides=True)


def _written(workflow: Workflow) -> Iterator[_If]:
    for job in workflow.jobs.values():
        if job.condition.source:
            yield _If(job=job, step=None)
        for step in job.all_steps:
            if step.condition.source:
                yield _If(job=job, step=step)


# ---- text beside an expression


@rule(
    "text-in-condition",
    Severity.WARNING,
    summary="An `if` has text beside `${{ }}` (an error where a release is published though the condition means no).",
    why="GitHub makes one string of the two, and a string that is not empty is true.",
)
def text_in_condition(subject: Subject) -> Iterator[Problem]:
    reach: Reach | None = None
    for each in _written(subject.workflow):
        if not _has_text_beside(each):
            continue
        reach = reach or Reach(subject)
        meant = _meant(each)
        against = frozenset(_against(reach, each, meant)) if meant is not None else frozenset()
        message = f"The `if` of {each.who} has text beside ${{{{ }}}}, which makes a string of it: it is always true"
        if against:
            message += f", though it means no for {_listed(reach, against)}"
        yield Problem(
            span=each.condition.span,
            message=message,
            hint=_one_expression(meant),
            severity=Severity.ERROR if against else Severity.WARNING,
            events=against or None,
        )


def _has_text_beside(each: _If) -> bool:
    if "${{" not in each.condition.source:
        return False
    template = parse_template(each.condition.source, _vocabulary(each))
    text = any(isinstance(part, str) and part.strip() for part in template.parts)
    return template.quoted is None and (text or len(template.expressions) > 1)


def _vocabulary(each: _If) -> Vocabulary:
    return vocabulary("jobs.<job_id>.steps.if" if each.step is not None else "jobs.<job_id>.if")


def _meant(each: _If) -> Expression | None:
    """The condition as it is meant: without the marks around its expressions; None where that is none."""
    template = parse_template(each.condition.source, _vocabulary(each))
    text = ""
    for place, part in enumerate(template.parts):
        if isinstance(part, Expression):
            text += f"({part.source})"
            continue
        after = place and part.startswith("'")
        before = place < len(template.parts) - 1 and part.endswith("'")
        text += part[1 if after else 0 : -1 if before and len(part) > (1 if after else 0) else None]
    try:
        return parse(text.strip(), _vocabulary(each))
    except ExpressionError:
        return None


def _against(reach: Reach, each: _If, meant: Expression) -> Iterator[str]:
    """The ways of starting that bring a release and publish it against what a condition means."""
    if not reach.ends_behind(each.job, each.step):
        return
    for foresight in reach.releases:
        if each.job.id not in foresight.never and each.holds(foresight, meant.root) is False:
            yield foresight.start.name


def _one_expression(meant: Expression | None) -> str:
    if meant is None:
        return "Put all of it inside one ${{ }}, or leave the marks away."
    text = to_source(meant)
    plain = not text.startswith(("!", "'")) and ": " not in text and " #" not in text
    return f"Write it as one expression: if: {text if plain else f'${{{{ {text} }}}}'}"


# ---- never true


@rule(
    "condition-never-true",
    Severity.ERROR,
    summary="An `if` is false for every event that starts the workflow (a warning where a release is published all the "
    "same).",
    why="The job or the step is skipped in every run, which ends green all the same.",
)
def condition_never_true(subject: Subject) -> Iterator[Problem]:
    reach = Reach(subject)
    told = {problem.span for problem in tags.tag_never_starts.check(subject)}
    for each in _written(subject.workflow):
        if not _reads_contexts(each.condition) or each.condition.span in told or not reach.never(each.job, each.step):
            continue
        having = [item for item in reach.all if each.step is None or each.job.id not in item.never]
        false = [item for item in having if each.holds(item, bare(each.condition)) is False]
        if not false or _is_behind(reach, each) or names_what_is_missing(reach, each.used):
            continue
        part = _false_part(each, bare(each.condition), false)
        yield Problem(
            span=each.condition.span,
            message=f"{each.who[0].upper()}{each.who[1:]} never runs: {to_source(Expression('', part))} is false in "
            f"every run for {_listed(reach, frozenset(item.start.name for item in false))}",
            hint=_remedy(subject.workflow, part, false),
            severity=reach.severity(each.job, each.step),
            events=reach.events,
        )


def _reads_contexts(condition: Condition) -> bool:
    """Whether it is more than a constant: `if: false` is meant as it is."""
    return any(isinstance(node, Name) for node in walk(condition.expression.root))


def _is_behind(reach: Reach, each: _If) -> bool:
    """Whether a job that never runs stands before it."""
    jobs = reach.workflow.jobs
    before = reach.all[0].before(each.job) if reach.all else frozenset()
    return each.step is None and any(reach.never(jobs[name]) for name in before if name in jobs)


def _false_part(each: _If, node: Node, false: Sequence[Foresight]) -> Node:
    """The smallest part of a condition that is false by itself."""
    if isinstance(node, Logical) and node.operator == "&&":
        for operand in node.operands:
            if all(each.holds(foresight, operand) is False for foresight in false):
                return _false_part(each, operand, false)
    return node


def _remedy(workflow: Workflow, part: Node, false: Sequence[Foresight]) -> str:
    name, text = _sides(part) if isinstance(part, Comparison) and part.operator == "==" else ((), "")
    results = f"{', '.join(RESULTS[:-1])} or {RESULTS[-1]}"
    hint = "Change the condition, or the events of `on`." if len(workflow.triggers) > 1 else "Change the condition."
    if name == ("github", "event_name") and text.lower() in events():
        own = dict.fromkeys((each.start.caller or each.start).trigger.event for each in false)
        on = "the caller's `on`" if all(each.start.caller for each in false) else "`on`"
        hint = f"Add {text} to {on}, or ask for {' or '.join(own)}."
    elif name == ("github", "event_name"):
        hint = f"GitHub has no event {text}: a pushed tag is a push, and its github.ref_type is 'tag'."
    elif name in {("github", "ref"), ("github", "ref_name")} and {
        (each.start.caller or each.start).ref_type for each in false
    } == {"tag"}:
        hint = "A tag has no branch: leave it out, or let a step ask git whether the commit is on the branch."
    elif name[:1] == ("needs",) and name[-1:] == ("result",):
        hint = f"A result is {results}."
    elif name[:1] == ("steps",) and name[-1:] in {("outcome",), ("conclusion",)}:
        hint = f"It is {results}."
    elif name[:1] == ("inputs",) and text in {"true", "false"}:
        hint = f"The input is a boolean, which equals no text: write {'' if text == 'true' else '!'}{'.'.join(name)}."
    return hint


def _sides(part: Node) -> tuple[tuple[str, ...], str]:
    """The name and the text that a part compares; both empty for others."""
    if isinstance(part, Comparison) and part.operator in {"==", "!="}:
        for name, text in ((part.left, part.right), (part.right, part.left)):
            if isinstance(name, Name | Index) and isinstance(text, Literal) and isinstance(text.value, str):
                found = Expression("", name).references()
                return (tuple(each.lower() for each in found[0]) if found else ()), text.value
    return (), ""


# ---- a boolean is no text


@rule(
    "boolean-as-text",
    Severity.WARNING,
    summary="A boolean input is compared with the text 'true' or 'false'.",
    why="A boolean equals no text: `==` is always false and `!=` always true, whatever is chosen.",
)
def boolean_as_text(subject: Subject) -> Iterator[Problem]:
    booleans = _booleans(subject.workflow)
    if not booleans:
        return
    told = {problem.span for problem in condition_never_true.check(subject)}
    for used in used_in(subject.workflow):
        for node in walk(used.expression.root):
            name, text = _sides(node)
            if name[:1] != ("inputs",) or len(name) != 2 or name[1] not in booleans or used.span in told:
                continue
            if text.lower() in {"true", "false"} and isinstance(node, Comparison):
                always = "false" if node.operator == "==" else "true"
                positive = (text.lower() == "true") is (node.operator == "==")
                yield Problem(
                    span=used.span,
                    message=f"{to_source(Expression('', node))} is always {always}: the input {name[1]} is a boolean, "
                    "which equals no text",
                    hint=f"Write {'' if positive else '!'}inputs.{name[1]}.",
                )


def _booleans(workflow: Workflow) -> frozenset[str]:
    """The inputs that are booleans for every event that declares them, in lower case."""
    declared = [
        (name.lower(), given.type) for each in workflow.triggers.values() for name, given in each.inputs.items()
    ]
    return frozenset(name for name, kind in declared if kind == "boolean") - {
        name for name, kind in declared if kind != "boolean"
    }


# ---- skipped with a job before it


@rule(
    "skipped-ancestor",
    Severity.ERROR,
    summary="A job is skipped with a job before those that it needs, which run all the same (a warning where a release "
    "is published all the same).",
    why="Without a status function a job has success(), which looks at all jobs before it, not at its needs alone.",
)
def skipped_ancestor(subject: Subject) -> Iterator[Problem]:
    reach = Reach(subject)
    for job in subject.workflow.jobs.values():
        found = [(each, first) for each in reach.all if (first := _skipped_with(reach, each, job)) is not None]
        if not found:
            continue
        (_, ancestor), needed = found[0], _running_need(found[0][0], job)
        erring = frozenset(
            each.start.name
            for each, _ in found
            if each in reach.releases and any(reach.is_missed(end, each) for end in reach.ends_behind(job, None))
        )
        names = _listed(reach, erring or frozenset(each.start.name for each, _ in found))
        yield Problem(
            span=job.span,
            message=f"Job {job.id} is skipped for {names}, though {needed}, which it needs, runs: job {ancestor} "
            "before it is skipped, and success(), which a condition without a status function has, looks at that, too",
            hint=f"Give {job.id} a condition of its own, such as\n    if: ${{{{ !cancelled() && "
            f"needs.{needed}.result == 'success' }}}}",
            severity=Severity.ERROR if erring else Severity.WARNING,
            events=erring or None,
        )


def _skipped_with(reach: Reach, foresight: Foresight, job: Job) -> str | None:
    """The first job that a job is skipped with, though one that it needs runs; None where it is not so."""
    calls = Expression("", bare(job.condition)).calls() if job.condition.source else frozenset()
    if job.id not in foresight.never or calls & (_STATUS - {"success"}) or foresight.job_holds(job) is False:
        return None
    if _running_need(foresight, job) is None:
        return None
    jobs = reach.workflow.jobs
    skipped = [name for name in jobs if name in foresight.before(job) & foresight.never]
    return next((name for name in skipped if foresight.job_holds(jobs[name]) is False), None)


def _running_need(foresight: Foresight, job: Job) -> str | None:
    """A job that it needs, that runs, and that stands behind one that does not."""
    for need in job.needs:
        name = next((each for each in foresight.workflow.jobs if each.lower() == need.value.lower()), None)
        if name is None or name in foresight.never:
            continue
        if foresight.before(foresight.workflow.jobs[name]) & foresight.never:
            return name
    return None


def _listed(reach: Reach, names: frozenset[str]) -> str:
    words = list(dict.fromkeys(each.start.words for each in reach.all if each.start.name in names))
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
