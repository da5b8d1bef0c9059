"""The files of an action's repository at a ref: of a local copy that the user names, of the cache, or fetched.

Knows nothing of what the files are: reusable workflows are read through the same door.
"""

from __future__ import annotations

import functools
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulator.actions.builtin.registry import BUILTIN
from simulator.actions.cache import ActionCache
from simulator.actions.errors import (
    MissingOfflineError,
    NoRepositoryError,
    UnavailableActionError,
    UnknownActionError,
    UnreachableError,
)
from simulator.actions.facts import known_actions
from simulator.actions.model import RepositoryReference
from simulator.actions.reference import ReferenceSyntaxError, parse_reference
from simulator.actions.refs import Refs, RefState, shipped_refs, state_of
from simulator.actions.remote import (
    COMMIT,
    Commit,
    Remote,
    no_repository,
    no_version,
    not_ours_to_see,
    unreachable,
)
from simulator.errors import UsageError
from simulator.safe_files import LARGEST_FILE, read_below
from simulator.triggers.bare_copy import copy_repository
from simulator.triggers.git import commit_of
from simulator.triggers.git_folder import GitFolder, work_tree_around
from simulator.triggers.work_tree import list_tracked

_NAME: Final = re.compile(r"(?!\.{1,2}$)[\w.-]{1,100}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalRepository:
    """A copy of a repository on this machine that stands for it, for one ref or (None) for every one.

    `path` is a git clone, from which the ref is taken, or a plain folder. That is used as it is, but for one within a
    git work tree, of which the files count that git keeps: others, as ignored ones, are not for jobs to read. A folder
    in there that looks like a bare repository is plain, too: it came with the files.
    """

    owner: str
    repo: str
    ref: str | None
    path: Path

    def stands_for(self, owner: str, repo: str, ref: str) -> bool:
        """Whether this is a copy of it; GitHub ignores the case of names, and not that of refs."""
        named = (self.owner.lower(), self.repo.lower()) == (owner.lower(), repo.lower())
        return named and self.ref in {None, ref}

    @property
    def git_folder(self) -> GitFolder | None:
        """The git folder of a clone; None for a plain folder. Raises UsageError for one that is not to be read."""
        if os.path.lexists(self.path / ".git"):
            return GitFolder.of(self.path)
        around = work_tree_around(self.path)
        if around is not None:
            return GitFolder.of(around) if self.path == around / ".git" else None
        is_bare = (self.path / "HEAD").is_file() and (self.path / "objects").is_dir()
        return GitFolder.bare(self.path) if is_bare else None


@functools.cache
def well_known() -> frozenset[str]:
    """The repositories of the actions that pysim stands in for or knows otherwise, owner/repo in lower case."""
    return frozenset("/".join(name.split("/")[:2]) for name in {*BUILTIN, *known_actions()})


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The files of a repository; `commit` is None for a plain folder, `origin` says where they are from.

    `ref` is the full name of what they are the files of; of a plain folder the likely one.
    """

    folder: Path
    commit: str | None
    ref: str
    origin: str


class Repositories:
    """All repositories that may be asked for. May be used by several threads.

    `owner` is that of the rehearsed repository, who may use private ones that cannot be seen from here.
    """

    def __init__(
        self,
        cache: Path,
        *,
        local: Sequence[LocalRepository] = (),
        offline: bool = False,
        progress: Callable[[str], None] = lambda _: None,
        remote: Remote | None = None,
        owner: str = "",
    ) -> None:
        self._cache = ActionCache(cache)
        self._local = sorted(local, key=lambda copy: copy.ref is None)  # one for the very ref comes first
        self._offline = offline
        self._progress = progress
        self._remote = remote or Remote()
        self._lock = threading.Lock()
        self._owner = owner.lower()
        self._found: dict[tuple[str, str, str], Snapshot] = {}
        self._asked: dict[tuple[str, str], Refs | None] = {}
        self._silent = False  # the server did not answer, and is asked no more

    def snapshot(self, owner: str, repo: str, ref: str) -> Snapshot:
        """The files of a repository at a ref: looked up once, whatever a tag does meanwhile.

        Raises UnknownActionError in GitHub's words where it is not there, and its kinds UnreachableError and
        MissingOfflineError; UsageError for a copy that is not to be read.
        """
        key = (owner.lower(), repo.lower(), ref)
        with self._lock:
            if key not in self._found:
                self._found[key] = self._look_up(owner, repo, ref)
            return self._found[key]

    def ref_state(self, owner: str, repo: str, ref: str, now: float) -> RefState | None:
        """Whether a well-known action has a ref; None of others, which are fetched, and where a copy stands for it.

        The repository is asked where neither the shipped list nor the last answer names the ref, unless offline.
        """
        key = owner.lower(), repo.lower()
        name = "/".join(key)
        if name not in well_known() or any(copy.stands_for(owner, repo, ref) for copy in self._local):
            return None
        with self._lock:
            lists = [refs for refs in (shipped_refs(name), self._cache.refs(*key)) if refs is not None]
            states = [state_of(ref, refs, now) for refs in lists]
            there = next((state for state in states if state.state == "there"), None)
            if there is not None or COMMIT.fullmatch(ref):
                return there or (RefState(state="unknown") if states else None)
            refs = self._all_refs(*key) or max(lists, key=lambda each: each.at, default=None)
        return state_of(ref, refs, now) if refs is not None else None

    def _all_refs(self, owner: str, repo: str) -> Refs | None:
        """All refs as the server says, once; None where it may not be asked, or does not answer."""
        key = owner, repo
        if key not in self._asked:
            self._asked[key] = None
            if not (self._offline or self._silent):
                self._progress(f"asking {self._remote.url} for the tags and branches of {owner}/{repo}")
                try:
                    found = Refs(commits=self._remote.refs(owner, repo), at=time.time(), whole=True)
                except UnreachableError:
                    self._silent = True
                except (UnknownActionError, UnavailableActionError):
                    pass
                else:
                    self._asked[key] = found
                    self._cache.record_refs(owner, repo, found)
        return self._asked[key]

    def read(self, owner: str, repo: str, ref: str, path: str) -> bytes:
        """A file of a repository at a ref. Raises FileNotFoundError, and as `snapshot`."""
        return read_inside(self.snapshot(owner, repo, ref).folder, path)

    def called_workflow(self, reference: str) -> bytes | None:
        """The text of `owner/repo/.github/workflows/x.yml@ref`; None where the repository has no such file.

        Raises as `snapshot`.
        """
        try:
            at = parse_reference(reference)
        except ReferenceSyntaxError:
            return None
        if not isinstance(at, RepositoryReference):
            return None
        try:
            return self.read(at.owner, at.repo, at.ref, at.path)
        except FileNotFoundError:
            return None

    def _look_up(self, owner: str, repo: str, ref: str) -> Snapshot:
        for copy in self._local:
            if copy.stands_for(owner, repo, ref):
                return self._of_copy(copy, ref)
        if not (_NAME.fullmatch(owner) and _NAME.fullmatch(repo)):
            raise no_repository(owner, repo, ref)
        try:
            return self._from_server(owner, repo, ref)
        except NoRepositoryError as error:
            if owner.lower() != self._owner:
                raise
            raise not_ours_to_see(owner, repo, ref) from error

    def _from_server(self, owner: str, repo: str, ref: str) -> Snapshot:
        commit = Commit(sha=ref, ref=ref) if COMMIT.fullmatch(ref) else self._commit(owner, repo, ref)
        folder = self._cache.files(owner, repo, commit.sha) or self._fetch(owner, repo, ref, commit.sha)
        origin = self._remote.url.partition("://")[2]
        return Snapshot(folder=folder, commit=commit.sha, ref=commit.ref, origin=origin)

    def _commit(self, owner: str, repo: str, ref: str) -> Commit:
        """The commit of a ref, as the server says; as it said before, where it does not answer."""
        recorded = self._cache.recorded(owner, repo, ref)
        if self._offline:
            if recorded is None:
                raise MissingOfflineError(f"{owner}/{repo}@{ref}")
            return recorded
        try:
            self._require_answers(owner, repo, ref)
            commit = self._remote.look_up(owner, repo, ref)
        except UnreachableError as error:
            self._silent = True
            if recorded is None:
                raise
            self._progress(f"{error}; it is taken as it was, at {recorded.sha[:10]}")
            return recorded
        self._cache.record(owner, repo, ref, commit)
        return commit

    def _fetch(self, owner: str, repo: str, ref: str, commit: str) -> Path:
        if self._offline:
            raise MissingOfflineError(f"{owner}/{repo}@{ref}")
        self._require_answers(owner, repo, ref)
        self._progress(f"fetching {owner}/{repo}@{ref} ({commit[:10]})")
        with self._cache.incoming() as folder:
            clone = folder / "clone.git"
            self._remote.fetch(owner, repo, commit, clone)
            return self._cache.add(owner, repo, commit, clone)

    def _require_answers(self, owner: str, repo: str, ref: str) -> None:
        if self._silent:
            raise unreachable(owner, repo, ref, f"{self._remote.url} did not answer before")

    def _of_copy(self, copy: LocalRepository, ref: str) -> Snapshot:
        folder = copy.git_folder
        if folder is None:
            return Snapshot(folder=self._plain(copy), commit=None, ref=_likely(ref), origin=str(copy.path))
        with self._cache.incoming() as place:
            clone = place / "clone.git"
            copy_repository(folder, clone)
            commit = _commit_in(folder, clone, ref)
            if commit is None:
                raise no_version(copy.owner, copy.repo, ref, copy.path)
            files = self._cache.files(copy.owner, copy.repo, commit.sha)
            if files is None:
                files = self._cache.add(copy.owner, copy.repo, commit.sha, clone, copy.path)
        return Snapshot(folder=files, commit=commit.sha, ref=commit.ref, origin=str(copy.path))

    def _plain(self, copy: LocalRepository) -> Path:
        """The files of a plain folder: those that git keeps, where it lies within a work tree."""
        around = work_tree_around(copy.path)
        if around is None:
            return copy.path
        below = copy.path.relative_to(around).as_posix()
        paths = [path.removeprefix(f"{below}/") for path in list_tracked(around, below)]
        if not paths:
            raise UsageError(
                f"{copy.path} stands for {copy.owner}/{copy.repo}, but git keeps no file of it in {around}.",
                hint="Add its files with: git add; or name a folder or a clone outside of that repository.",
            )
        return self._cache.add_files(copy.owner, copy.repo, copy.path, paths)


def _likely(ref: str) -> str:
    """The full name of a ref that nothing can be asked for: a tag where it looks like a version, else a branch."""
    if ref.startswith("refs/") or COMMIT.fullmatch(ref):
        return ref
    return f"refs/tags/{ref}" if ref.lstrip("v")[:1].isdigit() else f"refs/heads/{ref}"


def _commit_in(folder: GitFolder, clone: Path, ref: str) -> Commit | None:
    """The commit of a ref of a repository, of which `clone` is a copy."""
    names = [f"refs/tags/{ref}", f"refs/heads/{ref}", f"refs/remotes/origin/{ref}"]
    if COMMIT.fullmatch(ref) or ref.startswith("refs/"):
        names = [ref]
    for name in names:
        named = name if COMMIT.fullmatch(name) else folder.refs.get(name)
        sha = commit_of(named, repository=clone) if named else None
        if sha is not None:
            return Commit(sha=sha, ref=name.replace("refs/remotes/origin/", "refs/heads/"))
    return None


def read_inside(folder: Path, path: str) -> bytes:
    """A file below a folder, links followed as far as they stay in it. Raises FileNotFoundError.

    Of a file of more than LARGEST_FILE bytes it is the beginning, and longer than that: who parses it says so.
    """
    content = read_below(folder, path, LARGEST_FILE + 1)
    if content is None:
        raise FileNotFoundError(path)
    return content


def parse_local_repository(text: str, base: Path) -> LocalRepository:
    """`owner/repo[@ref]=PATH`, the path below `base`. Raises ValueError that says what is wrong."""
    name, equals, path = text.partition("=")
    repository, _, ref = name.partition("@")
    owner, slash, repo = repository.partition("/")
    if not (equals and path and slash and _NAME.fullmatch(owner) and _NAME.fullmatch(repo)):
        raise ValueError(f"{text!r} is not owner/repo@ref=PATH")
    folder = base / Path(path).expanduser()
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}")
    return LocalRepository(owner=owner, repo=repo, ref=ref or None, path=folder.resolve())
