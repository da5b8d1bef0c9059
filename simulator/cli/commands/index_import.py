"""`pysim index import`: takes over what the real index says of a project. Writes in `.pysim/` alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simulator.errors import ExitCode
from simulator.operations.import_project import ImportedProject
from simulator.operations.import_project import import_project as imported_by
from simulator.operations.index import KeptIndex
from simulator.report.words import plural, without_escapes

_LISTED: Final = 5
_NOT_TOLD: Final = (
    "Deleted files are not in its answer: `pysim index delete NAME VERSION` or FILE declares them. Nor is when a "
    "release was made, which is taken to be when its first file was uploaded."
)


def import_project(kept: KeptIndex, say: Callable[[str], None], *, project: str, owner: str | None) -> ExitCode:
    """Take a project over. Raises UsageError when there is none, and TwinError when the index does not answer."""
    known = imported_by(kept, project, owner=owner)
    yanked = f" ({known.yanked} yanked)" if known.yanked else ""
    say(f"{known.name} is on {kept.title} with {plural(known.releases, 'release')}{yanked} and "
        f"{plural(known.files, 'file')}.")  # fmt: skip
    say(_whose(known, owner))
    if left_out := known.left_out:
        more = f" and {len(left_out) - _LISTED} more" if len(left_out) > _LISTED else ""
        say(without_escapes(f"Left out, as too little is told of them: {', '.join(left_out[:_LISTED])}{more}."))
    say(_NOT_TOLD)
    return ExitCode.GO


def _whose(known: ImportedProject, owner: str | None) -> str:
    if owner is not None:
        return without_escapes(f"It counts as {owner}'s.")
    who = f" (on the index: {', '.join(known.owners)})" if known.owners else ""
    return without_escapes(f"It counts as yours{who}; say --owner USER if it is somebody else's.")
