"""Makes a commit of a folder's files in a repository somewhere else. Writes nothing into the folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from simulator.triggers.git import answer, git, object_of, user_answer

# Never wanted in a release, and of the user's secrets what act and pysim read from files; tracked files stay.
SKIPPED = frozenset({".git", ".pysim", ".venv", "__pycache__", ".secrets", ".env"})

_WHO = {"NAME": "pysim", "EMAIL": "pysim@users.noreply.github.com"}
_FIRST_DATE = "2024-01-01T00:00:00+00:00"
_MESSAGE = b"The files as they are, uncommitted changes included\n"


def is_skipped(path: str) -> bool:
    """Whether an untracked path is left out of a snapshot, whatever `.gitignore` says."""
    return not SKIPPED.isdisjoint(PurePosixPath(path).parts)


def user_excludes(root: Path) -> tuple[str, ...]:
    """git's option that lets the user's own ignore file (`core.excludesFile`) hold, when there is one."""
    path = user_answer("config", "--type=path", "--get", "core.excludesFile", cwd=root)
    return ("-c", f"core.excludesFile={path}") if path else ()


def commit_files(root: Path, clone: Path, *, parent: str | None) -> str:
    """Commit the files of `root` in the bare repository `clone` and return the commit; no branch is moved.

    Takes what `git add --all` would take, without untracked SKIPPED names; executable bits and symbolic links are kept,
    and so are tracked files that an ignore rule matches. Author and date are fixed (the date is the parent's when there
    is one), so equal files on the same parent give the same commit; it is the parent itself when nothing differs.
    """
    index = clone / "pysim-index"
    env = {"GIT_DIR": str(clone), "GIT_WORK_TREE": str(root), "GIT_INDEX_FILE": str(index)}
    _write_excludes(root, clone)
    try:
        if parent is not None:
            git("read-tree", parent, cwd=root, env=env)
        _add_all(root, env)
        if (root / ".git").exists():
            _add_tracked(root, clone, env)
        tree = git("write-tree", cwd=root, env=env).text
    finally:
        index.unlink(missing_ok=True)
    if parent is not None and tree == object_of(f"{parent}^{{tree}}", cwd=clone):
        return parent
    return _commit(clone, tree, parent)


def _commit(clone: Path, tree: str, parent: str | None) -> str:
    date = git("show", "--no-patch", "--format=%cI", parent, cwd=clone).text if parent else _FIRST_DATE
    signature = {
        f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in {**_WHO, "DATE": date}.items()
    }
    parents = ("-p", parent) if parent else ()
    return git("commit-tree", *parents, tree, cwd=clone, env=signature, stdin=_MESSAGE).text


def _write_excludes(root: Path, clone: Path) -> None:
    """Collect the rules that stand in no `.gitignore`: what is skipped always, and the user's own `info/exclude`."""
    rules = "".join(f"{name}\n" for name in sorted(SKIPPED))
    user_file = answer("rev-parse", "--git-path", "info/exclude", cwd=root) if (root / ".git").exists() else None
    if user_file and (root / user_file).is_file():
        rules += (root / user_file).read_text(encoding="utf-8", errors="surrogateescape")
    (clone / "info").mkdir(exist_ok=True)
    (clone / "info" / "exclude").write_text(rules, encoding="utf-8", errors="surrogateescape")


def _add_all(root: Path, env: Mapping[str, str]) -> None:
    """`git add --all`; git stops at a repository inside the folder that has no commit, which is then left out."""
    words = (*user_excludes(root), "-c", "advice.addEmbeddedRepo=false", "add", "--all", "--", ".")
    if git(*words, cwd=root, env=env, check=False).code == 0:
        return
    inside = (path.parent for path in root.rglob(".git") if path.parent != root)
    unborn = [folder for folder in inside if object_of("HEAD", cwd=folder) is None]
    git(*words, *(f":(exclude,literal){folder.relative_to(root)}" for folder in unborn), cwd=root, env=env)


def _add_tracked(root: Path, clone: Path, env: Mapping[str, str]) -> None:
    """Add what the user's index holds against an ignore rule, or against SKIPPED, and no commit has yet."""
    rules = ("--exclude-standard", f"--exclude-from={clone / 'info' / 'exclude'}")
    done = git(*user_excludes(root), "ls-files", "-z", "--cached", "--ignored", *rules, cwd=root)
    paths = [path for path in done.stdout.split(b"\0") if path and os.path.lexists(os.fsencode(root) + b"/" + path)]
    if paths:
        words = ("add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul")
        git(*words, cwd=root, env={**env, "GIT_LITERAL_PATHSPECS": "1"}, stdin=b"\0".join(paths))
