"""The rehearsal's private clone as GitHub's stand-ins share it: reads with git, and changes of refs that are told.

Knows no protocol and no route.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final, Literal

from simulator.git_command import in_own_repository
from simulator.process import Completed
from simulator.run_events import EventSink, RefChanged

By = Literal["push", "api", "release"]
_ENVIRONMENT: Final = {"LC_ALL": "C.UTF-8"}

_LONGEST_WORD: Final = 1 << 14  # characters; Linux takes 128 KiB


class Clone:
    """The bare repository at `path`, which is `repository` (owner/name) on GitHub."""

    def __init__(self, path: Path, repository: str, emit: EventSink) -> None:
        self.path, self.repository, self._emit = path, repository, emit
        self._changing = asyncio.Lock()

    def git(
        self, *words: str, stdin: bytes = b"", check: bool = False, env: Mapping[str, str] | None = None
    ) -> Completed:
        """Run git in the clone; blocks."""
        command = in_own_repository(self.path.absolute(), env={**_ENVIRONMENT, **(env or {})})
        return command.run(*words, stdin=stdin, check=check)

    async def ask(self, *words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes | None:
        """What git prints; None when it fails, and for words that no program can be given."""
        if any("\0" in word or len(word) > _LONGEST_WORD for word in words):
            return None
        done = await asyncio.to_thread(self.git, *words, stdin=stdin, env=env)
        return done.stdout if done.code == 0 else None

    async def text(self, *words: str) -> str:
        """What git prints, as text without the last line feed; empty when it fails."""
        return (await self.ask(*words) or b"").decode(errors="replace").rstrip("\n")

    async def object(self, name: str) -> str | None:
        """The object that a revision names, tags not peeled; None when there is none."""
        return await self.text("rev-parse", "--quiet", "--verify", "--end-of-options", name) or None

    async def commit(self, name: str) -> str | None:
        """The commit that a revision leads to; None when there is none."""
        return await self.object(f"{name}^{{commit}}")

    async def refs(self) -> Mapping[str, str]:
        """Every ref and the object that it names."""
        rows = await self.text("for-each-ref", "--format=%(refname) %(objectname)")
        return dict(row.split(" ", 1) for row in rows.splitlines())

    @contextlib.asynccontextmanager
    async def changing(self, job_id: str, by: By) -> AsyncIterator[None]:
        """Around what may change refs: one at a time, and what it changed is told."""
        async with self._changing:
            before = await self.refs()
            try:
                yield
            finally:
                after = await self.refs()
                for ref in sorted(before.keys() | after.keys()):
                    if before.get(ref) != after.get(ref):
                        await self._tell(job_id, by, ref, before.get(ref), after.get(ref))

    async def _tell(self, job_id: str, by: By, ref: str, before: str | None, after: str | None) -> None:
        forward = not (before and after) or await self.is_ancestor(before, after)
        self._emit(
            RefChanged(
                job_id=job_id,
                repository=self.repository,
                ref=ref,
                before=before,
                after=after,
                by=by,
                forced=not forward,
            )
        )

    async def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether the history of one commit holds the other."""
        return await self.ask("merge-base", "--is-ancestor", older, newer) is not None
