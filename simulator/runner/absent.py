"""Jobs that are not run here: why, what they would have made, and whether the user supplied it.

A job that is not run is never counted as one that succeeded: it lets others go on when nothing of it is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from simulator.actions.facts import uploads
from simulator.findings import Finding, Severity
from simulator.planning.choice import may_publish
from simulator.planning.downloads import may_be_downloaded
from simulator.planning.known import UNKNOWN, Known
from simulator.planning.model import Plan, PlannedJob
from simulator.planning.provenance import Provenance, provenance_of
from simulator.planning.runners import is_arm, is_hosted, removed_on, runs_here, system_of
from simulator.planning.tools import UPLOAD_ARTIFACT, action_name, given_input
from simulator.planning.wheel_builds import may_hold_wheels, wheel_build
from simulator.positions import Span
from simulator.remedies import Act, Remedy, remedy
from simulator.runner.not_rehearsed import DOCKER_HINT

_NAMED: Final = 3  # jobs and artifacts that a sentence gives the names of


@dataclass(frozen=True, kw_only=True, slots=True)
class StandIn:
    """An artifact that placeholders can be made for: `files` of known names, or wheels, whose names are found later."""

    artifact: str
    files: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Absence:
    """A job that is not run here, and why; `missing` are the names of what it would upload and nobody supplied.

    What a called workflow that is not at hand would upload is `unknown`. `stand_ins` are the placeholders that can be
    tried to be made for all that is missing; empty where they cannot. `outputs` are what its dependants see.
    """

    why: str
    made: Sequence[str] = ()
    supplied: Sequence[str] = ()
    missing: Sequence[str] = ()
    stand_ins: Sequence[StandIn] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    unknown: bool = False
    several: bool = False  # it is that of several jobs of one matrix

    @property
    def keeps_others(self) -> bool:
        """Whether the jobs that need it cannot go on."""
        return self.unknown or bool(self.missing and not self.stand_ins)

    @property
    def said(self) -> str:
        """Why it is not run, and what its dependants have of it."""
        said = self.why
        if self.unknown:
            return said
        if self.missing and self.stand_ins:
            return f"{said}; placeholders are made for {_listed(self.missing, 'artifacts')}"
        if self.missing:
            return f"{said}, and nothing stands for {_listed(self.missing, 'artifacts')}"
        if self.supplied:
            verb = "were" if len(self.supplied) > 1 else "was"
            return f"{said}; {_listed(self.supplied, 'artifacts')} {verb} supplied"
        if self.made:
            return f"{said}; no job takes up {_listed(self.made, 'artifacts')}"
        return f"{said}; {'they upload' if self.several else 'it uploads'} nothing"


def absence(
    plan: Plan, job: PlannedJob, supplied: Collection[str], no_containers: Callable[[], str | None]
) -> Absence | None:
    """What is missing of a job that cannot be run here; None for one that can.

    `no_containers` is asked, where a job has containers, why there can be none.
    """
    if (made_of := provenance_of(plan, job)) is not None:
        return _generator(plan, job, made_of, supplied)
    if job.job.uses is not None:
        why = _not_at_hand(plan, job)
        return None if why is None else Absence(why=why, unknown=True)
    why = _hindrance(job, no_containers)
    if why is None:
        return None
    made = {each.name: each for each in _uploads(plan, job)}
    lacking = [each for name, each in made.items() if not any(fits(name, given) for given in supplied)]
    missing = [each for each in lacking if may_be_downloaded(plan, each.name)]
    stand_ins = [one for each in missing if (one := _stand_in(plan, job, each)) is not None]
    return Absence(
        why=why,
        made=tuple(made),
        supplied=tuple(name for name, each in made.items() if each not in lacking),
        missing=tuple(each.name for each in missing),
        stand_ins=tuple(stand_ins) if len(stand_ins) == len(missing) else (),
    )


def _generator(plan: Plan, job: PlannedJob, made: Provenance, supplied: Collection[str]) -> Absence:
    """Of SLSA's generator: it runs programs of its own, and signs with what a rehearsal must not reach."""
    assert job.job.uses is not None
    artifacts = (made.artifact,) if made.artifact else ()
    given = tuple(name for name in artifacts if name in supplied)
    missing = tuple(name for name in artifacts if name not in given and may_be_downloaded(plan, name))
    return Absence(
        why=f"{job.job.uses.value} signs with Sigstore's public instance",
        made=artifacts,
        supplied=given,
        missing=missing,
        stand_ins=tuple(StandIn(artifact=name, files=(name,)) for name in missing),
        outputs=made.outputs,
    )


def _stand_in(plan: Plan, job: PlannedJob, upload: _Upload) -> StandIn | None:
    """The placeholder for an artifact of a job on another system, where one is known of what kind its files are."""
    if runs_here(job.runs_on) or UNKNOWN in upload.name or may_publish(job.workflow, job.job):
        return None
    lines = [line.strip() for line in upload.path.splitlines() if line.strip()]
    is_built = wheel_build(plan, job) is not None or job.total > 1  # of a matrix, others may run here
    if is_built and may_hold_wheels(upload.path):
        return StandIn(artifact=upload.name)
    if lines and all(re.fullmatch(r"[\w./-]+\.\w+", line) for line in lines):
        return StandIn(artifact=upload.name, files=tuple(line.rpartition("/")[2] for line in lines))
    return None


def _not_at_hand(plan: Plan, job: PlannedJob) -> str | None:
    assert job.job.uses is not None
    return None if job.job.id in plan.calls else f"the workflow {job.job.uses.value} that it calls is not at hand"


def _hindrance(job: PlannedJob, no_containers: Callable[[], str | None]) -> str | None:
    """Why no sandbox can stand for the runner of a job, in a part of a sentence; None where one can."""
    if not runs_here(job.runs_on):
        return f"pysim has no runner for {', '.join(job.runs_on)}"
    if (key := next(iter(job.job.unsupported), None)) is not None:
        return f"pysim does not carry out `{key.value}{'' if ':' in key.value else ':'}` yet"
    if job.job.container is not None or job.job.services:
        reason = no_containers()
        return None if reason is None else f"it uses containers, and {reason}"
    return None


def fits(name: str, supplied: str) -> bool:
    """Whether an artifact that was supplied may be the one of a name with unknown parts."""
    return re.fullmatch(".*".join(map(re.escape, name.split(UNKNOWN))), supplied) is not None


def runner_findings(
    jobs: Iterable[tuple[Plan, PlannedJob]],
    supplied: Collection[str],
    no_containers: Callable[[], str | None],
    now: float,
) -> Iterator[Finding]:
    """What there is to say of the runners of jobs that run `now`, once for all jobs of a matrix that it holds for.

    That a runner is gone, that there is none here, or what was assumed. Jobs that are skipped, or whose labels are not
    known yet, are passed over.
    """
    alike: dict[tuple[object, ...], list[tuple[PlannedJob, Absence | None]]] = {}
    for plan, job in jobs:
        if job.decision != "skip" and not job.deferred:
            absent = absence(plan, job, supplied, no_containers)
            made = absent and (absent.why, bool(absent.made), bool(absent.missing), bool(absent.stand_ins))
            alike.setdefault((id(plan), job.job.id, job.runs_on, made), []).append((job, absent))
    for group in alike.values():
        yield from _of_runner([job for job, _ in group], [absent for _, absent in group if absent], now)


def _of_runner(jobs: Sequence[PlannedJob], absences: Sequence[Absence], now: float) -> Iterator[Finding]:
    job, several = jobs[0], len(jobs) > 1
    labels, where = ", ".join(job.runs_on), job.job.runs_on[0].span if job.job.runs_on else job.job.span
    who, run = _names(jobs), "run" if several else "runs"
    gone = next((label for label in job.runs_on if removed_on(label, now)), None)
    if gone is not None:
        yield Finding(
            code="runner-retired",
            severity=Severity.ERROR,
            message=f"{who} {run} on {gone}, which GitHub removed on {removed_on(gone, now)}: "
            f"{'they never start' if several else 'it never starts'}",
            where=where,
            hint="Name an image that is there, such as ubuntu-latest.",
        )
    if absences:
        absent = _together(absences)
        yield Finding(
            code="job-not-rehearsed",
            severity=Severity.WARNING,
            message=f"{who} {'are' if several else 'is'} not rehearsed: {absent.said}",
            where=where if job.job.uses is None else job.job.uses.span,
            hint=_hint(job, absent, publishes=may_publish(job.workflow, job.job)),
            remedies=_remedies(job, absent),
            unrehearsed=tuple(each.key for each in jobs),
            accepted="what it makes was supplied" if absent.supplied and not absent.missing else None,
        )
    elif job.job.uses is not None:
        return
    elif not is_hosted(job.runs_on):
        system = "an Ubuntu runner of GitHub's" if system_of(job.runs_on) else "Linux, and like an Ubuntu runner"
        yield _assumed(f"{who} {run} on {labels}, which is taken to be {system}", where)
    elif is_arm(job.runs_on):
        yield _assumed(f"{who} {run} on {labels}, an ARM machine, and here on the processor of this one", where)


def _names(jobs: Sequence[PlannedJob]) -> str:
    return f"Job{'s' if len(jobs) > 1 else ''} {_listed([job.key for job in jobs], 'of its matrix')}"


def _listed(names: Sequence[str], whose: str) -> str:
    """Some names in a sentence: `a, b, c and 5 more of its matrix`."""
    if len(names) > _NAMED + 1:
        names = [*names[:_NAMED], f"{len(names) - _NAMED} more {whose}"]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _together(absences: Sequence[Absence]) -> Absence:
    """One absence for jobs of one matrix that have the same labels."""
    return Absence(
        why=absences[0].why,
        made=tuple(dict.fromkeys(name for each in absences for name in each.made)),
        supplied=tuple(dict.fromkeys(name for each in absences for name in each.supplied)),
        missing=tuple(dict.fromkeys(name for each in absences for name in each.missing)),
        stand_ins=tuple(made for each in absences for made in each.stand_ins),
        unknown=absences[0].unknown,
        several=len(absences) > 1,
    )


def _remedies(job: PlannedJob, absent: Absence) -> tuple[Remedy, ...]:
    """What pysim can be asked for; for a job that has a runner here, Docker for its containers."""
    if absent.unknown:
        return (remedy(Act.CHOOSE_WORKFLOW),)
    docker = job.job.uses is None and runs_here(job.runs_on) and not job.job.unsupported
    publishes = may_publish(job.workflow, job.job)
    supplied = () if publishes else tuple(remedy(Act.SUPPLY_ARTIFACT, name) for name in absent.missing)
    return (*((remedy(Act.USE_ENGINE, "docker"),) if docker else ()), *supplied)


def _hint(job: PlannedJob, absent: Absence, *, publishes: bool) -> str:
    if absent.unknown:
        return "Copy the file into this repository, or let pysim fetch it."
    if job.job.uses is not None:
        return "See to it yourself that the provenance is made and verified; then accept that it is not rehearsed."
    docker = f"{DOCKER_HINT} " if runs_here(job.runs_on) and not job.job.unsupported else ""
    if publishes:
        said = "What it publishes cannot be rehearsed here."
        return f"{docker}{said}" if runs_here(job.runs_on) else f"{said} A job on ubuntu-latest could be."
    outputs = " Its outputs are empty here." if job.job.outputs else ""
    if absent.missing:
        several = len(absent.missing) > 1
        what = f"artifact{'s' if several else ''} {_listed(absent.missing, 'of them')}"
        without = f"without {'them' if several else 'it'}, the jobs that need this one are skipped"
        if absent.stand_ins:
            without = (
                "else placeholders, where they can be made, show names, counts and the upload, not what is in the files"
            )
        return f"{docker}Supply the {what} from {'folders' if several else 'a folder'}; {without}.{outputs}"
    return f"{docker}See to it yourself: the jobs that need it go on as if it had succeeded.{outputs}"


def _assumed(text: str, where: Span) -> Finding:
    return Finding(
        code="runner-assumed",
        severity=Severity.WARNING,
        message=text,
        where=where,
        hint="What it finds on that machine and not here may fail, or be missed, in the rehearsal.",
    )


# ---- what a job uploads


@dataclass(frozen=True, kw_only=True, slots=True)
class _Upload:
    """An artifact by its name, and the `path` that it is made of, "" where an action chooses that."""

    name: str
    path: str = ""


def _uploads(plan: Plan, job: PlannedJob) -> Iterator[_Upload]:
    """What a job surely uploads when all goes well."""
    known = Known.of(plan, job)
    for step in job.job.all_steps:
        if step.uses is None or not known.may_run(step):
            continue
        action = action_name(step.uses.value)
        if action == UPLOAD_ARTIFACT:
            name, path = given_input(step, "name"), given_input(step, "path")
            yield _Upload(
                name=known.render(name) if name is not None and name.source else "artifact",
                path=known.render(path) if path is not None else "",
            )
        else:
            yield from (_Upload(name=f"{name}{UNKNOWN}") for name in uploads(action) or ())
