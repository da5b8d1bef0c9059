"""The copies of submodules that the user's repository has of what the rehearsed commit names. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from simulator.triggers.git import answer, git
from simulator.triggers.model import RepositoryIdentity, Source
from simulator.triggers.repository import is_git_root, parse_remote

_HOST = re.compile(r"(?:https?://|ssh://|git://)?(?:[^@/]+@)?github\.com[:/]", re.IGNORECASE)
_DEEPEST = 5


def submodule_copies(source: Source, identity: RepositoryIdentity) -> dict[str, Path]:
    """The git folder of each submodule on GitHub (owner/name in lower case) whose commit is on this machine."""
    if not is_git_root(source.root):
        return {}
    modules = answer("rev-parse", "--path-format=absolute", "--git-common-dir", cwd=source.root)
    return dict(_copies(source.clone, source.sha, identity.full_name, Path(modules or "")))


def _copies(folder: Path, sha: str, name: str, holder: Path, depth: int = 0) -> Iterator[tuple[str, Path]]:
    """Those that a commit names; `holder` is the git folder whose `modules` hold them."""
    for module, fields in _declared(folder, sha).items():
        path, url = fields.get("path", ""), fields.get("url", "")
        named = _on_github(url, name)
        commit = _pinned(folder, sha, path)
        copy = holder / "modules" / module
        if named is None or commit is None or not (copy / "HEAD").is_file():
            continue
        if git("cat-file", "-e", f"{commit}^{{commit}}", cwd=copy, check=False).code == 0:
            yield named.lower(), copy
            if depth < _DEEPEST:
                yield from _copies(copy, commit, named, copy, depth + 1)


def _declared(folder: Path, sha: str) -> dict[str, dict[str, str]]:
    """Path and URL of the submodules in `.gitmodules`, by their name."""
    words = ("config", "--blob", f"{sha}:.gitmodules", "-z", "--get-regexp", r"^submodule\..*\.(path|url)$")
    found: dict[str, dict[str, str]] = {}
    done = git(*words, cwd=folder, check=False)
    for row in done.stdout.decode("utf-8", "surrogateescape").split("\0"):
        key, _, value = row.partition("\n")
        if key:
            name, _, field = key.removeprefix("submodule.").rpartition(".")
            if not {"..", ""} & set(PurePosixPath(name).parts) and not name.startswith("/"):
                found.setdefault(name, {})[field] = value
    return found


def _pinned(folder: Path, sha: str, path: str) -> str | None:
    """The commit at which a submodule is."""
    row = answer("--literal-pathspecs", "ls-tree", sha, "--", path, cwd=folder) if path else None
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
