"""What a rehearsal would write for real to systems that pysim does not stand in for: it does not begin then.

Sees the addresses and the commands that are written in a workflow; the gateway cannot look into TLS to hosts outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from simulator.findings import Finding, Severity
from simulator.indexes import indexes
from simulator.planning.outside import simple_commands, writes_outside
from simulator.planning.tools import action_name, code_of, commands, given_inputs, publishing_facts, publishing_step
from simulator.rehearsal.rules.release import variables
from simulator.workflow.model import Job, Step, Workflow

_OPTION: Final = re.compile(r"""--?(?:repository-url|publish-url|repository|repo|r)[\s=]+["']?(https?://[^\s"']+)""")
_NAMED: Final = re.compile(r"""--?(?:repository|repo|index|r)[\s=]+["']?([\w.-]+)(?![\w.:/$-])""")
_OWN_NAMES: Final = frozenset({"pypi", "testpypi", "test-pypi", "test_pypi"})
# What twine, uv, flit, hatch, pdm and maturin read the address of the index from.
_VARIABLES: Final = frozenset({
    "TWINE_REPOSITORY_URL", "UV_PUBLISH_URL", "FLIT_INDEX_URL", "HATCH_INDEX_REPO", "PDM_PUBLISH_REPO",
    "MATURIN_REPOSITORY_URL",
})  # fmt: skip


def uploads_elsewhere(jobs: Iterable[tuple[Workflow, Job]]) -> tuple[Finding, ...]:
    """An error for each step of the jobs that uploads to another index than PyPI and TestPyPI, or writes elsewhere.

    Each job comes with its file.
    """
    found = (finding for workflow, job in jobs for step in job.all_steps for finding in _step(workflow, job, step))
    return tuple(dict.fromkeys(found))


def _step(workflow: Workflow, job: Job, step: Step) -> Iterator[Finding]:
    if publishing_step(step) is not None:
        for place in dict.fromkeys(_places(workflow, job, step)):
            message = (
                f"Job {job.id} uploads to {place}, which pysim does not stand in for: that would be a real release"
            )
            hint = "Choose a workflow that publishes to PyPI or TestPyPI with -W."
            yield _error("publishes-elsewhere", message, step, hint)
    for said in writes_outside(step):
        message = f"Job {job.id} {said}: pysim does not stand in for that, so a rehearsal would do it for real"
        hint = "Move it to a workflow of its own and choose the other one with -W, or leave it out for the rehearsal."
        yield _error("writes-outside", message, step, hint)


def _error(code: str, message: str, step: Step, hint: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, where=step.span, hint=hint)


def _places(workflow: Workflow, job: Job, step: Step) -> Iterator[str]:
    """The hosts and the named indexes that are none of pysim's."""
    for host in map(_host, _addresses(workflow, job, step)):
        if not _stays_here(host):
            yield host
    for line in map(" ".join, simple_commands(step.run.source if step.run else "")):
        if any(commands(line, publishing_facts()["commands"])):
            yield from (f"the index {name}" for name in _NAMED.findall(line) if name.lower() not in _OWN_NAMES)


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
