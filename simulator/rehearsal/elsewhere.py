"""Uploads to an index that pysim does not stand in for: a rehearsal would make them for real, so it does not begin.

Sees the addresses that are written in a workflow; the gateway cannot look into TLS to hosts outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from simulator.findings import Finding, Severity
from simulator.indexes import indexes
from simulator.planning.tools import action_name, code_of, given_inputs, publishing_facts, publishing_step
from simulator.rehearsal.rules.release import variables
from simulator.workflow.model import Job, Step, Workflow

_OPTION: Final = re.compile(r"""--?(?:repository-url|publish-url|repository|repo|r)[\s=]+["']?(https?://[^\s"']+)""")
# What twine, uv, flit, hatch, pdm and maturin read the address of the index from.
_VARIABLES: Final = frozenset({
    "TWINE_REPOSITORY_URL", "UV_PUBLISH_URL", "FLIT_INDEX_URL", "HATCH_INDEX_REPO", "PDM_PUBLISH_REPO",
    "MATURIN_REPOSITORY_URL",
})  # fmt: skip


def uploads_elsewhere(workflow: Workflow, jobs: Iterable[Job]) -> tuple[Finding, ...]:
    """An error for each step of the jobs that uploads to another host than those of PyPI and TestPyPI."""
    found = (
        Finding(
            code="publishes-elsewhere",
            severity=Severity.ERROR,
            message=f"Job {job.id} uploads to {host}, which pysim does not stand in for: that would be a real release",
            where=step.span,
            hint="Choose a workflow that publishes to PyPI or TestPyPI with -W.",
        )
        for job in jobs
        for step in job.steps
        if publishing_step(step) is not None
        for host in dict.fromkeys(map(_host, _addresses(workflow, job, step)))
        if not _stays_here(host)
    )
    return tuple(dict.fromkeys(found))


def _addresses(workflow: Workflow, job: Job, step: Step) -> Iterator[str]:
    if step.uses is not None:
        facts = publishing_facts()["trusted_actions"].get(action_name(step.uses.value), {"index": ()})
        inputs = given_inputs(step)
        yield from (inputs[name] for name in facts["index"] if name in inputs)
        return
    yield from _OPTION.findall(code_of(step.run.source if step.run else ""))
    yield from (text.source for name, text in variables(workflow, job, step).items() if name in _VARIABLES)


def _host(address: str) -> str:
    try:
        return urlsplit(address.strip()).hostname or ""
    except ValueError:
        return ""


def _stays_here(host: str) -> bool:
    """Whether an upload ends in pysim or in the sandbox itself; no host is known where it is an expression's."""
    name = host.rstrip(".")
    closed = (domain for index in indexes().values() for domain in index.hosts)
    own = name in {"", "localhost"} or name.startswith("127.") or "{" in name
    return own or any(name == domain or name.endswith(f".{domain}") for domain in closed)
