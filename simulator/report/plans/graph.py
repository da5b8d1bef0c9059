"""The needs of the jobs of a plan, drawn as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from simulator.report.plans.model import PlanView, WorkflowView
from simulator.report.plans.text import without_escapes_of


def render_graph(plan: PlanView) -> str:
    """A tree for each workflow that starts: a job hangs below the last of its needs, and names the others."""
    started = [each for each in plan.workflows if each.starts and each.jobs]
    blocks = ["\n".join([each.path, *_tree(each)]) for each in started]
    return without_escapes_of("\n\n".join(blocks) or "No workflow is started.")


def _tree(workflow: WorkflowView) -> Iterator[str]:
    needs = {job.id: list(job.needs) for job in workflow.jobs if job.within is None}
    depth = _depths(needs)
    parent = {job: max(before, key=lambda need: depth[need]) if before else None for job, before in needs.items()}
    labels = {job: _label(workflow, job, before, parent[job]) for job, before in needs.items()}
    for root in (job for job, above in parent.items() if above is None):
        yield f"  {labels[root]}"
        yield from _below(root, parent, labels, "  ")


def _below(job: str, parent: Mapping[str, str | None], labels: Mapping[str, str], indent: str) -> Iterator[str]:
    children = [each for each, above in parent.items() if above == job]
    for child in children:
        last = child == children[-1]
        yield f"{indent}{'└─ ' if last else '├─ '}{labels[child]}"
        yield from _below(child, parent, labels, indent + ("   " if last else "│  "))


def _depths(needs: Mapping[str, Sequence[str]]) -> Mapping[str, int]:
    """How many jobs stand before each; the loader has refused circles."""
    depth: dict[str, int] = {}
    while len(depth) < len(needs):
        for job, before in needs.items():
            if job not in depth and all(need in depth for need in before):
                depth[job] = 1 + max((depth[need] for need in before), default=-1)
    return depth


def _label(workflow: WorkflowView, job: str, needs: Sequence[str], parent: str | None) -> str:
    shown = [each for each in workflow.jobs if each.id == job and each.within is None]
    count = f" x{len(shown)}" if len(shown) > 1 else ""
    others = [need for need in needs if need != parent]
    also = f"  (and needs {', '.join(others)})" if others else ""
    marks = {"skip": "  skipped", "later": "  decided at run time", "run": ""}
    calls = f"  calls {shown[0].calls}" if shown[0].calls else ""
    environment = f"  environment {shown[0].environment}" if shown[0].environment else ""
    return f"{job}{count}{also}{marks[shown[0].decision]}{environment}{calls}"
