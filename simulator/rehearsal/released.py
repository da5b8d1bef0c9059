"""What it means that the real index holds a version already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from simulator.findings import Finding, Severity
from simulator.indexes import TITLES
from simulator.twins.base import PublishedFile


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
