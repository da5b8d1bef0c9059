"""Every key that a workflow file may have, as the readers know them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simulator.workflow import containers, facts, jobs, settings, triggers
from simulator.workflow.loader import WORKFLOW
from simulator.workflow.reading import Shape
from simulator.workflow.steps import JOB_STEPS
from simulator.workflow.strategy import STRATEGY

_JOB = "jobs.<job_id>"


def known_keys() -> frozenset[str]:
    """The keys by their path, such as "on.push.tags" and "jobs.<job_id>.steps.run"."""
    return frozenset((*_below("", WORKFLOW), *_settings(), *_events(), *_jobs()))


def _below(path: str, *shapes: Shape) -> Iterator[str]:
    """The keys of a mapping at `path`, which ends with a dot unless it is empty."""
    return (f"{path}{key}" for shape in shapes for key in shape.keys)


def _settings() -> Iterable[str]:
    for path in ("", f"{_JOB}."):
        yield from _below(f"{path}defaults.", settings.DEFAULTS)
        yield from _below(f"{path}defaults.run.", settings.RUN)
        yield from _below(f"{path}concurrency.", settings.CONCURRENCY)
        yield from _below(f"{path}permissions.", Shape(facts.permission_scopes()))


def _events() -> Iterable[str]:
    for name, known in facts.events().items():
        keys = (*(("types",) if known.has_types else ()), *known.keys)
        yield from (f"on.{name}", *_below(f"on.{name}.", Shape(keys)))
    yield from _below("on.schedule.", triggers.CRON)
    yield from _below("on.workflow_dispatch.inputs.<input_id>.", triggers.DISPATCH_INPUT)
    yield from _below("on.workflow_call.inputs.<input_id>.", triggers.CALL_INPUT)
    yield from _below("on.workflow_call.secrets.<secret_id>.", triggers.SECRET)
    yield from _below("on.workflow_call.outputs.<output_id>.", triggers.OUTPUT)


def _jobs() -> Iterable[str]:
    yield from _below(f"{_JOB}.", *jobs.JOBS.values())
    yield from _below(f"{_JOB}.runs-on.", jobs.RUNS_ON)
    yield from _below(f"{_JOB}.environment.", jobs.ENVIRONMENT)
    yield from _below(f"{_JOB}.strategy.", STRATEGY, Shape(("matrix.include", "matrix.exclude")))
    yield from _below(f"{_JOB}.container.", containers.CONTAINER)
    yield from _below(f"{_JOB}.services.<service_id>.", containers.SERVICE)
    for path in ("container", "services.<service_id>"):
        yield from _below(f"{_JOB}.{path}.credentials.", containers.CREDENTIALS)
    yield from _below(f"{_JOB}.snapshot.", containers.SNAPSHOT)
    yield from _below(f"{_JOB}.steps.", *JOB_STEPS.shapes.values())
