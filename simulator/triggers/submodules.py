"""The copies of submodules that the user's repository has of what the rehearsed commit names. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from simulator.errors import UsageError
from simulator.git_command import in_own_repository
from simulator.triggers.bare_copy import copy_repository
from simulator.triggers.git_folder import GitFolder
from simulator.triggers.model import RepositoryIdentity, Source
from simulator.triggers.repository import is_git_root, parse_remote

_HOST = re.compile(r"(?:https?://|ssh://|git://)?(?:[^@/]+@)?github\.com[:/]", re.IGNORECASE)
_DEEPEST = 5


def submodule_copies(source: Source, identity: RepositoryIdentity) -> dict[str, Path]:
    """A bare copy, beside the private clone, of each submodule on GitHub whose commit is on this machine.

    By owner/name in lower case. One that is not to be read (`GitFolder`) counts as not here.
    """
    if not is_git_root(source.root):
        return {}
    place = source.clone.with_name(f"{source.clone.stem}-submodules")
    modules = GitFolder.of(source.root).common
    return dict(_copies(source.clone, source.sha, identity.full_name, modules, place))


def _copies(folder: Path, sha: str, name: str, holder: Path, place: Path, depth: int = 0) -> Iterator[tuple[str, Path]]:
    """Those that a commit names; `holder` is the git folder whose `modules` hold them."""
    for module, fields in _declared(folder, sha).items():
        path, url = fields.get("path", ""), fields.get("url", "")
        named = _on_github(url, name)
        commit = _pinned(folder, sha, path)
        original = holder / "modules" / module
        if named is None or commit is None or original.resolve() != holder.resolve() / "modules" / module:
            continue
        copy = place / f"{sum(1 for _ in place.glob('*.git'))}.git"
        if _copied(original, copy) and in_own_repository(copy).answer("cat-file", "-t", commit) == "commit":
            yield named.lower(), copy
            if depth < _DEEPEST:
                yield from _copies(copy, commit, named, original, place, depth + 1)


def _copied(original: Path, copy: Path) -> bool:
    try:
        return (original / "HEAD").is_file() and copy_repository(GitFolder.bare(original), copy) is not None
    except UsageError:
        return False


def _declared(folder: Path, sha: str) -> dict[str, dict[str, str]]:
    """Path and URL of the submodules in `.gitmodules`, by their name."""
    words = ("config", "--blob", f"{sha}:.gitmodules", "-z", "--get-regexp", r"^submodule\..*\.(path|url)$")
    found: dict[str, dict[str, str]] = {}
    done = in_own_repository(folder).run(*words, check=False)
    for row in done.stdout.decode("utf-8", "surrogateescape").split("\0"):
        key, _, value = row.partition("\n")
        if key:
            name, _, field = key.removeprefix("submodule.").rpartition(".")
            if not {"..", ""} & set(PurePosixPath(name).parts) and not name.startswith("/"):
                found.setdefault(name, {})[field] = value
    return found


def _pinned(folder: Path, sha: str, path: str) -> str | None:
    """The commit at which a submodule is."""
    row = in_own_repository(folder).answer("--literal-pathspecs", "ls-tree", sha, "--", path) if path else None
    meta = row.split("\t")[0].split() if row else []
    return meta[2] if meta[:2] == ["160000", "commit"] else None


def _on_github(url: str, name: str) -> str | None:
    """The owner/name that a submodule's URL means, seen from the repository `name`; None for one elsewhere."""
    if url.startswith(("./", "../")):
        parts = name.split("/")
        for part in url.removesuffix("/").split("/"):
            parts = parts[:-1] if part == ".." else parts if part == "." else [*parts, part]
        return "/".join(parts).removesuffix(".git") if len(parts) == 2 else None
    found = parse_remote(url) if _HOST.match(url) else None
    return "/".join(found) if found else None
