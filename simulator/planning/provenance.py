"""SLSA's generator: a called workflow that signs the provenance of a release with Sigstore's public instance.

Its inputs and outputs are those of `generator_generic_slsa3.yml` of slsa-framework/slsa-github-generator v2.1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from simulator.planning.known import UNKNOWN, Known
from simulator.planning.model import Plan, PlannedJob

GENERATOR: Final = "slsa-framework/slsa-github-generator/"
_SEVERAL: Final = "multiple.intoto.jsonl"


@dataclass(frozen=True, kw_only=True, slots=True)
class Provenance:
    """What a call of the generator makes: the artifact, which is one file of that name, and the outputs of the call."""

    artifact: str
    outputs: Mapping[str, str]


def is_generator(reference: str) -> bool:
    """Whether a called workflow is one of the generator's."""
    return reference.lower().startswith(GENERATOR)


def provenance_of(plan: Plan, job: PlannedJob) -> Provenance | None:
    """What a job that calls the generator makes; None for any other."""
    if job.job.uses is None or not is_generator(job.job.uses.value):
        return None
    text = job.job.with_.get("provenance-name")
    name = Known.of(plan, job).render(text) if text is not None else _SEVERAL
    name = _SEVERAL if UNKNOWN in name or not name else name
    return Provenance(artifact=name, outputs={"outcome": "success", "provenance-name": name, "attestation-name": name})
