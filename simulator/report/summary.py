"""The result of a run for programs: the content of `summary.json` and the last line of the events as JSON."""

from __future__ import annotations

from typing import Final, NotRequired, TypedDict

from simulator.findings import Finding
from simulator.positions import Span
from simulator.report.annotations import by_level
from simulator.report.forms import form_values
from simulator.report.github import net_changes
from simulator.report.state import JobState, RunState, StepState, ended
from simulator.run_events import Annotation, TokenExchanged

SUMMARY_VERSION: Final = 1


class StepSummary(TypedDict):
    """A step; `conclusion` is the outcome after continue-on-error."""

    number: int
    name: str
    outcome: str
    conclusion: str
    seconds: float
    exitCode: int | None


class JobSummary(TypedDict):
    """A job; `reason` says why it was skipped or stopped."""

    id: str
    name: str
    conclusion: str
    reason: str | None
    environment: str | None
    seconds: float
    steps: list[StepSummary]


class ArtifactSummary(TypedDict):
    """An artifact of the run."""

    name: str
    job: str
    size: int
    digest: str
    files: list[str]
    placeholders: list[str]


class FileSummary(TypedDict):
    """A distribution on a local index."""

    filename: str
    size: int
    sha256: str
    attested: bool
    placeholder: bool


class ReleaseSummary(TypedDict):
    """What a local index took of a version in this run."""

    index: str
    project: str
    version: str
    files: list[FileSummary]


class ClaimSummary(TypedDict):
    """A claim of an ID token beside the publisher's value."""

    claim: str
    value: str
    expected: str
    ok: bool


class FormSummary(TypedDict):
    """What to enter in the index's form, at its page, for a publisher that was assumed."""

    project: str
    pending: bool
    page: str
    values: dict[str, str]


class PublisherSummary(TypedDict):
    """A token exchange and the publisher that it matched."""

    index: str
    job: str
    ok: bool
    publisher: str | None
    declared: bool
    error: str | None
    claims: list[ClaimSummary]
    register: list[FormSummary]


class FaultSummary(TypedDict):
    """A fault that the stand-ins were told to have; `effects` is what it did each time, empty when nothing met it."""

    fault: str
    effects: list[str]


class SettingSummary(TypedDict):
    """A key that is set, in dotted form, and the file (with the line) or other source that it is from; no value."""

    key: str
    source: str
    line: int | None


class InstallSummary(TypedDict):
    """An install from a local index."""

    tool: str
    dist: str
    ok: bool
    project: str
    version: str
    seconds: float


class GithubReleaseSummary(TypedDict):
    """A release that a job made, changed or deleted on GitHub's stand-in; assets have `name`, `size` and `digest`."""

    tag: str
    name: str
    change: str
    draft: bool
    prerelease: bool
    latest: bool
    assets: list[dict[str, str | int]]


class RefSummary(TypedDict):
    """A branch or tag that changed there; `before` is None for a new one, `after` for a deleted one."""

    ref: str
    before: str | None
    after: str | None
    by: str
    forced: bool


class GithubSummary(TypedDict):
    """What the release would have changed on GitHub."""

    releases: list[GithubReleaseSummary]
    refs: list[RefSummary]


class FindingSummary(TypedDict):
    """A finding; `where` is `file:line:column` or words, `remedies` are what of the hint pysim can be asked for."""

    code: str
    severity: str
    message: str
    where: str | None
    hint: str
    source: NotRequired[str]  # the line at `where`, if it is one of the commit
    wouldShow: NotRequired[str]
    remedies: NotRequired[list[dict[str, str | None]]]
    unrehearsed: NotRequired[list[str]]  # the jobs of which something was not run
    accepted: NotRequired[str]  # why it is


class AnnotationSummary(TypedDict):
    """What a step attached to the run; columns are of one line, `file` is a path of the repository if it lies there."""

    level: str
    message: str
    title: str | None
    file: str | None
    line: int | None
    endLine: int | None
    column: int | None
    endColumn: int | None
    job: str
    step: int


class Summary(TypedDict):
    """The whole; keys are only ever added within a `schemaVersion`."""

    schemaVersion: int
    runId: str | None
    verdict: str
    reason: str
    refused: bool
    seconds: float
    event: str | None
    ref: str | None
    sha: str | None
    repository: str | None
    engine: str | None
    image: str | None
    jobs: list[JobSummary]
    artifacts: list[ArtifactSummary]
    publishers: list[PublisherSummary]
    published: list[ReleaseSummary]
    installed: list[InstallSummary]
    github: GithubSummary
    annotations: list[AnnotationSummary]
    findings: list[FindingSummary]
    faults: NotRequired[list[FaultSummary]]  # when there were any
    settings: NotRequired[list[SettingSummary]]  # when anything is set


def summary(state: RunState) -> Summary | None:
    """The summary of a finished run; None for one that ended before its verdict."""
    started, engine, finished = state.started, state.engine, state.finished
    if finished is None:
        return None
    made = Summary(
        schemaVersion=SUMMARY_VERSION,
        runId=started.run_id if started else None,
        verdict=finished.verdict.value,
        reason=finished.reason,
        refused=finished.refused,
        seconds=round(state.seconds, 3),
        event=started.event if started else None,
        ref=started.ref if started else None,
        sha=started.sha if started else None,
        repository=started.repository if started else None,
        engine=engine.engine if engine else None,
        image=engine.image if engine else None,
        jobs=[_job(job) for job in state.jobs.values() if not job.own],
        artifacts=[
            ArtifactSummary(
                name=a.name,
                job=a.job_id,
                size=a.size,
                digest=a.digest,
                files=list(a.files),
                placeholders=list(a.placeholders),
            )
            for a in state.artifacts
        ],
        publishers=[_publisher(exchange) for exchange in dict.fromkeys(state.exchanges)],
        published=_published(state),
        installed=[
            InstallSummary(
                tool=i.tool, dist=i.dist, ok=i.ok, project=i.project, version=i.version, seconds=round(i.seconds, 3)
            )
            for i in state.installs
        ],
        github=_github(state),
        annotations=[_annotation(note) for note in by_level(state.annotations)],
        findings=[_finding(finding) for finding in state.findings],
    )
    if state.faults:
        made["faults"] = [
            FaultSummary(fault=fault, effects=[f"{each.job_id}: {each.what}" for each in fired])
            for fault, fired in state.faults.items()
        ]
    if state.settings:
        made["settings"] = [SettingSummary(key=s.key, source=s.source, line=s.line) for s in state.settings]
    return made


def _job(job: JobState) -> JobSummary:
    return JobSummary(
        id=job.id,
        name=job.name,
        conclusion=job.ended.value,
        reason=job.reason,
        environment=job.environment,
        seconds=round(job.seconds, 3),
        steps=[_step(step) for step in job.steps.values()],
    )


def _step(step: StepState) -> StepSummary:
    return StepSummary(
        number=step.number,
        name=step.name,
        outcome=ended(step.outcome, step.started_at).value,
        conclusion=ended(step.conclusion, step.started_at).value,
        seconds=round(step.seconds, 3),
        exitCode=step.exit_code,
    )


def _publisher(exchange: TokenExchanged) -> PublisherSummary:
    return PublisherSummary(
        index=exchange.index,
        job=exchange.job_id,
        ok=exchange.ok,
        publisher=exchange.publisher,
        declared=exchange.declared,
        error=exchange.error,
        claims=[ClaimSummary(claim=c.claim, value=c.value, expected=c.expected, ok=c.ok) for c in exchange.claims],
        register=[
            FormSummary(
                project=form.project,
                pending=form.pending,
                page=form.page,
                values=dict(form_values(form)),
            )
            for form in exchange.forms
        ],
    )


def _published(state: RunState) -> list[ReleaseSummary]:
    releases: dict[tuple[str, str, str], ReleaseSummary] = {}
    placeholders = state.placeholders
    for u in state.published:
        release = releases.setdefault(
            (u.index, u.project, u.version),
            ReleaseSummary(index=u.index, project=u.project, version=u.version, files=[]),
        )
        file = FileSummary(
            filename=u.filename,
            size=u.size,
            sha256=u.sha256,
            attested=u.attested,
            placeholder=u.filename in placeholders,
        )
        release["files"].append(file)
    return list(releases.values())


def _github(state: RunState) -> GithubSummary:
    return GithubSummary(
        releases=[
            GithubReleaseSummary(
                tag=r.tag,
                name=r.name,
                change=r.change,
                draft=r.draft,
                prerelease=r.prerelease,
                latest=r.latest,
                assets=[{"name": a.name, "size": a.size, "digest": a.digest} for a in r.assets],
            )
            for r in state.releases
        ],
        refs=[
            RefSummary(ref=c.ref, before=c.before, after=c.after, by=c.by, forced=c.forced)
            for c in net_changes(state.refs)
        ],
    )


def _annotation(note: Annotation) -> AnnotationSummary:
    return AnnotationSummary(
        level=note.level,
        message=note.message,
        title=note.title,
        file=note.file,
        line=note.line,
        endLine=note.end_line,
        column=note.column,
        endColumn=note.end_column,
        job=note.job_id,
        step=note.number,
    )


def _finding(finding: Finding) -> FindingSummary:
    where: Span | str | None = finding.where
    result = FindingSummary(
        code=finding.code,
        severity=finding.severity.value,
        message=finding.message,
        where=None if where is None else str(where),
        hint=finding.hint,
    )
    if finding.source is not None:
        result["source"] = finding.source
    if finding.would_show is not None:
        result["wouldShow"] = finding.would_show
    if finding.unrehearsed:
        result["unrehearsed"] = list(finding.unrehearsed)
    if finding.accepted is not None:
        result["accepted"] = finding.accepted
    if finding.remedies:
        result["remedies"] = [{"do": each.do.value, "of": each.of, "index": each.index} for each in finding.remedies]
    return result
