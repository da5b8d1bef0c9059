"""What the user should know of the repository before anything runs: where the rehearsal may differ from the release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulator.configuration.values import FILE
from simulator.remedies import Act, remedy
from simulator.run_events import Notice
from simulator.triggers.git import commit_of
from simulator.triggers.model import RepositoryIdentity, Source
from simulator.triggers.repository import STAND_IN

_SHOWN: Final = 5
_READ_AS_THEY_ARE: Final = (FILE, ".secrets", ".vars")
"""Files at the root that count as they are on disk, committed or not."""


def notices(
    identity: RepositoryIdentity, source: Source, *, tag: str | None, named: bool, table: str
) -> Iterator[Notice]:
    """The notices about the repository; `named` says that the configuration names its owner, in `table`."""
    dirty = [path for path in source.dirty if path not in _READ_AS_THEY_ARE]
    if dirty:
        more = f" and {len(dirty) - _SHOWN} more" if len(dirty) > _SHOWN else ""
        yield Notice(
            message=f"The rehearsal is of commit {source.sha[:10]}; changes that it does not hold: "
            f"{', '.join(dirty[:_SHOWN])}{more}",
            hint="Commit them, or rehearse the files as they are.",
            remedies=(remedy(Act.USE_WORKTREE),),
        )
    head = None if source.snapshot else commit_of("HEAD", repository=source.clone)
    if tag is not None and head not in {None, source.sha}:
        yield Notice(
            message=f"The tag {tag} exists and leads to commit {source.sha[:10]}, not to HEAD ({str(head)[:10]}).",
            hint=f"That commit is rehearsed. For HEAD choose another tag, or delete this one: git tag -d {tag}",
        )
    if source.new_tag is not None and source.new_tag.annotated:
        like = source.new_tag.like
        yield Notice(
            message=f"{source.new_tag.name} is made as an annotated tag, "
            + (f"as {like} is one." if like else "as no version tag shows of which kind yours are."),
            hint=f"Push one of that kind (git tag -a {source.new_tag.name}): plain `git describe` sees no other.",
        )
    if (source.clone / "shallow").exists():
        yield Notice(
            message="This is a shallow clone: a build that reads history or older tags sees less than on GitHub.",
            hint="Run: git fetch --unshallow --tags",
        )
    if identity.owner == STAND_IN and not named:
        yield Notice(
            message=f"No remote says which repository on GitHub this is; {identity.full_name} stands in for it.",
            hint=f"Set owner and name under {table}.",
        )
