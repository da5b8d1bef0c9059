"""Which artifacts the jobs of a run may take up again."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from typing import Final

from simulator.planning.calls import all_jobs
from simulator.planning.known import UNKNOWN
from simulator.planning.model import Plan
from simulator.planning.tools import DOWNLOAD_ARTIFACT, action_name, code_of, given_input
from simulator.workflow.model import Step, Text

_SEEN_THROUGH: Final = frozenset(
    {
        "actions/cache",
        "actions/checkout",
        "actions/setup-node",
        "actions/setup-python",
        "actions/upload-artifact",
        "astral-sh/setup-uv",
        "codecov/codecov-action",
        "hynek/build-and-inspect-python-package",
        "pypa/cibuildwheel",
        "pypa/gh-action-pypi-publish",
        "pyo3/maturin-action",
        "re-actors/alls-green",
        "sigstore/gh-action-sigstore-python",
        "softprops/action-gh-release",
    }
)
"""Actions that surely take up no artifact; of others nobody knows."""
_CLIENTS: Final = re.compile(r"gh\s+run\s+download|/artifacts\b|ACTIONS_RUNTIME_TOKEN")


def may_be_downloaded(plan: Plan, artifact: str) -> bool:
    """Whether a job that may run here can take up an artifact; its name may have parts that are not known yet.

    True for what is in doubt: a workflow that another calls, and a step that nobody sees through.
    """
    if plan.inherited.called is not None:
        return True
    jobs = {id(job): job for _, job in all_jobs(plan)}  # those of a matrix are one
    return any(_may_take(step, artifact) for job in jobs.values() for step in job.all_steps)


def _may_take(step: Step, artifact: str) -> bool:
    if step.run is not None:
        return _CLIENTS.search(code_of(step.run.source)) is not None
    if step.uses is None:
        return False
    name = action_name(step.uses.value)
    if name != DOWNLOAD_ARTIFACT:
        return name not in _SEEN_THROUGH or "/merge@" in step.uses.value.lower()  # of actions/upload-artifact
    given: Mapping[str, Text | None] = {key: given_input(step, key) for key in ("name", "pattern", "artifact-ids")}
    if given["artifact-ids"] is not None:
        return True
    patterns = list(_patterns(given))
    return not patterns or any(_overlaps(pattern, artifact) for pattern in patterns)


def _patterns(given: Mapping[str, Text | None]) -> Iterator[str]:
    """What a name may be, with `*` for expressions; nothing where all artifacts are taken."""
    text = given["name"] or given["pattern"]
    if text is not None and text.source:
        yield "".join(part if isinstance(part, str) else UNKNOWN for part in text.template.parts)


def _overlaps(pattern: str, artifact: str) -> bool:
    """Whether a name may be meant by a pattern; where parts of the name are not known, as far as both begin alike."""
    if UNKNOWN in artifact:
        head = min(len(pattern.split(UNKNOWN, 1)[0]), len(artifact.split(UNKNOWN, 1)[0]))
        return pattern[:head] == artifact[:head]
    return fnmatch.fnmatchcase(artifact, pattern)
