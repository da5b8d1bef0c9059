"""What an observer is told of a rehearsal before its jobs run."""

from __future__ import annotations

from simulator.operations.prepared import PreparedRehearsal
from simulator.operations.source import lines_of
from simulator.operations.trees import CommitTree
from simulator.planning.calls import all_jobs, foreseen_jobs
from simulator.rehearsal.hint_locations import hint_locations
from simulator.rehearsal.observer import Observer
from simulator.rehearsal.projects import pyproject_files


def inform(observer: Observer, prepared: PreparedRehearsal) -> None:
    """Tell it of the jobs, the lines of files, and the places that hints name."""
    observer.quote = lines_of(prepared.source)
    observer.facts.jobs = {job.key: job.job for plan in prepared.plans for _, job in foreseen_jobs(plan)}
    jobs = [job for plan in prepared.plans for _, job in all_jobs(plan)]
    observer.use_locations(hint_locations(jobs, pyproject_files(CommitTree(prepared.source))))
