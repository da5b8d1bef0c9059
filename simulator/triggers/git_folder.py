"""A repository on this machine, read as data: its files are opened, and git never runs in it. Writes nothing.

What came with a repository may be made to lead elsewhere or to run something, so a symbolic link, and a file by which
git would go on in another folder, is refused; only a work tree or a submodule of the user's own is followed.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

from simulator.errors import UsageError
from simulator.git_command import on_data

SHA: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SYMBOLIC: Final = re.compile(r"ref:[ \t]*(\S+)")
_REF: Final = re.compile(r"refs/(?:heads|tags|remotes/origin)/[^\x00-\x20\x7f~^:?*\[\\]+")
_LARGEST: Final = 64 << 20  # bytes of a file that is read whole; packed refs may be long
_DEEPEST: Final = 5  # symbolic refs that lead to each other
_EXTENSIONS: Final = frozenset(
    {"noop", "noop-v1", "objectformat", "partialclone", "preciousobjects", "relativeworktrees", "worktreeconfig"}
)


def work_tree_around(path: Path) -> Path | None:
    """The nearest folder from a path's parent upwards that is the top of a git work tree."""
    return next((folder for folder in path.parents if os.path.lexists(folder / ".git")), None)


def refused(root: Path, why: str, hint: str = "Make a clone of it with git, and name the clone.") -> UsageError:
    """The error for a repository that is not read."""
    return UsageError(f"git cannot read the repository in {root}: {why}", hint=hint)


@dataclass(frozen=True, kw_only=True)
class GitFolder:
    """The git folder of the repository at `root`; `common` is where objects and refs are, `own` HEAD and the index.

    Both are one, but for a linked work tree.
    """

    root: Path
    own: Path
    common: Path

    @classmethod
    def of(cls, root: Path) -> GitFolder:
        """That of a work tree. Raises UsageError where it leads to one that does not belong to it."""
        dot_git = root / ".git"
        if dot_git.is_symlink():
            raise refused(root, ".git is a symbolic link.")
        folder = cls(root=root, own=dot_git, common=dot_git) if dot_git.is_dir() else cls._led_to(root)
        folder._require_sound()
        return folder

    @classmethod
    def bare(cls, folder: Path) -> GitFolder:
        """A bare repository, or the git folder of a submodule. Raises UsageError as `of`."""
        found = cls(root=folder, own=folder, common=folder)
        found._require_sound()
        return found

    @classmethod
    def _led_to(cls, root: Path) -> GitFolder:
        """The folder that a `.git` file names, if it names this work tree, too."""
        line = (_text(root, root / ".git") or "").strip()
        if not line.startswith("gitdir:"):
            raise refused(root, ".git is no file of git's.")
        own = (root / line.removeprefix("gitdir:").strip()).resolve()
        named = _text(root, own / "gitdir")
        if named is not None:
            common = (own / (_text(root, own / "commondir") or "").strip()).resolve()
            if own.parent == common / "worktrees" and (own / named.strip()).resolve() == root.resolve() / ".git":
                return cls(root=root, own=own, common=common)
        else:
            found = cls(root=root, own=own, common=own)
            trees = [value for key, value in found.settings.items() if key == "core.worktree"]
            if trees and (own / trees[0]).resolve() == root.resolve():
                return found
        raise refused(
            root,
            f".git leads to {own}, which is of no work tree here.",
            hint="Where it is a work tree that was moved, run: git worktree repair",
        )

    def _require_sound(self) -> None:
        for name in ("objects", "refs"):
            if (self.common / name).is_symlink() or not (self.common / name).is_dir():
                raise refused(self.root, f"{self.common / name} is no folder.")
        if os.path.lexists(self.common / "commondir"):
            raise refused(self.root, f"{self.common / 'commondir'} leads to another repository.")
        for name in ("alternates", "http-alternates"):
            if os.path.lexists(self.common / "objects" / "info" / name):
                raise refused(
                    self.root,
                    "it borrows objects of another repository (objects/info/alternates).",
                    hint="Make it whole with: git repack -a -d; then remove .git/objects/info/alternates.",
                )
        version = self.settings.get("core.repositoryformatversion", "0")
        used = {key.removeprefix("extensions.") for key in self.settings if key.startswith("extensions.")}
        unknown = sorted(used - _EXTENSIONS) if version == "1" else []
        if version not in {"0", "1"} or unknown:
            what = f"the extension {unknown[0]}" if unknown else f"the repository format {version[:20]}"
            raise refused(self.root, f"it uses {what}, which pysim does not know.")

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """The last value of each key of its configuration, as git reads a file: nothing of it takes effect.

        Included files are not read.
        """
        found: dict[str, str] = {}
        for path in (self.common / "config", self.own / "config.worktree"):
            text = _bytes(self.root, path)
            if text:
                listed, complaint = _listed(text)
                if complaint:
                    raise refused(self.root, f"{path}: {complaint}", hint="Mend the file.")
                rows = listed.decode("utf-8", "surrogateescape").split("\0")
                found |= {key: value for key, _, value in (row.partition("\n") for row in rows) if key}
        return found

    @property
    def object_format(self) -> str:
        """`sha1` or `sha256`."""
        return "sha256" if self.settings.get("extensions.objectformat", "").lower() == "sha256" else "sha1"

    @cached_property
    def head(self) -> str:
        """What HEAD holds: a full ref, or the commit where no branch is checked out. Raises UsageError."""
        text = (_text(self.root, self.own / "HEAD") or "").strip()
        symbolic = _SYMBOLIC.fullmatch(text)
        if symbolic and symbolic[1].startswith("refs/") and _is_ref_name(symbolic[1]):
            return symbolic[1]
        if SHA.fullmatch(text):
            return text
        raise refused(self.root, "its HEAD names neither a ref nor a commit.")

    @property
    def head_object(self) -> str | None:
        """The object that HEAD leads to; None when there is no commit yet."""
        return self.head if SHA.fullmatch(self.head) else self.refs.get(self.head)

    @cached_property
    def refs(self) -> Mapping[str, str]:
        """The objects that branches, tags and what was last seen at `origin` name, by full name; sorted."""
        found: dict[str, str] = {}
        for line in (_text(self.root, self.common / "packed-refs") or "").splitlines():
            sha, _, name = line.partition(" ")
            if SHA.fullmatch(sha) and _is_ref_name(name):
                found[name] = sha
        loose = dict(self._loose())
        for name, text in loose.items():
            value = text
            for _ in range(_DEEPEST):
                symbolic = _SYMBOLIC.fullmatch(value)
                value = loose.get(symbolic[1], found.get(symbolic[1], "")) if symbolic else value
            if SHA.fullmatch(value):
                found[name] = value
        return dict(sorted(found.items()))

    def symbolic_ref(self, name: str) -> str | None:
        """The ref that a symbolic ref names."""
        symbolic = _SYMBOLIC.fullmatch((_text(self.root, self.common / name) or "").strip())
        return symbolic[1] if symbolic and _is_ref_name(symbolic[1]) else None

    def _loose(self) -> Iterator[tuple[str, str]]:
        for kind in ("heads", "tags", "remotes/origin"):
            for folder, names, files in os.walk(self.common / "refs" / kind):
                self.require_no_links(Path(folder), names)
                for file in files:
                    path = Path(folder, file)
                    name = path.relative_to(self.common).as_posix()
                    if _is_ref_name(name):
                        yield name, (_text(self.root, path) or "").strip()

    def require_no_links(self, folder: Path, names: Sequence[str]) -> None:
        """Raise UsageError where one of the files in a folder is a symbolic link."""
        for name in names:
            if (folder / name).is_symlink():
                raise linked(self.root, folder / name)

    def text(self, name: str) -> str | None:
        """A file of the common folder; None when it is not there."""
        return _text(self.root, self.common / name)


@lru_cache(maxsize=64)
def _listed(configuration: bytes) -> tuple[bytes, str]:
    """What git reads in the text of a configuration: a line feed after a key, NUL after a value; and its complaint."""
    words = ("config", "--file", "-", "--no-includes", "-z", "--list")
    done = on_data().run(*words, stdin=configuration, check=False)
    return done.stdout, done.complaint if done.code != 0 else ""


def linked(root: Path, path: Path) -> UsageError:
    """The error for a symbolic link in a git folder."""
    return refused(root, f"{path} is a symbolic link.")


def _is_ref_name(name: str) -> bool:
    parts = name.split("/")
    odd = any(not part or part.startswith(".") or part.endswith((".lock", ".")) for part in parts)
    return _REF.fullmatch(name) is not None and not odd and ".." not in name and "@{" not in name


def _text(root: Path, path: Path) -> str | None:
    data = _bytes(root, path)
    return None if data is None else data.decode("utf-8", "surrogateescape")


def _bytes(root: Path, path: Path) -> bytes | None:
    """A file that is no link, no pipe and no device; None when it is not there. Raises UsageError."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise linked(root, path) from error
        raise refused(root, f"{path}: {error.strerror}") from error
    with os.fdopen(number, "rb") as file:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise refused(root, f"{path} is no file.")
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise refused(root, f"{path} is longer than {_LARGEST >> 20} MiB.")
    return data
