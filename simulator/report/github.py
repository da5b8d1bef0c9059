"""What the release would have changed on GitHub: releases with their files, branches and tags, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from simulator.report.words import plural
from simulator.run_events import RefChanged, ReleaseChanged

_BY: Final = {"push": "pushed", "api": "by the API", "release": "with the release"}


def net_changes(refs: Iterable[RefChanged]) -> tuple[RefChanged, ...]:
    """One change for each branch and tag, from what it was at first to what it is now; none where both are equal."""
    found: dict[str, RefChanged] = {}
    for change in refs:
        first = found.get(change.ref)
        forced = change.forced or (first is not None and first.forced)
        found[change.ref] = replace(change, before=first.before if first else change.before, forced=forced)
    return tuple(change for change in found.values() if change.before != change.after)


def release_words(release: ReleaseChanged) -> str:
    """`release v0.1.0 "Orchay 0.1.0", latest, 2 files: created`."""
    title = f' "{release.name}"' if release.name != release.tag else ""
    kinds = [
        word
        for word, holds in (
            ("draft", release.draft),
            ("pre-release", release.prerelease),
            ("latest", release.latest and not release.draft),
        )
        if holds
    ]
    what = ", ".join([f"release {release.tag}{title}", *kinds, plural(len(release.assets), "file")])
    return f"{what}: {release.change}"


def ref_words(change: RefChanged) -> str:
    """`tag v1 moved from 3f2a91c04b to 98b1d2a0c1, by force (pushed)`."""
    kind, _, name = change.ref.removeprefix("refs/").partition("/")
    what = f"{ {'heads': 'branch', 'tags': 'tag'}.get(kind, kind) } {name}"
    before, after = (change.before or "")[:10], (change.after or "")[:10]
    done = f"created at {after}" if not before else f"moved from {before} to {after}" if after else "deleted"
    return f"{what} {done}{', by force' if change.forced and after else ''} ({_BY[change.by]})"
