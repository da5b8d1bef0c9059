"""A loaded workflow in the JSON form of GitHub's conformance cases: plain data, and tokens for expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from simulator.expressions.language import Template, format_call
from simulator.positions import Located
from simulator.workflow.calls import CalledWorkflow
from simulator.workflow.identifiers import step_ids
from simulator.workflow.model import (
    CallOutput,
    CallSecret,
    Concurrency,
    Container,
    DispatchInput,
    Entries,
    Environment,
    Job,
    MatrixValue,
    Permissions,
    RunDefaults,
    Snapshot,
    Step,
    Strategy,
    Text,
    Trigger,
    Workflow,
)

Item = TypeVar("Item")
CONTROL_NAMES = {"wait": "Wait", "wait-all": "Wait for all", "cancel": "Cancel"}


def filled(**fields: object) -> dict[str, object]:
    """The fields that are there, `_` in their names as `-`."""
    empty: tuple[object, ...] = (None, (), {}, [])
    return {name.strip("_").replace("_", "-"): value for name, value in fields.items() if value not in empty}


def expression(source: str) -> dict[str, object]:
    return {"type": 3, "expr": source}


def template_form(template: Template) -> object:
    if template.is_literal or template.quoted is not None:
        return template.source if template.quoted is None else {"type": 0, "lit": template.quoted}
    only = template.expressions[0] if len(template.parts) == 1 else None
    return expression(only.source if only else format_call(template))


def text(value: Text | None) -> object:
    return None if value is None else template_form(value.template)


def texts(values: Iterable[Text]) -> list[object]:
    return [text(value) for value in values]


def words(values: Iterable[Located[str]] | None) -> list[str] | None:
    return None if values is None else [value.value for value in values]


def entries(values: Entries[Item], form: Callable[[Item], object]) -> object:
    if values.whole is not None:
        return text(values.whole)
    return {key: form(value) for key, value in (*values.items(), *values.computed)}


def variables(values: Entries[Text]) -> object:
    return entries(values, text)


def granted(permissions: Permissions | None) -> dict[str, str]:
    return {scope: access for scope, access in (permissions or {}).items() if access != "none"}


# Events


def event_form(trigger: Trigger) -> object:
    if trigger.event == "schedule":
        zones = trigger.timezones
        pairs = zip(trigger.crons, zones, strict=True)
        return [filled(cron=cron.value, timezone=zone.value if zone else None) for cron, zone in pairs]
    return filled(
        types=list(trigger.types or ()),
        branches=words(trigger.branches),
        branches_ignore=words(trigger.branches_ignore),
        tags=words(trigger.tags),
        tags_ignore=words(trigger.tags_ignore),
        paths=words(trigger.paths),
        paths_ignore=words(trigger.paths_ignore),
        workflows=list(trigger.workflows),
        names=list(trigger.names or ()),
        versions=list(trigger.versions or ()),
        inputs={name: input_form(value) for name, value in trigger.inputs.items()},
        secrets={name: secret_form(value) for name, value in trigger.secrets.items()},
        outputs={name: output_form(value) for name, value in trigger.outputs.items()},
    )


def input_form(declared: DispatchInput) -> dict[str, object]:
    return filled(
        type=declared.type,
        description=declared.description or None,
        required=declared.required,
        default=declared.default,
        options=list(declared.options),
    )


def secret_form(secret: CallSecret) -> dict[str, object]:
    return filled(description=secret.description or None, required=secret.required)


def output_form(output: CallOutput) -> dict[str, object]:
    return filled(description=output.description or None, value=text(output.value))


# Settings


def concurrency_form(concurrency: Concurrency | None) -> object:
    if concurrency is None or concurrency.span == concurrency.group.span:
        return text(concurrency.group) if concurrency else None
    return filled(
        group=text(concurrency.group),
        cancel_in_progress=text(concurrency.cancel_in_progress),
        queue=None if concurrency.queue == "single" else concurrency.queue,
    )


def defaults_form(defaults: RunDefaults) -> object:
    run = filled(shell=text(defaults.shell), working_directory=text(defaults.working_directory))
    return filled(run=run)


def environment_form(environment: Environment | None) -> object:
    if environment is None or environment.span == environment.name.span:
        return text(environment.name) if environment else None
    return filled(name=text(environment.name), url=text(environment.url), deployment=text(environment.deployment))


def container_form(container: Container | None) -> object:
    if container is None or (container.image and container.image.span == container.span):
        return text(container.image) if container else None
    credentials = container.credentials
    return filled(
        image=text(container.image),
        env=variables(container.env),
        ports=texts(container.ports),
        volumes=texts(container.volumes),
        options=text(container.options),
        entrypoint=text(container.entrypoint),
        command=text(container.command),
        credentials=credentials and filled(username=text(credentials.username), password=text(credentials.password)),
    )


def snapshot_form(snapshot: Snapshot | None) -> object:
    if snapshot is None or snapshot.span == snapshot.image_name.span:
        return snapshot.image_name.value if snapshot else None
    return filled(
        image_name=snapshot.image_name.value,
        version=snapshot.version and snapshot.version.value,
        if_=snapshot.condition and snapshot.condition.source,
    )


def runs_on_form(job: Job) -> object:
    labels = text(job.runs_on[0]) if len(job.runs_on) == 1 and job.one_label else texts(job.runs_on)
    return labels if job.runner_group is None else filled(group=text(job.runner_group), labels=labels)


def strategy_form(strategy: Strategy | None) -> object:
    if strategy is None or strategy.expression is not None:
        return text(strategy.expression) if strategy else None
    matrix: object = None
    if strategy.matrix is not None:
        vectors = entries(strategy.matrix.vectors, matrix_form)
        lists = filled(include=matrix_form(strategy.matrix.include), exclude=matrix_form(strategy.matrix.exclude))
        matrix = text(strategy.matrix.expression) or {**(vectors if isinstance(vectors, dict) else {}), **lists}
    return filled(matrix=matrix, fail_fast=text(strategy.fail_fast), max_parallel=text(strategy.max_parallel))


def matrix_form(value: MatrixValue) -> object:
    if isinstance(value, Text):
        return text(value)
    if isinstance(value, Mapping):
        return {key: matrix_form(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [matrix_form(item) for item in value]
    return value


# Jobs


def step_form(step: Step, step_id: str) -> dict[str, object]:
    if step.control is not None:
        targets: object = words(step.targets)
        if step.control == "cancel" and step.targets:
            targets = step.targets[0].value
        elif step.control == "parallel":
            targets = steps_form(step.parallel)
        name = text(step.name) or CONTROL_NAMES.get(step.control)
        return {**filled(id=step_id, name=name), step.control: True if step.control == "wait-all" else targets}
    return filled(
        id=step_id,
        name=text(step.name),
        if_=expression(step.condition.expression.source),
        continue_on_error=text(step.continue_on_error),
        timeout_minutes=text(step.timeout_minutes),
        env=variables(step.env),
        run=text(step.run),
        shell=text(step.shell),
        working_directory=text(step.working_directory),
        uses=step.uses and step.uses.value,
        with_=variables(step.with_),
        background=step.background,
    )


def steps_form(steps: Sequence[Step]) -> list[object]:
    return [step_form(step, name) for step, name in zip(steps, step_ids(steps), strict=True)]


def job_form(workflow: Workflow, job: Job, called: CalledWorkflow | None, inherited: Permissions | None) -> object:
    given = next((each for each in (job.permissions, workflow.permissions) if each is not None), inherited)
    both = filled(
        id=job.id,
        name=text(job.name) or job.id,
        needs=words(job.needs),
        if_=expression(job.condition.expression.source),
        strategy=strategy_form(job.strategy),
        concurrency=concurrency_form(job.concurrency),
    )
    if job.uses is not None:
        return {
            **both,
            **call_form(job, called),
            **filled(permissions=granted(called.permissions if called else given)),
        }
    return {**both, **own_form(job), **filled(permissions=granted(given))}


def call_form(job: Job, called: CalledWorkflow | None) -> dict[str, object]:
    inherits = job.secrets == "inherit"
    form = filled(
        type="reusableWorkflowJob",
        ref=called.reference if called else job.uses and job.uses.value,
        input_values=variables(job.with_),
        secret_values=None if job.secrets == "inherit" else variables(job.secrets),
        inherit_secrets=inherits or None,
    )
    if called is None:
        return form
    file, trigger = called.workflow, called.workflow.triggers["workflow_call"]
    definitions = filled(
        input_definitions={name: input_form(value) for name, value in trigger.inputs.items()},
        secret_definitions={name: secret_form(value) for name, value in trigger.secrets.items()},
        outputs={name: output_form(value) for name, value in trigger.outputs.items()},
        env=variables(file.env),
        defaults=defaults_form(file.defaults),
        embedded_concurrency=concurrency_form(file.concurrency),
    )
    return {**form, **definitions, "jobs": jobs_form(file, called.calls, called.permissions)}


def own_form(job: Job) -> dict[str, object]:
    return filled(
        type="job",
        runs_on=runs_on_form(job),
        continue_on_error=text(job.continue_on_error),
        timeout_minutes=text(job.timeout_minutes),
        cancel_timeout_minutes=text(job.cancel_timeout_minutes),
        container=container_form(job.container),
        services=entries(job.services, container_form),
        env=variables(job.env),
        environment=environment_form(job.environment),
        outputs=variables(job.outputs),
        defaults=defaults_form(job.defaults),
        snapshot=snapshot_form(job.snapshot),
        steps=steps_form(job.steps),
    )


def jobs_form(
    workflow: Workflow, calls: Mapping[str, CalledWorkflow], inherited: Permissions | None = None
) -> list[object]:
    return [job_form(workflow, job, calls.get(job.id), inherited) for job in workflow.jobs.values()]


def workflow_form(workflow: Workflow, calls: Mapping[str, CalledWorkflow]) -> dict[str, object]:
    """The whole of a workflow and of what it calls."""
    dispatch = workflow.triggers.get("workflow_dispatch")
    return {
        "jobs": jobs_form(workflow, calls),
        "events": {name: event_form(trigger) for name, trigger in workflow.triggers.items()},
        **filled(
            env=variables(workflow.env),
            permissions=granted(workflow.permissions),
            concurrency=concurrency_form(workflow.concurrency),
            defaults=defaults_form(workflow.defaults),
            input_types={name: value.type for name, value in dispatch.inputs.items()} if dispatch else None,
        ),
    }
