"""The user's repository: who it is on GitHub, and a private clone of what is rehearsed.

Reads the user's folder and never writes to it, and runs git in the clone alone; knows no event and no workflow.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from simulator.errors import UsageError
from simulator.git_command import as_user, in_own_repository, on_data
from simulator.remedies import Act, remedy
from simulator.safe_files import LARGEST_FILE
from simulator.spelling import suggest
from simulator.triggers import snapshot
from simulator.triggers.bare_copy import copy_repository, make_bare
from simulator.triggers.git import LONGEST_LISTING, branches, commit_of, list_tree, object_of
from simulator.triggers.git_folder import GitFolder, refused
from simulator.triggers.model import RepositoryIdentity, Source
from simulator.triggers.new_tag import make_tag
from simulator.triggers.work_tree import changed_paths

WORKFLOWS = Path(".github", "workflows")

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_SCP_FORM = re.compile(r"(?:[^@/]+@)?[^:/\\]+:(?!//)(.+)")


_STREAMED: Final = {"core.bigFileThreshold": "1m"}  # git has larger files in memory only in part
STAND_IN: Final = "local"  # the owner of a repository that nobody says the owner of


def find_root(start: Path) -> Path:
    """The folder to rehearse: the nearest one, from `start` upwards, that is a git root or has workflows; else `start`.

    Raises UsageError when `start` is no folder.
    """
    start = start.resolve()
    if not start.is_dir():
        raise UsageError(
            f"{start} is not a folder.",
            hint="Name the folder of the repository.",
            remedies=(remedy(Act.NAME_REPOSITORY),),
        )
    for folder in (start, *start.parents):
        if (folder / WORKFLOWS).is_dir() or is_git_root(folder):
            return folder
    return start


def is_git_root(folder: Path) -> bool:
    """Whether the folder is the top of a git work tree (also of a linked one, or of a submodule)."""
    return (folder / ".git").exists()


def parse_remote(url: str) -> tuple[str, str] | None:
    """Owner and name in a remote's URL (https, ssh, git, or `host:owner/name`), or None for a path of the machine."""
    if "://" in url:
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        path = "" if parts.scheme == "file" else parts.path
    else:
        scp = _SCP_FORM.fullmatch(url)
        path = scp[1] if scp else ""
    segments = path.strip("/").removesuffix(".git").split("/")
    if len(segments) < 2 or not _OWNER.fullmatch(segments[-2]) or not _NAME.fullmatch(segments[-1]):
        return None
    return segments[-2], segments[-1]


def stable_id(name: str) -> str:
    """A number of nine digits that stands for a GitHub id: the same for the same name in any letter case."""
    digest = hashlib.sha256(name.casefold().encode("utf-8", "surrogateescape")).digest()
    return str(100_000_000 + int.from_bytes(digest[:8], "big") % 900_000_000)


def read_identity(
    root: Path,
    *,
    owner: str | None = None,
    name: str | None = None,
    visibility: str | None = None,
    default_branch: str | None = None,
) -> RepositoryIdentity:
    """Who the repository is on GitHub: what is given, else what the remote `origin` says, else `local/<folder>`.

    The ids are derived from the names, since only GitHub knows the real ones. Raises UsageError for a repository that
    is not to be read.
    """
    root = root.resolve()
    folder = GitFolder.of(root) if is_git_root(root) else None
    remote = _origin(folder) if folder else None
    fallback = re.sub(r"[^A-Za-z0-9._-]+", "-", root.name).strip("-.") or "repository"
    owner = owner or (remote[0] if remote else STAND_IN)
    name = name or (remote[1] if remote else fallback)
    return RepositoryIdentity(
        owner=owner,
        name=name,
        id=stable_id(f"{owner}/{name}"),
        owner_id=stable_id(owner),
        visibility=visibility or "public",
        default_branch=default_branch or (_default_branch(folder) if folder else "main"),
    )


def _origin(folder: GitFolder) -> tuple[str, str] | None:
    """Owner and name from the remote, first with the user's own `insteadOf` rules, then as it is written."""
    written = folder.settings.get("remote.origin.url")
    if not written:
        return None
    rewritten = as_user().answer("ls-remote", "--get-url", "--", written)
    found = (parse_remote(url) for url in (rewritten, written) if url)
    return next((names for names in found if names), None)


def _default_branch(folder: GitFolder) -> str:
    remote_head = folder.symbolic_ref("refs/remotes/origin/HEAD")
    if remote_head and remote_head.startswith("refs/remotes/origin/"):
        return remote_head.removeprefix("refs/remotes/origin/")
    for name in ("main", "master"):
        if f"refs/heads/{name}" in folder.refs:
            return name
    return folder.head.removeprefix("refs/heads/") if folder.head.startswith("refs/heads/") else "main"


# What git does not take in a ref's name (`git help check-ref-format`), in the words of the message.
_FORBIDDEN = {
    " ": "a space", "~": "a tilde (~)", "^": "a caret (^)", ":": "a colon (:)", "?": "a question mark (?)",
    "*": "an asterisk (*)", "[": "an opening bracket ([)", "\\": "a backslash (\\)",
}  # fmt: skip
_FORBIDDEN_PAIRS = {"..": "two dots in a row (..)", "@{": "the sequence @{", "//": "two slashes in a row (//)"}


def check_tag_name(tag: str) -> None:
    """Raise UsageError, naming the character or the rule, unless git takes `tag` as the name of a tag."""
    error = next(chain(_errors_of_characters(tag), _errors_of_form(tag)), None)
    if error is None and on_data().run("check-ref-format", f"refs/tags/{tag}", check=False).code != 0:
        error = "git refuses it"
    if error:
        shown = tag if tag.isprintable() else tag.encode("unicode_escape").decode("ascii")
        raise UsageError(f'"{shown}" is not the name of a tag: {error}.', hint="Name the tag like v1.2.3.")


def _errors_of_characters(tag: str) -> Iterator[str]:
    for position, character in enumerate(tag, start=1):
        if character in _FORBIDDEN:
            yield f"it holds {_FORBIDDEN[character]}, character {position}"
        elif unicodedata.category(character) == "Cs":
            yield f"character {position} is not UTF-8"
        elif ord(character) < 32 or ord(character) == 127:
            yield f"it holds a control character (U+{ord(character):04X}), character {position}"
    for pair, words in _FORBIDDEN_PAIRS.items():
        if pair in tag:
            yield f"it holds {words}, character {tag.index(pair) + 1}"


def _errors_of_form(tag: str) -> Iterator[str]:
    if not tag:
        yield "it is empty"
    elif tag.startswith(("-", "/")):
        yield f"it begins with {tag[0]}"
    elif tag.endswith(("/", ".")):
        yield f"it ends with {tag[-1]}"
    for component in tag.split("/"):
        if component.startswith("."):
            yield "a part of it begins with a dot"
        elif component.endswith(".lock"):
            yield "a part of it ends with .lock"


def take_source(
    root: Path,
    clone: Path,
    *,
    tag: str | None = None,
    branch: str | None = None,
    worktree: bool = False,
    default_branch: str = "main",
) -> Source:
    """Clone the repository at `root` into the new bare repository `clone` and find the commit that is rehearsed.

    That is the tag's commit when the tag exists, else the tip of `branch`, else HEAD, and a tag that does not exist is
    made there, in the clone alone. With `worktree`, and for a folder that is no git root or has no commit yet, it is a
    commit made in the clone of the folder's files as they are (`snapshot.commit_files`); the tag and the branch
    (`branch`, else the one checked out, else `default_branch`) then lead to it. Raises UsageError for a name that git
    does not take, for a branch that does not exist for a tag that leads to no commit, and for a commit
    of more files than pysim lists.
    """
    if tag is not None:
        check_tag_name(tag)
    root = root.resolve()
    clone.parent.mkdir(parents=True, exist_ok=True)
    folder = GitFolder.of(root) if is_git_root(root) else None
    has_commit = folder is not None and folder.head_object is not None
    head = copy_repository(folder, clone) if folder and has_commit else None
    if folder and has_commit and head is None:
        raise refused(root, "its HEAD leads to no commit that is there.")
    if head is not None and list_tree("-r", head, repository=clone) is None:
        raise _endless(root, head)
    if head is None:
        make_bare(clone, branch=default_branch, object_format=folder.object_format if folder else "sha1")
    if folder is None or head is None or worktree:
        sha = _take_files(root, folder, clone, head=head, branch=branch)
        source = Source(root=root, clone=clone, sha=sha, dirty=(), snapshot=sha != head)
    else:
        dirty = _dirty(folder, clone)
        sha = _resolve(folder, clone, head=head, tag=tag, branch=branch)
        source = Source(root=root, clone=clone, sha=sha, dirty=dirty, snapshot=False)
    if tag is not None:
        source = replace(source, new_tag=make_tag(clone, tag, sha))
    return source


def _take_files(root: Path, folder: GitFolder | None, clone: Path, *, head: str | None, branch: str | None) -> str:
    sha = snapshot.commit_files(root, folder, clone, parent=head)
    git = in_own_repository(clone)
    if branch is not None:
        _require_branch_name(branch)
        git.run("symbolic-ref", "HEAD", f"refs/heads/{branch}")
    git.run("update-ref", "HEAD", sha)
    return sha


def _require_branch_name(branch: str) -> None:
    if on_data().run("check-ref-format", "--branch", branch, check=False).code != 0:
        raise UsageError(f'"{branch}" is not the name of a branch.', hint="Name the branch like main.")


def _resolve(folder: GitFolder, clone: Path, *, head: str, tag: str | None, branch: str | None) -> str:
    if tag is not None and object_of(f"refs/tags/{tag}", repository=clone):
        sha = commit_of(f"refs/tags/{tag}", repository=clone)
        if sha is None:
            raise UsageError(f"The tag {tag} leads to no commit.", hint=f"Run: git show {tag}")
        return sha
    return head if branch is None else _tip(folder, clone, branch)


def _tip(folder: GitFolder, clone: Path, branch: str) -> str:
    """The tip of a branch, also of one that only the remote has."""
    _require_branch_name(branch)
    seen = folder.refs.get(f"refs/remotes/origin/{branch}")
    if seen and commit_of(f"refs/heads/{branch}", repository=clone) is None:
        in_own_repository(clone).run("update-ref", f"refs/heads/{branch}", seen, check=False)
    sha = commit_of(f"refs/heads/{branch}", repository=clone)
    if sha is None:
        raise UsageError(f"There is no branch {branch}.", hint=suggest(branch, branches(repository=clone)))
    return sha


def _dirty(folder: GitFolder, clone: Path) -> tuple[str, ...]:
    """Paths with changes that no commit holds, a new folder as one path; nothing that pysim itself keeps there."""
    changed = changed_paths(folder, clone)
    return tuple(path for state, path in changed if state != "??" or not snapshot.is_skipped(path))


def read_file(source: Source, path: str) -> bytes | None:
    """A file of the rehearsed commit; None when the commit has no such file.

    Of a file of more than LARGEST_FILE bytes it is the beginning, and longer than that: who parses it says so.
    """
    git = in_own_repository(source.clone).with_settings(_STREAMED)
    return git.read_head(LARGEST_FILE + 1, "cat-file", "blob", f"{source.sha}:{path}")


def find_ref(source: Source, ref: str) -> tuple[str, str] | None:
    """The full name and the commit of a tag, a branch or a commit of the private clone, in that order; else None."""
    for full in (f"refs/tags/{ref}", f"refs/heads/{ref}", ref):
        sha = commit_of(full, repository=source.clone)
        if sha is not None and (full != ref or sha.startswith(ref) or ref.startswith("refs/")):
            return full if full != ref or ref.startswith("refs/") else sha, sha
    return None


def list_folder(source: Source, folder: str) -> tuple[str, ...]:
    """The paths of the files directly in a folder of the rehearsed commit, sorted; empty when there is none."""
    return _list(source, source.sha, "--", f"{folder.strip('/')}/")


def list_files(source: Source) -> tuple[str, ...]:
    """The paths of all files of the rehearsed commit."""
    return _list(source, "-r", source.sha)


def _endless(root: Path, sha: str) -> UsageError:
    why = f"the files of commit {sha[:10]} take more than {LONGEST_LISTING >> 20} MiB to list."
    return refused(root, why, hint="Look at the commit's folders: some may be there over and over.")


def _list(source: Source, *words: str) -> tuple[str, ...]:
    """Files that `git ls-tree` names, symbolic links included. Raises UsageError for more than pysim reads."""
    listed = list_tree(*words, repository=source.clone)
    if listed is None:
        raise _endless(source.root, source.sha)
    rows = (row.split("\t", 1) for row in listed.decode("utf-8", "surrogateescape").split("\0") if row)
    return tuple(sorted(path for meta, path in rows if meta.split(" ")[1] == "blob"))
