"""What a workflow would do for an event: its jobs, named, expanded and decided as far as the event alone allows.

Pure: no clock, no disk, no environment variable. Evaluates what GitHub evaluates on its server; steps are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from simulator.expressions.language import (
    Expression,
    ExpressionError,
    Scope,
    Template,
    Value,
    evaluate_template,
    render,
    to_number,
    to_text,
)
from simulator.expressions.values import is_array
from simulator.planning.conditions import Decision, decide, decide_later
from simulator.planning.errors import plan_error
from simulator.planning.graph import as_defined, in_order
from simulator.planning.matrix import Combination, MatrixError, expand
from simulator.planning.model import Inherited, Plan, PlannedJob
from simulator.planning.permissions import least, permissions_of
from simulator.triggers.model import Event
from simulator.workflow.calls import CalledWorkflow
from simulator.workflow.model import Job, Matrix, MatrixValue, Permissions, Text, Workflow

Contexts = Mapping[str, Value]


def plan(
    workflow: Workflow,
    event: Event,
    *,
    contexts: Contexts,
    calls: Mapping[str, CalledWorkflow] | None = None,
    inherited: Inherited | None = None,
) -> Plan:
    """Plan all jobs, in the order of the file, combinations of a matrix in GitHub's order.

    `contexts` holds github, vars and inputs; `calls` are the workflows that its jobs call, by job id. Raises
    InvalidWorkflowError where GitHub would fail the run because a key has no value.
    """
    made = Plan(
        workflow=workflow,
        event=event,
        jobs=(),
        contexts=contexts,
        calls=calls or {},
        inherited=inherited or Inherited(),
    )
    needs = _needs(workflow)
    late = made.inherited.late
    decisions = _decisions(workflow, needs, contexts, late)
    jobs: list[PlannedJob] = []
    for job in workflow.jobs.values():
        decision = decisions.get(job.id, "later")
        deferred = decision != "skip" and _reads_later(job, late)
        if deferred or decision == "skip":
            jobs.append(_as_written(made, job, decision, needs[job.id], deferred=deferred))
        else:
            jobs += _expanded(made, job, decision, needs[job.id], {**contexts, "needs": {}})
    return replace(made, jobs=tuple(jobs))


def _decisions(
    workflow: Workflow, needs: Mapping[str, Sequence[str]], contexts: Contexts, late: frozenset[str]
) -> Mapping[str, Decision]:
    """What each job's condition gives; jobs of a circle are left out."""
    decisions: dict[str, Decision] = {}
    before: dict[str, frozenset[Decision]] = {}  # the decisions on all ancestors
    for name in in_order(needs):
        direct = frozenset(decisions[each] for each in needs[name])
        before[name] = direct.union(*(before[each] for each in needs[name]))
        condition = workflow.jobs[name].condition
        if reads_later(condition.expression, late, results=False):
            decisions[name] = decide_later(condition, contexts, late, sorted(before[name]))
        else:
            decisions[name] = decide(condition, contexts, sorted(before[name]))
    return decisions


def expand_job(plan: Plan, job_id: str, *, needs: Mapping[str, Value]) -> tuple[PlannedJob, ...]:
    """The final jobs of a `deferred` one, whose needs are done; raises InvalidWorkflowError as `plan` does."""
    before = _needs(plan.workflow)[job_id]
    return _expanded(plan, plan.workflow.jobs[job_id], "run", before, {**plan.contexts, "needs": needs})


def _needs(workflow: Workflow) -> Mapping[str, tuple[str, ...]]:
    return as_defined({job.id: [need.value for need in job.needs] for job in workflow.jobs.values()})


def _as_written(plan: Plan, job: Job, decision: Decision, needs: tuple[str, ...], *, deferred: bool) -> PlannedJob:
    """A job that is not expanded: GitHub shows a skipped one like this, too."""
    environment = job.environment.name if job.environment else None
    return PlannedJob(
        key=plan.inherited.key_prefix + job.id,
        job=job,
        workflow=plan.workflow,
        name=plan.inherited.name_prefix + (job.name.source if job.name and job.name.source else job.id),
        needs=needs,
        matrix={},
        index=0,
        total=1,
        decision=decision,
        environment=environment.source if environment and environment.template.is_literal else None,
        runs_on=tuple(label.source for label in job.runs_on),
        permissions=_permissions(plan, job),
        at_most=_at_most(plan, job),
        deferred=deferred,
    )


# ---- does a job read where it is planned what is known later?


def _reads_later(job: Job, late: frozenset[str]) -> bool:
    return any(
        reads_later(expression, late) for template in _server_templates(job) for expression in template.expressions
    )


def reads_later(expression: Expression, late: frozenset[str], *, results: bool = True) -> bool:
    """Whether an expression reads inputs that are not known yet, or `results` of jobs."""
    for reference in expression.references():
        if results and reference[0] == "needs":
            return True
        if late and reference[0] == "inputs" and (len(reference) == 1 or reference[1].lower() in late):
            return True
    return False


def _server_templates(job: Job) -> Iterator[Template]:
    strategy = job.strategy
    texts = [job.name, job.environment.name if job.environment else None, *job.runs_on]
    if strategy is not None:
        texts += [strategy.fail_fast, strategy.max_parallel, *_matrix_texts(strategy.matrix)]
    return (text.template for text in texts if text is not None)


def _matrix_texts(matrix: Matrix | None) -> Iterator[Text]:
    if matrix is not None:
        yield from _texts((matrix.expression, matrix.include, matrix.exclude, *matrix.vectors.values()))


def _texts(values: Iterable[MatrixValue]) -> Iterator[Text]:
    for value in values:
        if isinstance(value, Text):
            yield value
        elif isinstance(value, Mapping):
            yield from _texts(value.values())
        elif not isinstance(value, str) and isinstance(value, Iterable):
            yield from _texts(value)


# ---- expansion


def _expanded(
    plan: Plan, job: Job, decision: Decision, needs: tuple[str, ...], contexts: Contexts
) -> tuple[PlannedJob, ...]:
    scope = Scope(contexts=contexts)
    combinations = _combinations(job, scope)
    fail_fast, max_parallel = _strategy(job, scope)
    total = len(combinations) or 1
    keys: set[str] = set()
    jobs: list[PlannedJob] = []
    for index, combination in enumerate(combinations or (None,)):
        strategy: dict[str, Value] = {
            "fail-fast": fail_fast,
            "job-index": index,
            "job-total": total,
            "max-parallel": max_parallel or total,
        }
        matrix = combination.values if combination else {}
        inner = Scope(contexts={**contexts, "strategy": strategy, "matrix": matrix or None})
        jobs.append(
            PlannedJob(
                key=plan.inherited.key_prefix + _unique(_key(job, combination), keys),
                job=job,
                workflow=plan.workflow,
                name=plan.inherited.name_prefix + _name(job, combination, inner),
                needs=needs,
                matrix=matrix,
                index=index,
                total=total,
                decision=decision,
                environment=_environment(job, inner),
                runs_on=tuple(_runs_on(job, inner)),
                permissions=_permissions(plan, job),
                at_most=_at_most(plan, job),
                fail_fast=fail_fast,
                max_parallel=max_parallel,
            )
        )
    return tuple(jobs)


def _permissions(plan: Plan, job: Job) -> Permissions:
    return least(permissions_of(plan.workflow, job, default=plan.inherited.default), plan.inherited.ceiling)


def _at_most(plan: Plan, job: Job) -> Permissions:
    own = permissions_of(plan.workflow, job, default=plan.inherited.most)
    return least(own, plan.inherited.most_ceiling)


def _combinations(job: Job, scope: Scope) -> tuple[Combination, ...]:
    matrix = job.strategy.matrix if job.strategy else None
    if matrix is None:
        return ()
    try:
        return expand(matrix, scope)
    except (MatrixError, ExpressionError) as error:
        raise plan_error("strategy", job.id, error, matrix.span) from error


def _strategy(job: Job, scope: Scope) -> tuple[bool, int | None]:
    """Whether a failure ends the other combinations, and how many run at once (None: all)."""
    if job.strategy is None:
        return True, None
    fail_fast = _setting(job, job.strategy.fail_fast, scope)
    parallel = _setting(job, job.strategy.max_parallel, scope)
    if not isinstance(fail_fast, bool | None):
        raise plan_error("strategy", job.id, f"fail-fast is no boolean: {to_text(fail_fast)}", job.span)
    if not isinstance(parallel, int | float | None) or isinstance(parallel, bool):
        raise plan_error("strategy", job.id, f"max-parallel is no number: {to_text(parallel)}", job.span)
    return fail_fast is not False, int(parallel) if parallel and parallel >= 1 else None


def _setting(job: Job, text: Text | None, scope: Scope) -> Value:
    """A boolean or a number; written plainly it is still text, which the loader has checked."""
    value = _value(job, "strategy", text, scope)
    if text is None or not text.template.is_literal:
        return value
    word = text.source.strip().lower()
    return word == "true" if word in {"true", "false"} else to_number(word)


def _value(job: Job, key: str, text: Text | None, scope: Scope) -> Value:
    if text is None:
        return None
    try:
        return evaluate_template(text.template, scope)
    except ExpressionError as error:
        raise plan_error(key, job.id, error, text.span) from error


def _rendered(job: Job, key: str, text: Text, scope: Scope) -> str:
    try:
        return render(text.template, scope)
    except ExpressionError as error:
        raise plan_error(key, job.id, error, text.span) from error


def _key(job: Job, combination: Combination | None) -> str:
    return f"{job.id} ({', '.join(combination.segments)})" if combination and combination.segments else job.id


def _unique(key: str, taken: set[str]) -> str:
    """The key, numbered where another combination shows the same values."""
    number, result = 1, key
    while result in taken:
        number += 1
        result = f"{key} #{number}"
    taken.add(result)
    return result


def _name(job: Job, combination: Combination | None, scope: Scope) -> str:
    """The display name: a name with expressions replaces the one made from the matrix, unless it comes out empty."""
    literal = job.name.source if job.name and job.name.template.is_literal else ""
    default = combination.name(literal or job.id) if combination else literal or job.id
    if job.name is None or job.name.template.is_literal:
        return default
    return _rendered(job, "name", job.name, scope) or default


def _environment(job: Job, scope: Scope) -> str | None:
    return _rendered(job, "environment", job.environment.name, scope) or None if job.environment else None


def _runs_on(job: Job, scope: Scope) -> Iterator[str]:
    for label in job.runs_on:
        value = _value(job, "runs-on", label, scope)
        yield from map(to_text, value) if is_array(value) else (to_text(value),)
