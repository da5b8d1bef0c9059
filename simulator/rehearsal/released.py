"""What it means that the real index has a project or a version already."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from simulator.findings import Finding, Severity
from simulator.indexes import TITLES, IndexName
from simulator.remedies import Act, remedy
from simulator.twins.base import HeldRelease, PublishedFile, ReleasedProject


def already_released(files: Sequence[PublishedFile], *, again: bool) -> Iterator[Finding]:
    """A finding for each release of which the real index holds files of the same names with other content.

    A warning where a release is rehearsed that was made (`again`), and on TestPyPI, where that is usual.
    """
    release = attrgetter("index", "project", "version")
    for (index, project, version), group in groupby(sorted(files, key=release), key=release):
        names = [file.filename for file in group]
        mild = again or index != "pypi"
        yield Finding(
            code="already-released",
            severity=Severity.WARNING if mild else Severity.ERROR,
            message=f"{TITLES[index]} itself holds {project} {version} already, with other content",
            where=", ".join(names),
            would_show=f"400 File already exists ({names[0]!r}), unless the step skips what is there.",
            hint="This rehearses a release that was made; the next one needs a version of its own."
            if again
            else "Raise the version: an index never takes other bytes under a file name it has seen.",
        )


def passed_over(job_id: str, held: HeldRelease, *, published: bool) -> Finding:
    """A finding for a job that ended well, uploaded nothing, and had looked up a release that the index has already.

    An error where nothing else was published either.
    """
    title = TITLES[held.index]
    where = f"{title} itself" if held.real else f"the local {title}"
    day = time.strftime("%Y-%m-%d", time.gmtime(held.since))
    return Finding(
        code="version-exists",
        severity=Severity.WARNING if published else Severity.ERROR,
        message=f"Job {job_id} uploaded nothing: {where} holds {held.project} {held.version} since {day}, and the tool "
        "passes over what is there",
        where=f"job {job_id}",
        would_show="Nothing: the job would end well, and users would get no new release.",
        hint="Raise the version: an index never takes other files under the names that it has seen.",
    )


def already_there(held: Iterable[ReleasedProject]) -> Iterator[Finding]:
    """A warning for each project that this run made and that the real index has: whose it is, nobody can tell here."""
    for each in held:
        if not each.strange:
            continue
        title = TITLES[each.index]
        yield Finding(
            code="project-exists",
            severity=Severity.WARNING,
            message=f"{title} itself has a project {each.project}, of which pysim was not told, so it was rehearsed as "
            "a new one of yours",
            where=each.project,
            would_show="No upload token, or 403 at the upload, if the project is not yours.",
            hint="If it is yours, import it; its publisher is then registered in the project's own settings. If not, "
            "choose another name.",
            remedies=(remedy(Act.IMPORT_PROJECT, each.project, index=None if each.index == "pypi" else each.index),),
        )


def yanked_again(releases: Mapping[tuple[str, str], str], index: IndexName) -> Iterator[Finding]:
    """A warning for each release (project, version) that is yanked, with the reason, and gets new files."""
    for (project, version), reason in releases.items():
        why = f" ({reason})" if reason else ""
        yield Finding(
            code="yanked-release",
            severity=Severity.WARNING,
            message=f"{project} {version} is yanked on {TITLES[index]}{why}, and so are new files of it: installers "
            "take them for exactly this version only",
            where=f"{project} {version}",
            hint="Raise the version, or un-yank the release on its page.",
        )
