"""Jobs that verify attestations with `gh`: these are signed under pysim's own root of trust, which it must be given."""

from __future__ import annotations

import re
from importlib import resources
from typing import Final

from simulator.engines.base import LAYOUT
from simulator.planning.tools import code_of
from simulator.workflow.model import Step

GH: Final = LAYOUT.home / ".local/bin/gh"  # first in PATH
VERIFIED: Final = (
    "`gh attestation verify` is given pysim's own root of trust (--custom-trusted-root), under which attestations are "
    "signed in a rehearsal; at GitHub it trusts the public one."
)
_VERIFIES: Final = re.compile(r"\bgh\s+(?:attestation|at)\s+verify\b")


def verifies_attestations(step: Step) -> bool:
    """Whether a step's script does so."""
    return step.run is not None and _VERIFIES.search(code_of(step.run.source)) is not None


def gh_script() -> bytes:
    """The program that is found as `gh` in such a job."""
    text = resources.files("simulator.runner.inside").joinpath("gh.py").read_text("utf-8")
    return f"#!{LAYOUT.python} -I\n{text}".encode()
