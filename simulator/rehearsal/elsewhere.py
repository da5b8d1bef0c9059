"""What stand-ins of other indexes than PyPI and TestPyPI were given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from simulator.findings import Finding, Severity
from simulator.remedies import Act, remedy


def published_elsewhere(taken: Mapping[str, int], jobs: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """A finding for each host of another index, with how many files its stand-in took, and from which jobs."""
    for host, count in taken.items():
        yield Finding(
            code="publishes-elsewhere",
            severity=Severity.WARNING,
            message=f"uploaded {count} file{'' if count == 1 else 's'} to {host} (a stand-in; its own rules are not "
            "known here)",
            where=host,
            hint="Whether that index takes these files, and this credential, only a release tells; accept that.",
            remedies=(remedy(Act.ACCEPT_FINDING, f"publishes-elsewhere: {host}"),),
            unrehearsed=tuple(jobs.get(host, ())),
        )
