"""What a run tells the world: one stream of frozen events, from which every report is made.

The runner and the rehearsal emit them through an `EventSink`; renderers and the run folder read them. Text in events is
masked already. Times (`at`) are seconds since the epoch.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from simulator.described_releases import ReleaseDescribed
from simulator.findings import Finding
from simulator.positions import Span
from simulator.publisher_records import ClaimCheck, PublisherForm
from simulator.remedies import Remedy

SCHEMA_VERSION = 1


class Conclusion(enum.StrEnum):
    """How a step or job ended, in GitHub's words."""

    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class Verdict(enum.StrEnum):
    """The last word of a rehearsal."""

    GO = "go"
    NO_GO = "no-go"
    NOT_REHEARSED = "not-rehearsed"
    NOTHING_PUBLISHED = "nothing-published"
    PAUSED = "paused"


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStarted:
    """A run begins: which event is rehearsed for which repository.

    With `snapshot` the commit is one that pysim made of the files as they are. `faults` are those that the local
    stand-ins were told to have, as the user writes them. `record` is the folder of the run on the machine that makes
    it.
    """

    run_id: str
    event: str
    ref: str
    sha: str
    repository: str
    at: float
    snapshot: bool = False
    faults: tuple[str, ...] = ()
    record: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """A key that is set, in dotted form, and what it was taken from: a file as the user knows it, with the line.

    `vars.NAME` is a variable, `secrets.NAME` a secret. Where `line` is None, `source` is no file: the command line.
    """

    key: str
    source: str
    line: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsRead:
    """Where the settings of the run came from; no value is among them."""

    settings: tuple[Setting, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A sentence that the user should read: a dirty tree, the engine taken and why, an assumed publisher.

    `remedies` are what of the hint pysim can be asked for.
    """

    message: str
    hint: str | None = None
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineChosen:
    """The engine that runs the jobs, why, and the image they run in."""

    engine: str
    reason: str
    image: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """A long preparation (an image build, a download) advanced."""

    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkflowConsidered:
    """Whether the event starts a workflow of the repository, whether it is rehearsed, and why or why not."""

    path: str
    starts: bool
    rehearsed: bool
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionResolved:
    """An action that the jobs use, by a step of their own or `within` a composite action, and what stands for it.

    A built-in one is made after the versions `models`; any other one is the code of a repository, from `origin` at
    `commit` (None: a plain folder's).
    """

    uses: str
    within: str | None
    builtin: bool
    models: str | None
    commit: str | None
    origin: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class JobPlanned:
    """A job of a rehearsed workflow, before anything runs; `own` marks one of pysim's own (the install check).

    `span` is where the job stands in the file that holds it.
    """

    job_id: str
    name: str
    needs: tuple[str, ...]
    workflow: str
    environment: str | None = None
    own: bool = False
    span: Span | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewRequested:
    """A person is asked on the terminal to review the deployments to an environment, until `ReviewEnded`."""

    environment: str
    reviewers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewEnded:
    """The terminal is no longer used to ask; what was decided is in `GateEvaluated`."""

    environment: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GateEvaluated:
    """What the environment's protection rules said of a job.

    `paused` is a job that only a review keeps out; `url` is the environment's own page, where one is declared.
    """

    job_id: str
    environment: str
    allowed: bool
    reason: str
    paused: bool = False
    url: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class JobStarted:
    """A job's sandbox is being opened."""

    job_id: str
    at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class StepStarted:
    """A step begins; `number` counts from 1 within the job, set-up and post steps included."""

    job_id: str
    number: int
    name: str
    span: Span | None
    at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class StepVariables:
    """Where the variables come from that a step's process is given on top of the runner's own, by name.

    An origin is an `env:` (`the workflow`, `the job`, `the step`, `the step around it`) or `GITHUB_ENV in step 3`, or
    for PATH `GITHUB_PATH in step 3`; of a variable that GitHub sets all the same, `GitHub, over` what it wins over.
    Values are in the head of the step's log.
    """

    job_id: str
    number: int
    origins: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class StepLine:
    """A line of a step's log; `level` is what a workflow command or a problem matcher made of it."""

    job_id: str
    number: int
    line: str
    level: Literal["text", "debug", "notice", "warning", "error", "group", "endgroup", "command"] = "text"


@dataclass(frozen=True, kw_only=True, slots=True)
class Annotation:
    """A notice, warning or error that a step attached to the run, with the place it names.

    `file` is a path of the workspace, or in the checkout of the rehearsed repository; columns are of one line.
    `source` is that line as the rehearsed commit has it.
    """

    job_id: str
    number: int
    level: Literal["notice", "warning", "error"]
    message: str
    title: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    source: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StepSummary:
    """Markdown that a step wrote to GITHUB_STEP_SUMMARY."""

    job_id: str
    number: int
    markdown: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FilesListed:
    """What lies in the workspace behind a step that uploads an artifact, or failed, where distributions may be.

    `files` are paths of distributions, and of all in a folder that holds one or is called `dist`; a folder ends with
    a slash. They are cut at some number. `changed` are the tracked files that are other than in the commit, with when
    each was written, in seconds since the epoch; None where it was deleted, or the sandbox has another clock.
    """

    job_id: str
    number: int
    files: tuple[str, ...]
    changed: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class StepFinished:
    """A step ended: `conclusion` is after continue-on-error; `reason` left it out; `forgiven`: its job may fail."""

    job_id: str
    number: int
    outcome: Conclusion
    conclusion: Conclusion
    at: float
    exit_code: int | None = None
    reason: str | None = None
    forgiven: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFinished:
    """A job ended, or was skipped (`reason` says by what)."""

    job_id: str
    conclusion: Conclusion
    at: float
    outputs: Mapping[str, str] = field(default_factory=dict)
    environment_url: str | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TwinRequest:
    """A request that a job made to a local stand-in, or through the gateway to the network (`twin` "outside")."""

    job_id: str
    twin: str
    method: str
    host: str
    path: str
    status: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ArtifactStored:
    """An artifact of the run: the paths inside, and `sha256:<hex>` of its archive. A `deleted` one is there no more.

    `placeholders` are those of the files that stand for what a job on another system would have made, and `assumed` is
    what of their names nobody knows.
    """

    job_id: str
    name: str
    size: int
    digest: str
    files: tuple[str, ...]
    deleted: bool = False
    placeholders: tuple[str, ...] = ()
    assumed: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheUsed:
    """A job asked for a cache entry, or saved one under `key`; of a miss, only that and the key are known.

    `matched` is the key of the entry, `scope` the ref that it belongs to and `run_id` the rehearsal that saved it.
    """

    job_id: str
    outcome: Literal["hit", "miss", "saved"]
    key: str
    matched: str = ""
    scope: str = ""
    size: int = 0
    run_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenExchanged:
    """An ID token was offered for an upload token; `error` holds the index's own words when it refused.

    `forms` are what must be registered for a publisher that was assumed, one for each of its projects.
    """

    job_id: str
    index: str
    ok: bool
    publisher: str | None
    declared: bool
    claims: tuple[ClaimCheck, ...]
    error: str | None = None
    forms: tuple[PublisherForm, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FileUploaded:
    """A distribution was offered to an index; `status` is the HTTP status, `message` the index's words.

    `attested` is True for one that was taken with attestations that hold.
    """

    job_id: str
    index: str
    project: str
    version: str
    filename: str
    size: int
    sha256: str
    status: int
    message: str
    attested: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultInjected:
    """A fault that the user asked for took effect on a job; `fault` as in `RunStarted`, `what` is what it did."""

    job_id: str
    fault: str
    what: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RefChanged:
    """A branch or a tag that a job changed on GitHub's stand-in; `before` is None for a new one, `after` for a deleted.

    `by` says how: git's push, the REST API, or a release whose tag did not exist.
    """

    job_id: str
    repository: str
    ref: str
    before: str | None
    after: str | None
    by: Literal["push", "api", "release"]
    forced: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseAsset:
    """A file of a release on GitHub."""

    name: str
    size: int
    digest: str  # sha256:<hex>


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseChanged:
    """A release that a job made, changed or deleted on GitHub's stand-in, as it now is; `number` is its id."""

    job_id: str
    repository: str
    number: int
    tag: str
    name: str
    draft: bool
    prerelease: bool
    latest: bool
    change: Literal["created", "edited", "deleted"]
    assets: tuple[ReleaseAsset, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """An install from a local index was tried with a real client; `dist` is "wheel" or "sdist"."""

    tool: Literal["pip", "pipx"]
    dist: str
    project: str
    version: str
    ok: bool
    seconds: float
    detail: str
    index: str = "pypi"


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingRaised:
    """A finding of the rehearsal."""

    finding: Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFinished:
    """The run is over; no event follows. A no-go is `refused` where a protection rule kept a job out."""

    verdict: Verdict
    reason: str
    at: float
    refused: bool = False


RunEvent = (
    RunStarted
    | SettingsRead
    | Notice
    | EngineChosen
    | Progress
    | WorkflowConsidered
    | ActionResolved
    | JobPlanned
    | ReviewRequested
    | ReviewEnded
    | GateEvaluated
    | JobStarted
    | StepStarted
    | StepLine
    | Annotation
    | StepSummary
    | StepVariables
    | FilesListed
    | StepFinished
    | JobFinished
    | TwinRequest
    | ArtifactStored
    | CacheUsed
    | TokenExchanged
    | FileUploaded
    | ReleaseDescribed
    | FaultInjected
    | RefChanged
    | ReleaseChanged
    | Installed
    | FindingRaised
    | RunFinished
)


class EventSink(Protocol):
    """Takes events from any thread, in the order in which they are to be seen."""

    def __call__(self, event: RunEvent, /) -> None: ...
