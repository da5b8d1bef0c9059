"""The notes that GitHub generates for a release, as far as a clone tells: merged pull requests and the comparison.

GitHub adds each author, new contributors and the categories of `.github/release.yml`; those only GitHub knows.
"""

from __future__ import annotations

import re
from typing import Final

from simulator.twins.clone import Clone

_MERGE: Final = re.compile(r"Merge pull request #(\d+) from \S+")
_SQUASHED: Final = re.compile(r"(.+) \(#(\d+)\)")


async def generate(clone: Clone, page: str, *, tag: str, head: str, previous: str | None) -> str:
    """The notes of a release of `tag`, whose commit `head` is, since the tag `previous`; `page` is the repository's."""
    base = previous or await previous_tag(clone, head, tag)
    since = f"refs/tags/{base}..{head}" if base else head  # a tag may begin like an option
    log = await clone.text("log", "-z", "--reverse", "--first-parent", "--format=%B", since, "--")
    pulls = [line for message in log.split("\0") if (line := _pull(message, page))]
    parts = ["\n".join(["## What's Changed", *pulls, "", ""])] if pulls else []
    full = f"{page}/compare/{base}...{tag}" if base else f"{page}/commits/{tag}"
    return "\n".join([*parts, f"**Full Changelog**: {full}"])


async def previous_tag(clone: Clone, head: str, tag: str) -> str | None:
    """The nearest tag before a release."""
    first = await clone.text("describe", "--tags", "--abbrev=0", f"--exclude={tag}", head)
    return first or None


def _pull(message: str, page: str) -> str | None:
    """The line for the pull request that a commit of the main line brought."""
    lines = [line for line in message.splitlines() if line.strip()]
    if not lines:
        return None
    if merged := _MERGE.match(lines[0]):
        return f"* {lines[1] if len(lines) > 1 else lines[0]} in {page}/pull/{merged[1]}"
    if squashed := _SQUASHED.fullmatch(lines[0]):
        return f"* {squashed[1]} in {page}/pull/{squashed[2]}"
    return None
