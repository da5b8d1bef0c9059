"""A bare repository of pysim's own with the objects and refs of another one, which are copied as data."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from simulator.git_command import GitCommand, as_user, in_own_repository
from simulator.paths import temporary_folder
from simulator.triggers.git import commit_of
from simulator.triggers.git_folder import SHA, GitFolder, linked

_FAN: Final = re.compile(r"[0-9a-f]{2}")
_LOOSE: Final = re.compile(r"[0-9a-f]{38}|[0-9a-f]{62}")
_PACKED: Final = re.compile(r"pack-[0-9a-f]+\.(?:pack|idx|rev|promisor)")
# How a work tree is to be compared with the index: values of a closed set, of which none names a program or a file.
_OF_WORK_TREE: Final = (
    "core.filemode", "core.ignorecase", "core.symlinks", "core.autocrlf", "core.eol", "core.trustctime",
    "core.checkstat", "core.precomposeunicode",
)  # fmt: skip
_VALUES: Final = frozenset({"true", "false", "yes", "no", "on", "off", "1", "0", "input", "lf", "crlf", "native"})
_VALUES_OF_STAT: Final = frozenset({"default", "minimal"})


def make_bare(target: Path, *, branch: str = "main", object_format: str = "sha1") -> None:
    """Make an empty bare repository, and the folders that lead to it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    words = ("--quiet", "--bare", f"--initial-branch={branch}", f"--object-format={object_format}")
    in_own_repository(target).run("init", *words)


def copy_repository(folder: GitFolder, target: Path) -> str | None:
    """Make the bare repository `target` with the objects, branches, tags and HEAD of another; the commit of HEAD.

    That is None where HEAD leads to none. What was seen at `origin` does not come along as refs. Objects are linked
    where both lie in one file system: git never writes to one. Raises UsageError.
    """
    make_bare(target, object_format=folder.object_format)
    _copy_objects(folder, target)
    _write_shallow(folder, target)
    refs = {name: sha for name, sha in folder.refs.items() if name.startswith(("refs/heads/", "refs/tags/"))}
    there = _existing(target, set(refs.values()))
    rows = "".join(f"{sha} {name}\n" for name, sha in refs.items() if sha in there)
    (target / "packed-refs").write_text(rows, encoding="utf-8", errors="surrogateescape")
    name = folder.head if folder.head.startswith("refs/heads/") else None
    (target / "HEAD").write_text(f"ref: {name}\n" if name else f"{folder.head_object}\n", encoding="utf-8")
    return commit_of("HEAD", repository=target)


def _copy_objects(folder: GitFolder, target: Path) -> None:
    for path in sorted((folder.common / "objects").iterdir()):
        wanted = _PACKED if path.name == "pack" else _LOOSE if _FAN.fullmatch(path.name) else None
        if wanted is None:
            continue
        if path.is_symlink():
            raise linked(folder.root, path)
        if path.is_dir():
            place = target / "objects" / path.name
            place.mkdir(exist_ok=True)
            _link_files(folder, str(path), str(place), wanted)


def _link_files(folder: GitFolder, source: str, target: str, wanted: re.Pattern[str]) -> None:
    """Link or copy the files of one folder of objects; paths are strings, as there may be very many."""
    with os.scandir(source) as entries:
        for entry in entries:
            if wanted.fullmatch(entry.name) is None:
                continue
            if entry.is_symlink():
                raise linked(folder.root, Path(entry.path))
            if entry.is_file(follow_symlinks=False):
                place = f"{target}/{entry.name}"
                try:
                    os.link(entry.path, place, follow_symlinks=False)
                except OSError:
                    shutil.copyfile(entry.path, place, follow_symlinks=False)


def _write_shallow(folder: GitFolder, target: Path) -> None:
    rows = [line for line in (folder.text("shallow") or "").splitlines() if SHA.fullmatch(line)]
    if rows:
        (target / "shallow").write_text("".join(f"{row}\n" for row in rows), encoding="ascii")


def _existing(target: Path, objects: set[str]) -> set[str]:
    """Which of some objects a repository has."""
    asked = "".join(f"{sha}\n" for sha in sorted(objects)).encode()
    done = in_own_repository(target).run("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked)
    rows = (line.split(" ") for line in done.text.splitlines())
    return {name for name, kind in rows if kind != "missing"}


@contextlib.contextmanager
def work_tree_of(folder: GitFolder, clone: Path) -> Iterator[GitCommand]:
    """git for the files of a work tree as they are, in pysim's own repository and with a copy of the index.

    The user's own ignore file holds. Nothing of the repository's configuration does, but for the switches that say how
    files are to be compared.
    """
    index = clone / "pysim-index"
    copied = [index]
    try:
        _copy_index(folder, folder.own / "index", index)
        for shared in folder.own.glob("sharedindex.*"):
            copied.append(clone / shared.name)
            _copy_index(folder, shared, clone / shared.name)
        rules = folder.text("info/exclude") or ""
        (clone / "info").mkdir(exist_ok=True)
        (clone / "info" / "exclude").write_text(rules, encoding="utf-8", errors="surrogateescape")
        command = in_own_repository(clone, work_tree=folder.root, index=index)
        yield command.with_settings({**switches(folder), **user_excludes()})
    finally:
        for path in copied:
            path.unlink(missing_ok=True)


def _copy_index(folder: GitFolder, source: Path, target: Path) -> None:
    """Copy an index with its time, by which git tells whether a file may have changed since."""
    if source.is_symlink():
        raise linked(folder.root, source)
    if source.is_file():
        shutil.copy2(source, target, follow_symlinks=False)


def switches(folder: GitFolder) -> dict[str, str]:
    """What its configuration says of how a work tree is to be compared."""
    found = {key: folder.settings.get(key, "").lower() for key in _OF_WORK_TREE}
    of_stat = {"core.checkstat": _VALUES_OF_STAT}
    return {key: value for key, value in found.items() if value in of_stat.get(key, _VALUES)}


def user_excludes() -> dict[str, str]:
    """git's setting that lets the user's own ignore file hold: `core.excludesFile`, or the one git looks for."""
    configured = as_user().answer("config", "--type=path", "--get", "core.excludesFile")
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return {"core.excludesFile": configured or os.path.expanduser(f"{home}/git/ignore")}  # noqa: PTH111 - no home is no error


@contextlib.contextmanager
def temporary_copy(root: Path, *, objects: bool) -> Iterator[tuple[GitFolder, Path]]:
    """The git folder of a work tree, and a bare copy of it that is gone after the context; else one without objects.

    Raises UsageError.
    """
    folder = GitFolder.of(root)
    with temporary_folder("git") as place:
        clone = place / "copy.git"
        if objects:
            copy_repository(folder, clone)
        else:
            make_bare(clone, object_format=folder.object_format)
        yield folder, clone
