"""Which distributions an earlier step of the job has attested: attesting them twice fails, as it does on GitHub.

pysim signs nothing; it remembers the files in RUNNER_TEMP, which lives as long as the job.
"""

from __future__ import annotations

import json
from pathlib import Path

from simulator.actions.builtin.toolkit import log, step
from simulator.actions.builtin.toolkit.step import ActionError

MEMORY = "pysim-attested.json"
SUFFIXES = (".tar.gz", ".zip", ".whl")


def attest(folder: Path) -> bool:
    """Attest the distributions of a folder. Raises ActionError where the real action would refuse.

    Returns whether attestations lie beside them now, for twine to send.
    """
    log.notice(
        "pysim does not rehearse attestations: signing needs a public service. The upload goes out without them."
    )
    distributions = sorted(path for path in folder.absolute().iterdir() if path.name.endswith(SUFFIXES))
    odd = [str(path) for path in distributions if not path.is_file()]
    if odd:
        raise refusal(f"The following paths look like distributions but are not actually files: {', '.join(odd)}")
    memory = Path(step.variable("RUNNER_TEMP"), MEMORY)
    known: list[str] = json.loads(memory.read_text(encoding="utf-8")) if memory.is_file() else []
    again = [f"* {path} -> {path}.publish.attestation" for path in distributions if _attested(path, known)]
    if again:
        listed = "\n".join(again)
        raise refusal(f"The following distributions already have publish attestations: {listed}")
    memory.write_text(json.dumps(sorted({*known, *map(str, distributions)})), encoding="utf-8")
    return False


def refusal(text: str) -> ActionError:
    """The error, with its explanation in the step's summary."""
    step.add_summary(f"Attestation generation failure:\n\n{text}")
    return ActionError(f"Attestation generation failure: {text}")


def _attested(distribution: Path, known: list[str]) -> bool:
    return str(distribution) in known or Path(f"{distribution}.publish.attestation").exists()
