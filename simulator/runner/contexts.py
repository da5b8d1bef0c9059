"""The contexts of expressions and the variables made from them, as GitHub fills them. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from simulator.engines.base import LAYOUT
from simulator.expressions.language import Value
from simulator.planning.model import Plan, PlannedJob
from simulator.runner.model import SERVER_URL
from simulator.triggers.model import Event, RepositoryIdentity
from simulator.workflow.model import Workflow

EVENT_PATH: Final = LAYOUT.temp / "_github_workflow/event.json"

# Which fields of the github context become GITHUB_* variables (actions/runner, GitHubContext).
_IN_ENVIRONMENT: Final = frozenset(
    {
        "action",
        "action_path",
        "action_ref",
        "action_repository",
        "actor",
        "actor_id",
        "api_url",
        "artifacts",
        "artifacts_list",
        "base_ref",
        "env",
        "event_name",
        "event_path",
        "graphql_url",
        "head_ref",
        "job",
        "output",
        "path",
        "ref",
        "ref_name",
        "ref_protected",
        "ref_type",
        "repository",
        "repository_id",
        "repository_owner",
        "repository_owner_id",
        "retention_days",
        "run_attempt",
        "run_id",
        "run_number",
        "server_url",
        "sha",
        "state",
        "step_summary",
        "triggering_actor",
        "workflow",
        "workflow_ref",
        "workflow_sha",
        "workspace",
    }
)


def workspace(identity: RepositoryIdentity) -> PurePosixPath:
    """GITHUB_WORKSPACE of a hosted runner."""
    return LAYOUT.work / identity.name / identity.name


def github_context(
    workflow: Workflow, event: Event, identity: RepositoryIdentity, *, number: str = "1"
) -> dict[str, Value]:
    """The `github` context as the server has it, before a job runs: no token, no job, no paths."""
    payload = event.payload
    return {
        "actor": identity.actor,
        "actor_id": identity.actor_id,
        "api_url": "https://api.github.com",
        "base_ref": "",
        "event": payload,
        "event_name": event.name,
        "graphql_url": "https://api.github.com/graphql",
        "head_ref": "",
        "ref": event.ref,
        "ref_name": event.ref_name,
        "ref_protected": identity.run.ref_protected,
        "ref_type": event.ref_type,
        "repository": identity.full_name,
        "repository_id": identity.id,
        "repository_owner": identity.owner,
        "repository_owner_id": identity.owner_id,
        "repositoryUrl": f"git://github.com/{identity.full_name}.git",
        "retention_days": "90",
        "run_attempt": str(identity.run.attempt),
        "run_id": number,
        "run_number": str(identity.run.number),
        "secret_source": "Actions",
        "server_url": SERVER_URL,
        "sha": event.sha,
        "triggering_actor": identity.run.triggering_actor or identity.actor,
        "workflow": workflow.name or workflow.path,
        "workflow_ref": f"{identity.full_name}/{workflow.path}@{event.ref}",
        "workflow_sha": event.sha,
    }


def job_github_context(server: Mapping[str, Value], job_id: str, token: str, folder: PurePosixPath) -> dict[str, Value]:
    """The `github` context inside a job."""
    return {
        **server,
        "event_path": str(EVENT_PATH),
        "job": job_id,
        "token": token,
        "workspace": str(folder),
    }


def job_context(github: Mapping[str, Value], plan: Plan, job: PlannedJob) -> dict[str, Value]:
    """The `job` context, but for its `status`; its workflow is the file that holds the job, the called one too."""
    called, ref, sha = plan.inherited.called, github["ref"], github["workflow_sha"]
    repository, path = github["repository"], plan.workflow.path
    if called is not None:
        path = called.path
        if called.repository is not None:
            repository, ref, sha = called.repository, called.ref, called.sha
    return {
        "check_run_id": check_run_id(job),
        "workflow_ref": f"{repository}/{path}@{ref}",
        "workflow_sha": sha,
        "workflow_repository": repository,
        "workflow_file_path": path,
    }


def check_run_id(job: PlannedJob) -> int:
    """A number for the job's check, the same in every run."""
    return zlib.crc32(job.key.encode()) + 1


def runner_context(folder: PurePosixPath, *, debug: bool = False) -> dict[str, Value]:
    """The `runner` context of a hosted Linux runner; with `debug` the job's debug messages are shown."""
    return {
        "os": "Linux",
        "arch": "X64",
        "name": "GitHub Actions 1",
        "environment": "github-hosted",
        "temp": str(LAYOUT.temp),
        "tool_cache": str(LAYOUT.tool_cache),
        "workspace": str(folder.parent),
        "debug": "1" if debug else "",
    }


def github_variables(github: Mapping[str, Value]) -> dict[str, str]:
    """The GITHUB_* variables of a step; a field that is neither text nor a boolean has none."""
    return {
        f"GITHUB_{name.upper()}": _word(value)
        for name, value in github.items()
        if name in _IN_ENVIRONMENT and isinstance(value, str | bool)
    }


def runner_variables(runner: Mapping[str, Value]) -> dict[str, str]:
    """The RUNNER_* variables of a step; an empty field has none."""
    return {f"RUNNER_{name.upper()}": _word(value) for name, value in runner.items() if value not in (None, "")}


def _word(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def oidc_claims(
    github: Mapping[str, Value], identity: RepositoryIdentity, plan: Plan, job: PlannedJob
) -> dict[str, str]:
    """GitHub's ID-token claims of a job (contract: all strings), without those the issuer adds itself.

    `workflow_ref` is that of the workflow that the event started, `job_workflow_ref` that of the file of the job.
    """
    copied = (
        "actor",
        "actor_id",
        "base_ref",
        "event_name",
        "head_ref",
        "ref",
        "ref_protected",
        "ref_type",
        "repository",
        "repository_id",
        "repository_owner",
        "repository_owner_id",
        "run_attempt",
        "run_id",
        "run_number",
        "sha",
        "workflow",
        "workflow_ref",
        "workflow_sha",
    )
    claims = {name: _word(github[name]) for name in copied}
    file = job_context(github, plan, job)
    ref = claims["ref"].replace(":", "%3A")
    environment = job.environment
    subject = f"environment:{environment.replace(':', '%3A')}" if environment else f"ref:{ref}"
    claims |= {
        "sub": f"repo:{identity.full_name}:{subject}",
        "job_workflow_ref": _word(file["workflow_ref"]),
        "job_workflow_sha": _word(file["workflow_sha"]),
        "repository_visibility": identity.visibility,
        "runner_environment": "github-hosted",
        "check_run_id": str(check_run_id(job)),
    }
    if environment:
        claims["environment"] = environment
        claims["environment_node_id"] = f"EN_{identity.id}_{environment}"
    return claims
