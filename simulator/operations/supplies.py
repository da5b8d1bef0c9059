"""Artifacts that the user supplies, for jobs that have no runner here: `--artifact NAME=DIR`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from simulator.errors import UsageError
from simulator.findings import Finding, Severity
from simulator.planning.calls import foreseen_jobs
from simulator.planning.model import Plan
from simulator.runner.absent import absence, fits


def parse_supplies(texts: Sequence[str], base: Path) -> Mapping[str, Path]:
    """The folders by the artifacts' names; paths are below `base`. Raises UsageError."""
    found: dict[str, Path] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise UsageError(f"--artifact {text} is not NAME=DIR.", hint="Such as --artifact wheels-macos=dist/macos.")
        folder = base / Path(path).expanduser()
        if not folder.is_dir():
            raise UsageError(f"--artifact {name}: there is no folder {folder}.", hint="Make it, with the files in it.")
        if not any(each.is_file() for each in folder.rglob("*")):
            raise UsageError(f"--artifact {name}: there is no file in {folder}.", hint="Put what the job makes there.")
        if name in found:
            raise UsageError(f"--artifact {name} is given twice.", hint="Put all files of it into one folder.")
        found[name] = folder
    return found


def unused_supplies(plans: Sequence[Plan], supplied: Mapping[str, Path]) -> Iterator[Finding]:
    """A warning for each artifact that no job uploads which has no runner here."""
    absences = (absence(inner, job, ()) for plan in plans for inner, job in foreseen_jobs(plan))
    wanted = {name for absent in absences if absent for name in absent.made}
    late = any(job.deferred or job.job.uses for plan in plans for _, job in foreseen_jobs(plan))
    for name in supplied:
        if not late and not any(fits(each, name) for each in wanted):
            known = f"It could be {' or '.join(sorted(wanted))}." if wanted else "Every job has a runner here."
            yield Finding(
                code="artifact-unused",
                severity=Severity.WARNING,
                message=f"--artifact {name}: no job that is left out for want of a runner uploads an artifact {name}",
                hint=known,
            )
