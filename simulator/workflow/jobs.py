"""Reads the jobs of a workflow: those that run steps and those that call a workflow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from simulator.positions import Located
from simulator.workflow import nodes
from simulator.workflow.containers import read_container, read_services, read_snapshot
from simulator.workflow.identifiers import problem_of_id
from simulator.workflow.model import Entries, Environment, Job, Text
from simulator.workflow.permissions import read_permissions
from simulator.workflow.reading import Reader, Shape, spelled
from simulator.workflow.settings import read_concurrency, read_defaults
from simulator.workflow.steps import JOB_STEPS, read_steps
from simulator.workflow.strategy import read_strategy

_AT = "jobs.<job_id>"
_BOTH = ("name", "needs", "if", "permissions", "concurrency", "strategy")
JOBS = {
    "steps": Shape(
        (
            *_BOTH,
            "runs-on",
            "timeout-minutes",
            "cancel-timeout-minutes",
            "continue-on-error",
            "container",
            "services",
            "env",
            "environment",
            "outputs",
            "defaults",
            "steps",
            "snapshot",
        ),
        ("runs-on",),
    ),
    "call": Shape((*_BOTH, "uses", "with", "secrets"), ("uses",)),
}
_UNSUPPORTED = ("snapshot",)
_GROUP_LEVELS = ("org", "organization", "ent", "enterprise")
RUNS_ON = Shape(("group", "labels"))
ENVIRONMENT = Shape(("name", "url", "deployment"), ("name",))
_WORKFLOW_FILE = re.compile(r"(?:\./|\$/|[^/@]+/[^/@]+/)\.github/workflows/[^/@]+\.ya?ml(?P<ref>@.+)?")


def read_jobs(reader: Reader, node: nodes.Node | None) -> Mapping[str, Job]:
    """The jobs by id, in the order of the file."""
    jobs = {}
    for name, entry in reader.entries(node):
        problem = problem_of_id(name)
        if problem is not None:
            reader.error(entry.key.span, "job-id", problem)
        job = _read_job(reader, name, entry)
        if job is not None:
            jobs[name] = job
    return jobs


def _read_job(reader: Reader, name: str, entry: nodes.Entry) -> Job | None:
    _, fields = reader.alternative(
        entry.value, JOBS, "A job needs `runs-on` and `steps`, or `uses` with a workflow to call."
    )
    if not isinstance(entry.value, nodes.Mapping):
        return None
    first = len(reader.unsupported)
    reader.unsupported.extend(fields.key_spans(*_UNSUPPORTED))
    labels, group = _runs_on(reader, fields.get("runs-on"))
    job = Job(
        id=name,
        span=entry.key.span,
        name=reader.text(fields.get("name"), f"{_AT}.name"),
        needs=reader.literals(fields.get("needs")),
        condition=reader.condition(fields.get("if"), f"{_AT}.if", entry.key.span),
        runs_on=labels,
        one_label=isinstance(fields.get("runs-on"), nodes.Scalar),
        runner_group=group,
        permissions=read_permissions(reader, fields.get("permissions")),
        environment=_environment(reader, fields.get("environment")),
        outputs=reader.variables(fields.get("outputs"), f"{_AT}.outputs.<output_id>", "outputs"),
        env=reader.variables(fields.get("env"), f"{_AT}.env"),
        defaults=read_defaults(reader, fields.get("defaults"), f"{_AT}.defaults.run"),
        strategy=read_strategy(reader, fields.get("strategy")),
        continue_on_error=reader.boolean(fields.get("continue-on-error"), f"{_AT}.continue-on-error"),
        timeout_minutes=reader.number(fields.get("timeout-minutes"), f"{_AT}.timeout-minutes"),
        steps=read_steps(reader, fields.get("steps"), JOB_STEPS),
        uses=_called_workflow(reader, fields.get("uses")),
        with_=reader.variables(fields.get("with"), f"{_AT}.with.<with_id>", "with"),
        secrets=_secrets(reader, fields.get("secrets")),
        concurrency=read_concurrency(reader, fields.get("concurrency"), f"{_AT}.concurrency", filled=True),
        container=read_container(reader, fields.get("container")),
        services=read_services(reader, fields.get("services")),
        snapshot=read_snapshot(reader, fields.get("snapshot")),
        cancel_timeout_minutes=reader.number(fields.get("cancel-timeout-minutes"), f"{_AT}.timeout-minutes"),
        unsupported=tuple(reader.unsupported[first:]),
    )
    del reader.unsupported[first:]
    return job


def _runs_on(reader: Reader, node: nodes.Node | None) -> tuple[Sequence[Text], Text | None]:
    """The labels and the group."""
    at = f"{_AT}.runs-on"
    if not isinstance(node, nodes.Mapping):
        return reader.texts(node, at), None
    fields = reader.fields(node, RUNS_ON, at)
    group = reader.text(fields.get("group"), at, filled=True)
    _check_group(reader, group)
    reader.unsupported.extend(fields.key_spans("group"))
    return reader.texts(fields.get("labels"), at), group


def _check_group(reader: Reader, group: Text | None) -> None:
    if group is None or not group.template.is_literal:
        return
    level, *name = group.source.split("/")
    if not name or (len(name) == 1 and name[0] and level in _GROUP_LEVELS):
        return
    hint = "Use the prefix organization/ or enterprise/ to name a group of one of them."
    reader.error(group.span, "runner-group", f"Invalid runs-on group name '{group.source}'.", hint)


def _environment(reader: Reader, node: nodes.Node | None) -> Environment | None:
    at = f"{_AT}.environment"
    if isinstance(node, nodes.Mapping):
        fields = reader.fields(node, ENVIRONMENT, at)
        name = reader.text(fields.get("name"), at)
        url = reader.text(fields.get("url"), f"{at}.url")
        deployment = reader.boolean(fields.get("deployment"), at)
    else:
        name, url, deployment = reader.text(node, at), None, None
    if node is None or name is None:
        return None
    return Environment(name=name, url=url, deployment=deployment, span=node.span)


def _called_workflow(reader: Reader, node: nodes.Node | None) -> Located[str] | None:
    uses = reader.literal(node)
    if uses is None:
        return None
    match = _WORKFLOW_FILE.fullmatch(uses.value)
    local = uses.value.startswith(("./", "$/"))
    if match is None or bool(match["ref"]) is local:
        message = f"invalid value workflow reference: '{uses.value}'"
        hint = "Expected ./.github/workflows/file.yml or owner/repo/.github/workflows/file.yml@ref."
        reader.error(uses.span, "uses", message, hint)
    return uses


def _secrets(reader: Reader, node: nodes.Node | None) -> Entries[Text] | Literal["inherit"]:
    if isinstance(node, nodes.Scalar) and spelled(node) == "inherit":
        return "inherit"
    return reader.variables(node, f"{_AT}.secrets.<secret_id>", "secrets")
