"""The gates of one run of a workflow: what the environments of its jobs say, and the findings about that."""

from __future__ import annotations

from collections.abc import Callable

from simulator.environments.evaluation import Deployments
from simulator.environments.model import Gate, Pause
from simulator.operations.prepared import PreparedRehearsal
from simulator.operations.reviews import AskedReviews
from simulator.planning.calls import foreseen_jobs
from simulator.planning.model import Plan
from simulator.rehearsal.gates import paused_deployment, refused_deployment, unprotected
from simulator.rehearsal.observer import Observer


def gate_of(prepared: PreparedRehearsal, item: Plan, observer: Observer) -> Callable[[str, Pause], Gate]:
    """What judges the environments of a plan's jobs, and raises findings: once for each environment."""
    identity = prepared.repository.identity
    deployments = Deployments(
        prepared.configuration.environments,
        actor=identity.run.triggering_actor or identity.actor,
        protected=identity.run.ref_protected,
        answers=prepared.answers,
        ask=AskedReviews(prepared.ask, observer) if prepared.ask else None,
        real_time=prepared.request.real_time,
        emit=observer,
    )
    told: set[str] = set()

    def gate(name: str, pause: Pause) -> Gate:
        judged = deployments.enter(name, item.event, pause)
        if name.casefold() not in told:
            told.add(name.casefold())
            _tell(prepared, item, observer, name, judged)
        return judged

    return gate


def _tell(prepared: PreparedRehearsal, item: Plan, observer: Observer, name: str, gate: Gate) -> None:
    jobs = [job for _, job in foreseen_jobs(item) if job.environment == name]
    place = next((job.job.environment.span for job in jobs if job.job.environment), None)
    table = prepared.configuration.table("environments", name)
    if not gate.declared:
        observer.raise_finding(unprotected(name, place, table=table, others=bool(prepared.configuration.environments)))
    if gate.paused:
        observer.raise_finding(paused_deployment(name, gate.reason, place))
    elif not gate.allowed:
        review = gate.review
        by = f"{review.reviewer}{f' ({review.comment})' if review.comment else ''}" if review else None
        observer.raise_finding(refused_deployment(name, gate.reason, place, table=table, rejected_by=by))
