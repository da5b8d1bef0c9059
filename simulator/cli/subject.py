"""What is rehearsed: the user's options, the repository, and the plans made from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from simulator.cli.configuration import Configuration
from simulator.errors import UsageError
from simulator.paths import RunFolder
from simulator.planning.model import Plan
from simulator.runner.masking import Masker
from simulator.triggers.model import RepositoryIdentity, Source

if TYPE_CHECKING:
    from simulator.twins.injection.faults import Fault


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """What the user asked `pysim run` for."""

    directory: Path
    tag: str | None = None
    event_name: Literal["push", "release", "workflow_dispatch"] = "push"
    branch: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    prerelease: bool = False
    source: Literal["commit", "worktree"] = "commit"
    workflows: tuple[str, ...] = ()
    run_all: bool = False
    engine: Literal["auto", "docker", "local"] = "auto"
    variables: Mapping[str, str] = field(default_factory=dict)
    secret_file: Path | None = None
    keep_index: bool = False
    actions: tuple[str, ...] = ()
    local_repositories: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    offline: bool = False
    artifacts: tuple[str, ...] = ()
    as_json: bool = False
    plain: bool = False
    verbose: bool = False
    debug: bool = False
    approved: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    real_time: bool = False
    ask_secrets: bool = False
    html: Path | None = None
    faults: tuple[str, ...] = ()
    now: float | None = None  # when the rehearsal happens, in seconds since the epoch; None for now


def require_one_event(options: RunOptions) -> None:
    """Raise UsageError for options that belong to another event than the one that is chosen."""
    if options.tag is not None and options.branch is not None:
        raise UsageError("--tag and --branch exclude each other.", hint="Give the one that the event is about.")
    if options.prerelease and options.event_name != "release":
        raise UsageError("--prerelease belongs to --event release.", hint="Add --event release.")
    if options.inputs and options.event_name != "workflow_dispatch":
        raise UsageError("--input belongs to --event workflow_dispatch.", hint="Add --event workflow_dispatch.")


def require_sense(options: RunOptions) -> None:
    """Raise UsageError for options of a run that exclude or need each other."""
    if options.event_name == "release" and options.tag is None:
        raise UsageError("A release belongs to a tag, and none was given.", hint="Add --tag v1.2.3.")
    if options.event_name == "push" and options.tag is None and options.branch is None:
        raise UsageError(
            "There is nothing to rehearse: no tag was given.",
            hint="Say which: pysim run --tag v1.2.3, or --branch main.",
        )
    require_one_event(options)
    if options.html is not None and not options.html.parent.is_dir():
        raise UsageError(f"There is no folder {options.html.parent} for the page.", hint="Make it, or name another.")
    if options.as_json and (options.plain or options.verbose):
        other = "--plain" if options.plain else "--verbose"
        raise UsageError(f"--json and {other} exclude each other.", hint="--json holds every line already.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A prepared rehearsal."""

    options: RunOptions
    root: Path
    folder: RunFolder
    configuration: Configuration
    identity: RepositoryIdentity
    source: Source
    variables: Mapping[str, str]
    plans: tuple[Plan, ...]
    supplied: Mapping[str, Path] = field(default_factory=dict)  # folders of artifacts, by the artifact's name
    faults: tuple[Fault, ...] = ()
    place: Path | None = None  # where the twins keep what is theirs, if not in the run's folder
    answers: Mapping[str, bool] = field(default_factory=dict)  # whether a review approves, by the environment's name
    masker: Masker = field(default_factory=Masker)
