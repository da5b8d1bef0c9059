"""The inputs of the three actions, and what their versions do in another way. Knows no service.

Source: the sources of actions/attest, actions/attest-build-provenance and actions/attest-sbom at the newest tag of each
major version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simulator.actions.builtin.toolkit import step
from simulator.actions.builtin.toolkit.step import ActionError

Action = Literal["actions/attest", "actions/attest-build-provenance", "actions/attest-sbom"]
NEWEST = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """What a version does."""

    major: int
    each: bool  # every subject has an attestation of its own
    most: int  # subjects
    checksums: bool  # whether it knows the input subject-checksums
    detects: bool  # whether what is attested follows from the inputs, else a step before it tells
    sha2: bool  # whether a digest may be of every kind of SHA-2, and subjects may come from the runner's list


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The inputs, "" where one is not given or not known to the version."""

    action: Action
    version: Version
    paths: str
    digest: str
    name: str
    checksums: str
    sbom: str
    predicate_type: str
    predicate: str
    predicate_path: str
    summary: bool
    token: str


def read_settings(action: Action) -> Settings:
    """The inputs of the step. Raises ActionError."""
    version = version_of(action)
    own = action == "actions/attest" or (action == "actions/attest-build-provenance" and version.detects)
    return Settings(
        action=action,
        version=version,
        paths=step.text_input("subject-path"),
        digest=step.text_input("subject-digest"),
        name=step.text_input("subject-name"),
        checksums=step.text_input("subject-checksums") if version.checksums else "",
        sbom=step.text_input("sbom-path") if action == "actions/attest-sbom" or _has_sbom(action, version) else "",
        predicate_type=step.text_input("predicate-type") if own else "",
        predicate=step.text_input("predicate") if own else "",
        predicate_path=step.text_input("predicate-path") if own else "",
        summary=_flag("show-summary", default=True),
        token=step.text_input("github-token"),
    )


def version_of(action: Action) -> Version:
    """The version that the workflow pinned; what is neither a tag nor a known commit counts as the newest one."""
    major = min(step.major_version(NEWEST), NEWEST)
    return Version(
        major=major,
        each=major < 2,
        most=2500 if major < 2 else 1024,
        checksums=major > 1,
        detects=major >= NEWEST,
        sha2=major >= NEWEST and action != "actions/attest-build-provenance",
    )


def _has_sbom(action: Action, version: Version) -> bool:
    return action == "actions/attest" and version.detects


def _flag(name: str, *, default: bool) -> bool:
    """A flag, whose error @actions/core throws where nothing catches it."""
    try:
        return step.flag_input(name, default=default)
    except ActionError as error:
        raise ActionError(f"TypeError: {error}") from None
