"""What it means that the real index has a project or a version already."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from simulator.findings import Finding, Severity
from simulator.indexes import TITLES, IndexName
from simulator.remedies import Act, remedy
from simulator.twins.base import HeldRelease, PublishedFile, ReleasedProject


def already_released(files: Sequence[PublishedFile], skipping: Collection[IndexName]) -> Iterator[Finding]:
    """An error for each release of which the real index holds files of the same names with other content.

    A warning where all steps that publish to the index pass over files that it has (`skipping`), and on TestPyPI,
    where that is usual.
    """
    release = attrgetter("index", "project", "version")
    for (index, project, version), group in groupby(sorted(files, key=release), key=release):
        names = [file.filename for file in group]
        mild = index in skipping or index != "pypi"
        yield Finding(
            code="already-released",
            severity=Severity.WARNING if mild else Severity.ERROR,
            message=f"{TITLES[index]} itself holds {project} {version} already, with other content",
            where=", ".join(names),
            would_show=None if index in skipping else f"400 File already exists ({names[0]!r}).",
            hint="Raise the version: an index never takes other bytes under a file name it has seen, whatever the tag "
            "names now."
            if index not in skipping
            else "The step passes over what is there, so nothing new would be published: raise the version.",
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


def already_there(held: Iterable[ReleasedProject], repository: str) -> Iterator[Finding]:
    """A note for each project that this run made and that the real index has: whose it is, nobody can tell here.

    None where its newest release names this repository (owner/name) among its URLs.
    """
    own = re.compile(rf"(?:^|[/@.])github\.com[/:]{re.escape(repository)}(?:\.git)?(?:[/#?]|$)", re.IGNORECASE)
    for each in held:
        if not each.strange or any(own.search(url) for url in each.urls):
            continue
        yield Finding(
            code="project-exists",
            severity=Severity.NOTICE,
            message=f"{TITLES[each.index]} itself has a project {each.project}, of which pysim was not told: if it is "
            "not yours, the upload is refused",
            where=each.project,
            hint="If it is yours, import it. If not, choose another name.",
            remedies=(remedy(Act.IMPORT_PROJECT, each.project, index=None if each.index == "pypi" else each.index),),
        )


def too_many_new(projects: Mapping[IndexName, Sequence[str]]) -> Iterator[Finding]:
    """An error for each index that makes no more projects for a user within a day."""
    for index, names in projects.items():
        yield Finding(
            code="too-many-new-projects",
            severity=Severity.ERROR,
            message=f"Uploads with a token make {len(names)} projects that {TITLES[index]} does not have, and it makes "
            f"four a day for a user: {', '.join(names)}",
            where=names[-1],
            would_show="429 Too many new projects created",
            hint="Register pending publishers for them: the projects that these make are not counted. Or make them on "
            "several days.",
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
