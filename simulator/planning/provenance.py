"""SLSA's generator: a called workflow that signs the provenance of a release with Sigstore's public instance.

Its inputs and outputs are those of `generator_generic_slsa3.yml` of slsa-framework/slsa-github-generator v2.1.0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from simulator.planning.known import UNKNOWN, Known
from simulator.planning.model import Plan, PlannedJob

_GENERATOR: Final = re.compile(
    r"slsa-framework/slsa-github-generator/\.github/workflows/generator_(generic|container)_slsa3\.ya?ml@",
    re.IGNORECASE,
)
_SEVERAL: Final = "multiple.intoto.jsonl"


@dataclass(frozen=True, kw_only=True, slots=True)
class Provenance:
    """What a call of the generator makes: the artifact, which is one file of that name, and the outputs of the call.

    That of an image goes to its registry, and is no artifact.
    """

    artifact: str | None
    outputs: Mapping[str, str]


def is_generator(reference: str) -> bool:
    """Whether a called workflow is the generator; its builders build by themselves, and are others."""
    return _GENERATOR.match(reference) is not None


def provenance_of(plan: Plan, job: PlannedJob) -> Provenance | None:
    """What a job that calls the generator makes; None for any other."""
    found = _GENERATOR.match(job.job.uses.value) if job.job.uses is not None else None
    if found is None:
        return None
    if found[1].lower() == "container":
        return Provenance(artifact=None, outputs={"outcome": "success"})
    text = job.job.with_.get("provenance-name")
    name = Known.of(plan, job).render(text) if text is not None else _SEVERAL
    name = _SEVERAL if UNKNOWN in name or not name else name
    return Provenance(artifact=name, outputs={"outcome": "success", "provenance-name": name, "attestation-name": name})
