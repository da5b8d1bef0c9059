"""Finds the action of a step, for the runner: a built-in one, or one that lies in the job's workspace."""

from __future__ import annotations

from pathlib import PurePosixPath

from simulator.actions.model import ResolvedAction
from simulator.actions.reference import parse_reference
from simulator.actions.resolve import resolve
from simulator.runner.state import JobState
from simulator.workflow.model import Step


def resolve_step(job: JobState, step: Step) -> ResolvedAction:
    """The action of a `uses:` step. Raises SimulatorError, or ReferenceSyntaxError for what is no reference."""
    assert step.uses is not None

    def read(path: PurePosixPath) -> bytes:
        return job.sandbox.read(job.folder / path)

    return resolve(parse_reference(step.uses.value), workspace_read=read)
