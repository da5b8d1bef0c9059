"""What is said of the subjects: the provenance of the build, an SBOM, or a predicate that the workflow wrote.

Source of the provenance: the build type https://actions.github.io/buildtypes/workflow/v1 and @actions/attest.
"""

from __future__ import annotations

import base64
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import requests

from simulator.actions.builtin.attest.settings import Settings
from simulator.actions.builtin.toolkit import step
from simulator.actions.builtin.toolkit.id_token import id_token
from simulator.actions.builtin.toolkit.step import ActionError

MOST = 16 << 20  # bytes of a predicate or an SBOM
AUDIENCE = "nobody"
REQUIRED = (
    "iss",
    "ref",
    "sha",
    "repository",
    "event_name",
    "job_workflow_ref",
    "workflow_ref",
    "repository_id",
    "repository_owner_id",
    "runner_environment",
    "run_id",
    "run_attempt",
)
LABELS = {"provenance": "Build Provenance", "sbom": "SBOM", "custom": "Custom"}
Kind = Literal["provenance", "sbom", "custom"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Predicate:
    """A predicate and the address of its type."""

    type: str
    value: object


def kind_of(settings: Settings) -> Kind:
    """What the inputs ask for. Raises ActionError for those that do not go together."""
    own = settings.predicate_type or settings.predicate or settings.predicate_path
    if settings.sbom and own:
        raise ActionError("Error: Cannot specify sbom-path together with predicate-type, predicate, or predicate-path")
    if (settings.predicate or settings.predicate_path) and not settings.predicate_type:
        raise ActionError("Error: predicate-type is required when using predicate or predicate-path")
    return "sbom" if settings.sbom else "custom" if own else "provenance"


def make(kind: Kind, settings: Settings) -> Predicate:
    """The predicate of that kind. Raises ActionError, whose text has no prefix but a JavaScript error's own."""
    if kind == "provenance":
        return provenance()
    return of_sbom(settings) if kind == "sbom" else of_inputs(settings)


# ---- provenance


def provenance() -> Predicate:
    """The provenance of this job, as its ID token tells. Raises ActionError."""
    try:
        claims = _claims()
    except (ActionError, requests.RequestException, ValueError, KeyError) as error:
        raise ActionError(f"Failed to get ID token: {error}") from None
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    repository = f"{server}/{claims['repository']}"
    path = claims["workflow_ref"].replace(f"{claims['repository']}/", "", 1).partition("@")[0]
    build = {
        "buildType": "https://actions.github.io/buildtypes/workflow/v1",
        "externalParameters": {"workflow": {"ref": claims["ref"], "repository": repository, "path": path}},
        "internalParameters": {
            "github": {
                name: claims[name]
                for name in ("event_name", "repository_id", "repository_owner_id", "runner_environment")
            }
        },
        "resolvedDependencies": [{"uri": f"git+{repository}@{claims['ref']}", "digest": {"gitCommit": claims["sha"]}}],
    }
    run = f"{repository}/actions/runs/{claims['run_id']}/attempts/{claims['run_attempt']}"
    details = {"builder": {"id": f"{server}/{claims['job_workflow_ref']}"}, "metadata": {"invocationId": run}}
    value = {"buildDefinition": build, "runDetails": details}
    return Predicate(type="https://slsa.dev/provenance/v1", value=value)


def _claims() -> Mapping[str, str]:
    body = id_token(AUDIENCE).split(".")[1]
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    if missing := [name for name in REQUIRED if name not in claims]:
        raise ActionError(f"Missing claims: {', '.join(missing)}")
    return claims


# ---- SBOMs


def of_sbom(settings: Settings) -> Predicate:
    """The SBOM of a file, SPDX or CycloneDX. Raises ActionError."""
    path, detects = Path(settings.sbom), settings.version.detects
    if not path.exists():
        missing = f"ENOENT: no such file or directory, open '{settings.sbom}'"
        raise ActionError("SBOM file not found" if detects else missing)
    if detects and path.stat().st_size > MOST:
        raise ActionError(f"SBOM file exceeds maximum allowed size: {MOST} bytes")
    document = _json(path.read_text(encoding="utf-8", errors="replace"))
    known = document if isinstance(document, dict) else {}
    if known.get("spdxVersion") and known.get("SPDXID"):
        _, dash, version = str(known["spdxVersion"]).partition("-")
        version = version.partition("-")[0] if dash else "undefined"
        return Predicate(type=f"https://spdx.dev/Document/v{version}", value=known)
    if all(known.get(name) for name in ("bomFormat", "serialNumber", "specVersion")):
        return Predicate(type="https://cyclonedx.org/bom", value=known)
    more = ". Must be valid SPDX or CycloneDX JSON." if detects else ""
    raise ActionError(f"Unsupported SBOM format{more}")


def keep_sbom(predicate: Predicate) -> None:
    """Leave the predicate where the step before the signing one does."""
    folder = Path(tempfile.mkdtemp(prefix="", dir=step.variable("RUNNER_TEMP")))
    (folder / "predicate.json").write_text(json.dumps(predicate.value, separators=(",", ":")), encoding="utf-8")


# ---- predicates of the workflow


def of_inputs(settings: Settings) -> Predicate:
    """The predicate that the inputs have. Raises ActionError."""
    if not settings.predicate_type:
        raise ActionError("predicate-type must be provided")
    if not settings.predicate_path and not settings.predicate:
        raise ActionError("One of predicate-path or predicate must be provided")
    if settings.predicate_path and settings.predicate:
        raise ActionError("Only one of predicate-path or predicate may be provided")
    return Predicate(type=settings.predicate_type, value=_json(_text(settings)))


def _text(settings: Settings) -> str:
    if not settings.predicate_path:
        if len(settings.predicate) > MOST:
            raise ActionError(f"predicate string exceeds maximum allowed size: {MOST} bytes")
        return settings.predicate
    path = Path(settings.predicate_path)
    if not path.exists():
        raise ActionError(f"predicate file not found: {path}")
    if path.stat().st_size > MOST:
        raise ActionError(f"predicate file exceeds maximum allowed size: {MOST} bytes")
    return path.read_text(encoding="utf-8", errors="replace")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ActionError(f"It is not valid JSON: {error}") from None
