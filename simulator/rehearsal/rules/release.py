"""What a workflow does for a release: its publishing steps, the jobs before a job, the variables a step sees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from simulator.indexes import IndexName, indexes
from simulator.planning.graph import ancestors
from simulator.planning.permissions import permissions_of
from simulator.planning.tools import action_name, code_of, commands, given_inputs, publishing_facts, publishing_step
from simulator.positions import Span
from simulator.workflow.model import Job, Step, Text, Workflow

_COMMIT = re.compile(r"(?<=@)([0-9a-f]{7})[0-9a-f]{33}\b")


@dataclass(frozen=True, kw_only=True, slots=True)
class Publishing:
    """A step that publishes. `what` is like "uses pypa/gh-action-pypi-publish@v1".

    `trusted` says that it fetches an ID token itself, having no credential; `index` is None where that is not known.
    """

    job: Job
    step: Step
    what: str
    trusted: bool
    index: IndexName | None

    @property
    def span(self) -> Span:
        """The step's `uses`, else the step."""
        return self.step.uses.span if self.step.uses else self.step.span


def publishing(workflow: Workflow) -> Iterator[Publishing]:
    """The steps of the workflow that publish."""
    for job in workflow.jobs.values():
        yield from publishing_of(workflow, job)


def called_by(job: Job, others: Mapping[str, Workflow]) -> Workflow | None:
    """The workflow of the repository that a job calls; None where there is none."""
    uses = job.uses.value if job.uses else ""
    return others.get(uses[2:]) if uses.startswith(("./", "$/")) else None


def reached(workflow: Workflow, others: Mapping[str, Workflow]) -> Sequence[Workflow]:
    """The workflow and those of the repository that its jobs call, directly or not, each once."""
    found: dict[str, Workflow] = {}
    waiting = [workflow]
    while waiting:
        each = waiting.pop(0)
        if each.path not in found:
            found[each.path] = each
            called = (called_by(job, others) for job in each.jobs.values())
            waiting += [inner for inner in called if inner is not None]
    return tuple(found.values())


def publishing_of(workflow: Workflow, job: Job) -> Iterator[Publishing]:
    """The steps of a job that publish."""
    for step in job.all_steps:
        what = publishing_step(step)
        if what is not None:
            trusted = _trusted_action(step) if step.uses else _trusted_command(workflow, job, step)
            yield Publishing(job=job, step=step, what=_COMMIT.sub(r"\1", what), trusted=trusted, index=_index(step))


def _trusted_action(step: Step) -> bool:
    if step.uses is None or step.with_.whole or step.with_.computed:
        return False
    facts = publishing_facts()["trusted_actions"].get(action_name(step.uses.value))
    return facts is not None and not set(facts["credentials"]) & given_inputs(step).keys()


def _trusted_command(workflow: Workflow, job: Job, step: Step) -> bool:
    script = code_of(step.run.source if step.run else "")
    for facts in publishing_facts()["trusted_commands"]:
        if next(commands(script, [facts["command"]]), None):
            given = any(re.search(rf"(?<!\S){re.escape(option)}(?=[\s=])", script) for option in facts["options"])
            named = [*variables(workflow, job, step), script, *_exported(job)]
            return not given and not any(facts["variables"] in text for text in named)
    return False


def _exported(job: Job) -> Iterator[str]:
    """The scripts of the job: one may export a credential to the steps after it."""
    return (step.run.source for step in job.all_steps if step.run)


def _index(step: Step) -> IndexName | None:
    if step.uses is None:
        return None
    facts = publishing_facts()["trusted_actions"].get(action_name(step.uses.value))
    if facts is None:
        return None
    inputs = given_inputs(step)
    url = next((inputs[key] for key in facts["index"] if inputs.get(key)), "")
    return "pypi" if not url else next((name for name, each in indexes().items() if each.upload_url == url), None)


def distributions_folder(step: Step) -> str | None:
    """The folder that an action publishes; None for other steps and where it is not known."""
    facts = publishing_facts()["trusted_actions"].get(action_name(step.uses.value)) if step.uses else None
    if facts is None:
        return None
    inputs = given_inputs(step)
    folder = next((inputs[key] for key in facts["folder"] if inputs.get(key)), facts["default_folder"])
    return None if "${{" in folder else plain_folder(folder)


def plain_folder(path: str) -> str:
    """`dist` of `./dist/`."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    return "/".join(parts) or "."


def variables(workflow: Workflow, job: Job, step: Step | None = None) -> Mapping[str, Text]:
    """The `env` that a step sees, as written."""
    return {**workflow.env, **job.env, **(step.env if step else {})}


def jobs_before(workflow: Workflow, job: Job) -> frozenset[str]:
    """The ids of all jobs that a job needs, directly or not."""
    return ancestors({each.id: [need.value for need in each.needs] for each in workflow.jobs.values()}, job.id)


def may_mint(workflow: Workflow, job: Job) -> bool:
    """Whether the job may fetch ID tokens."""
    return permissions_of(workflow, job).get("id-token") == "write"
