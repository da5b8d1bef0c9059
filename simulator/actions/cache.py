"""The files of actions that this machine keeps, by commit, and which commit each ref named when it was last looked up.

    <folder>/<owner>/<repo>/<commit>/    the files of a commit, whole or not there
    <folder>/<owner>/<repo>/files-*/     the files of a plain folder that a work tree holds, by what is in them
    <folder>/<owner>/<repo>/refs/        a file a ref
    <folder>/<owner>/<repo>/refs.json    all tags and branches, and when they were asked for
    <folder>/incoming/                   what is being fetched, by whom

Several processes may use one cache: what appears in it appears at once, and is never changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from simulator.actions.errors import UnavailableActionError
from simulator.actions.refs import Refs
from simulator.actions.remote import Commit
from simulator.errors import ProcessError
from simulator.git_command import in_own_repository
from simulator.paths import abandoned_folders, make_temporary_folder, remove_folder
from simulator.triggers.git import list_tree

_KIND: Final = "action"


@dataclass(frozen=True, slots=True)
class ActionCache:
    """The cache in a folder, which is made when something is put into it."""

    folder: Path

    def files(self, owner: str, repo: str, commit: str) -> Path | None:
        """The files of a commit, if they are here."""
        path = self._repository(owner, repo) / commit
        return path if path.is_dir() else None

    def recorded(self, owner: str, repo: str, ref: str) -> Commit | None:
        """What a ref named when it was last looked up."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            record = json.loads(self._record(owner, repo, ref).read_text(encoding="utf-8"))
            return Commit(sha=str(record["commit"]), ref=str(record["name"])) if record["ref"] == ref else None
        return None

    def record(self, owner: str, repo: str, ref: str, commit: Commit) -> None:
        """Remember what a ref names."""
        path = self._record(owner, repo, ref)
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{secrets.token_hex(8)}")
        new.write_text(json.dumps({"ref": ref, "name": commit.ref, "commit": commit.sha}), encoding="utf-8")
        new.replace(path)

    def refs(self, owner: str, repo: str) -> Refs | None:
        """The tags and branches of a repository as they were when it was last asked for all."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            record = json.loads(self._list(owner, repo).read_text(encoding="utf-8"))
            commits = {str(name): str(commit) for name, commit in record["commits"].items()}
            return Refs(commits=commits, at=float(record["at"]), whole=True)
        return None

    def record_refs(self, owner: str, repo: str, refs: Refs) -> None:
        """Remember the tags and branches of a repository. Raises OSError."""
        path = self._list(owner, repo)
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{secrets.token_hex(8)}")
        new.write_text(json.dumps({"at": refs.at, "commits": dict(refs.commits)}), encoding="utf-8")
        new.replace(path)

    @contextlib.contextmanager
    def incoming(self) -> Iterator[Path]:
        """A new folder to fetch into. What killed processes left there is removed."""
        parent = self.folder / "incoming"
        parent.mkdir(parents=True, exist_ok=True)
        for folder in abandoned_folders(_KIND, (parent,)):
            remove_folder(folder)
        folder = make_temporary_folder(_KIND, parent)
        try:
            yield folder
        finally:
            remove_folder(folder)

    def add(self, owner: str, repo: str, commit: str, clone: Path, copied_from: Path | None = None) -> Path:
        """Take the files of a commit from pysim's own clone, as GitHub's archive of it has them.

        The clone may be copied from one of the user's, which is what an error names. Raises UnavailableActionError.
        """
        with self.incoming() as folder:
            files = folder / "files"
            extract(clone, commit, files, copied_from or clone)
            return self._keep(files, owner, repo, commit)

    def add_files(self, owner: str, repo: str, root: Path, paths: Sequence[str]) -> Path:
        """Take some files of a folder as they are, links as links. One that lies behind a link is left out."""
        digest = hashlib.sha256()
        with self.incoming() as folder:
            files = folder / "files"
            files.mkdir()
            for path in sorted(paths):
                source, target = root / path, files / path
                if source.parent.resolve() != root.resolve() / PurePosixPath(path).parent or source.is_dir():
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(FileNotFoundError):
                    shutil.copy(source, target, follow_symlinks=False)
                    held = os.fsencode(target.readlink()) if target.is_symlink() else target.read_bytes()
                    mode = target.lstat().st_mode
                    digest.update(f"{path!r} {mode} {hashlib.sha256(held).hexdigest()}\n".encode())
            return self._keep(files, owner, repo, f"files-{digest.hexdigest()[:40]}")

    def _keep(self, files: Path, owner: str, repo: str, name: str) -> Path:
        target = self._repository(owner, repo) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            files.rename(target)
        except OSError:
            if not target.is_dir():  # else another process was first
                raise
        return target

    def _repository(self, owner: str, repo: str) -> Path:
        return self.folder / owner.lower() / repo.lower()

    def _list(self, owner: str, repo: str) -> Path:
        return self._repository(owner, repo) / "refs.json"

    def _record(self, owner: str, repo: str, ref: str) -> Path:
        name = hashlib.sha256(ref.encode(errors="surrogatepass")).hexdigest()[:32]
        return self._repository(owner, repo) / "refs" / f"{name}.json"


def extract(clone: Path, commit: str, target: Path, named: Path) -> None:
    """Write the files of a commit of a bare clone. Raises UnavailableActionError, with `named`, when some lack."""
    if list_tree("-r", commit, repository=clone) is None:
        raise UnavailableActionError(
            f"The files of commit {commit[:10]} in {named} cannot be listed, or are more than pysim reads.",
            hint="The clone may be partial, or shallow: make a full one.",
        )
    archive = target.with_name(f"{target.name}.tar")
    try:
        in_own_repository(clone.absolute()).run("archive", "--format=tar", f"--output={archive.absolute()}", commit)
        target.mkdir()
        with tarfile.open(archive) as files:
            _refuse_detours(files.getmembers())
            files.extractall(target, filter="tar")  # refuses what would lie outside of the folder
    except (ProcessError, tarfile.TarError) as error:
        raise UnavailableActionError(
            f"The files of commit {commit[:10]} in {named} cannot be read: {error}",
            hint="The clone may be partial, or shallow: make a full one.",
        ) from error
    finally:
        archive.unlink(missing_ok=True)


def _refuse_detours(members: Sequence[tarfile.TarInfo]) -> None:
    """Raise TarError where a file lies behind a link: git makes no such tree, but a server's objects may say so."""
    links = {PurePosixPath(member.name) for member in members if member.issym()}
    for member in members:
        if not links.isdisjoint(PurePosixPath(member.name).parents):
            raise tarfile.TarError(f"{member.name} lies behind a link")
