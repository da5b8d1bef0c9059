"""All diagnoses, and the best answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simulator.rehearsal.causes.artifacts import (
    artifact_of_a_skipped_job,
    artifact_of_another_name,
    artifact_without_files,
)
from simulator.rehearsal.causes.facts import Facts
from simulator.rehearsal.causes.folders import no_distribution, nothing_to_upload
from simulator.rehearsal.causes.model import Cause, Diagnosis, Failure
from simulator.rehearsal.causes.tags import flattened_tag

DIAGNOSES: Final[Sequence[Diagnosis]] = (
    artifact_without_files,
    artifact_of_a_skipped_job,
    artifact_of_another_name,
    nothing_to_upload,
    no_distribution,
    flattened_tag,
)


def diagnose(failure: Failure, facts: Facts) -> Cause | None:
    """The cause that the most facts agree with; None where no diagnosis knows one."""
    causes = [cause for diagnosis in DIAGNOSES for cause in diagnosis(failure, facts)]
    return max(causes, key=lambda cause: cause.agreeing, default=None)
