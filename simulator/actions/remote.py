"""The server that actions are fetched from: which commit a ref names there, and the files of a commit. Keeps nothing.

Asks with the user's own git configuration, which knows the proxies and credentials of this machine, but for all that
could run a program or read a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulator.actions.errors import (
    NoRepositoryError,
    UnavailableActionError,
    UnknownActionError,
    UnreachableError,
)
from simulator.errors import ProcessError
from simulator.git_command import fetching
from simulator.process import Completed
from simulator.remedies import Act, remedy
from simulator.triggers.bare_copy import make_bare

LOOKUP_SECONDS: Final = 60
FETCH_SECONDS: Final = 900
COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_SHORT: Final = re.compile(r"[0-9a-f]{7,39}")
_NOT_THERE: Final = ("not found", "could not read username", "does not exist", "returned error: 404", "access denied")
_NO_COMMIT: Final = ("not our ref", "unadvertised object", "couldn't find remote ref")


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """A commit and the full name of the ref that led to it: `refs/tags/v1`, or the commit itself."""

    sha: str
    ref: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Remote:
    """A git server; `url` is that of GitHub, but for tests."""

    url: str = "https://github.com"

    def look_up(self, owner: str, repo: str, ref: str) -> Commit:
        """What a tag or else a branch names now. Raises UnreachableError and UnknownActionError."""
        names = [ref] if ref.startswith("refs/") else [f"refs/tags/{ref}", f"refs/heads/{ref}"]
        wanted = [spelling for name in names for spelling in (f"{name}^{{}}", name)]
        done = self._git("ls-remote", "--quiet", self._address(owner, repo), *wanted, timeout=LOOKUP_SECONDS)
        if done.code != 0:
            raise self._error(done, owner, repo, ref)
        rows = (line.partition("\t") for line in done.text.splitlines())
        found = {name: commit for commit, _, name in rows}
        name = next((name for name in wanted if name in found), None)
        if name is None:
            raise no_version(owner, repo, ref)
        return Commit(sha=found[name], ref=name.removesuffix("^{}"))

    def refs(self, owner: str, repo: str) -> Mapping[str, str]:
        """The commits of all tags and branches, by short name; a tag goes before a branch. Raises as `look_up`."""
        address = self._address(owner, repo)
        done = self._git("ls-remote", "--quiet", "--heads", "--tags", address, timeout=LOOKUP_SECONDS)
        if done.code != 0:
            raise self._error(done, owner, repo, "HEAD")
        rows = [line.split("\t", 1) for line in done.text.splitlines() if "\t" in line]
        found: dict[str, str] = {}
        for prefix, ending in (("refs/heads/", ""), ("refs/tags/", ""), ("refs/tags/", "^{}")):
            for commit, name in rows:
                if name.startswith(prefix) and name.endswith(ending):
                    found[name.removeprefix(prefix).removesuffix(ending)] = commit
        return {name: commit for name, commit in found.items() if not name.endswith("^{}")}

    def fetch(self, owner: str, repo: str, commit: str, clone: Path) -> None:
        """Fetch one commit, without its history, into a new bare clone. Raises as `look_up`."""
        make_bare(clone)
        words = ("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
        address = self._address(owner, repo)
        done = self._git(*words, address, commit, repository=clone, timeout=FETCH_SECONDS)
        if done.code != 0:
            raise self._error(done, owner, repo, commit)

    def _address(self, owner: str, repo: str) -> str:
        return f"{self.url}/{owner}/{repo}"

    def _git(self, *words: str, timeout: float, repository: Path | None = None) -> Completed:
        # Beside the server's own protocol, the one that a user's `insteadOf` may put in its place.
        protocols = (self.url.partition(":")[0], "ssh")
        try:
            return fetching(protocols, repository).run(*words, timeout=timeout, check=False)
        except ProcessError as error:
            raise UnreachableError(f"{self.url} does not answer: {error}", hint="Check the network.") from error

    def _error(self, done: Completed, owner: str, repo: str, ref: str) -> UnknownActionError | UnavailableActionError:
        said = done.complaint.lower()
        if any(words in said for words in _NO_COMMIT):
            return no_version(owner, repo, ref)
        if any(words in said for words in _NOT_THERE):
            return no_repository(owner, repo, ref)
        return unreachable(owner, repo, ref, done.complaint)


def no_repository(owner: str, repo: str, ref: str) -> NoRepositoryError:
    """GitHub's words for a repository that is not there, or is not public."""
    return NoRepositoryError(
        f"Unable to resolve action `{owner}/{repo}@{ref}`, repository not found",
        hint="Check the spelling; of a private repository name a clone on this machine.",
        remedies=(remedy(Act.USE_COPY, f"{owner}/{repo}@{ref}"),),
    )


def not_ours_to_see(owner: str, repo: str, ref: str) -> UnavailableActionError:
    """The error for one that is not found, and that may be a private one of the rehearsed repository's owner."""
    return UnavailableActionError(
        f"{owner}/{repo}@{ref} was not found with what this machine may see; {owner}'s own workflows may use it all "
        "the same, where it is private",
        hint="If there is such a repository, name a clone of it on this machine; else mend the spelling.",
        remedies=(remedy(Act.USE_COPY, f"{owner}/{repo}@{ref}"),),
    )


def unreachable(owner: str, repo: str, ref: str, why: str) -> UnreachableError:
    """The error for a server that cannot be asked."""
    return UnreachableError(
        f"Cannot fetch {owner}/{repo}@{ref}: {why}",
        hint="Check the network, name a copy of the repository on this machine, or pass over the steps that use it.",
        remedies=(remedy(Act.USE_COPY, f"{owner}/{repo}@{ref}"), remedy(Act.SKIP_ACTION, f"{owner}/{repo}")),
    )


def no_version(owner: str, repo: str, ref: str, copy: Path | None = None) -> UnknownActionError:
    """GitHub's words for a ref that is not there, or not in the user's copy of the repository."""
    where = f" in its copy {copy}" if copy else ""
    if copy and not _SHORT.fullmatch(ref):
        hint = f"Fetch it: git -C {copy} fetch --tags, or leave the copy out where GitHub answers."
    elif _SHORT.fullmatch(ref):
        hint = "A shortened commit SHA is not supported: write all 40 digits."
    else:
        hint = f"Look at the tags and branches of {owner}/{repo}."
    return UnknownActionError(
        f"Unable to resolve action `{owner}/{repo}@{ref}`, unable to find version `{ref}`{where}", hint=hint
    )
