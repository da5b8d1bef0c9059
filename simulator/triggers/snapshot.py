"""Makes a commit of a folder's files in a repository of pysim's own. Writes nothing into the folder."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from simulator.errors import UsageError
from simulator.git_command import GitCommand, in_own_repository
from simulator.triggers.bare_copy import user_excludes, work_tree_of
from simulator.triggers.git import object_of
from simulator.triggers.git_folder import GitFolder
from simulator.triggers.new_tag import WHO
from simulator.triggers.work_tree import gitlinks, is_below

# Never wanted in a release, and of the user's secrets what act and pysim read from files; tracked files stay.
SKIPPED = frozenset({".git", ".pysim", ".venv", "__pycache__", ".secrets", ".env"})

_FIRST_DATE = "2024-01-01T00:00:00+00:00"
_MESSAGE = b"The files as they are, uncommitted changes included\n"


def is_skipped(path: str) -> bool:
    """Whether an untracked path is left out of a snapshot, whatever `.gitignore` says."""
    return not SKIPPED.isdisjoint(PurePosixPath(path).parts)


def commit_files(root: Path, folder: GitFolder | None, clone: Path, *, parent: str | None) -> str:
    """Commit the files of `root` in the bare repository `clone` and return the commit; no branch is moved.

    Takes what `git add --all` would take, without untracked SKIPPED names; executable bits and symbolic links are kept,
    and so are tracked files that an ignore rule matches. `folder` is the git folder of `root`, where it has one. Author
    and date are fixed (the date is the parent's when there is one), so equal files on the same parent give the same
    commit; it is the parent itself when nothing differs.
    """
    index = clone / "pysim-snapshot"
    git = in_own_repository(clone, work_tree=root, index=index)
    try:
        if parent is not None:
            git.run("read-tree", parent)
        kept = _tracked_against_rules(folder, clone) if folder else []
        _write_excludes(folder, clone)
        _add_all(root, git.with_settings(user_excludes()))
        if kept:
            words = ("--literal-pathspecs", "add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul")
            git.run(*words, stdin=b"\0".join(kept))
        tree = git.run("write-tree").text
    finally:
        index.unlink(missing_ok=True)
    if parent is not None and tree == object_of(f"{parent}^{{tree}}", repository=clone):
        return parent
    return _commit(clone, tree, parent)


def _commit(clone: Path, tree: str, parent: str | None) -> str:
    shown = ("show", "--no-patch", "--format=%cI", parent or "")
    date = in_own_repository(clone).run(*shown).text if parent else _FIRST_DATE
    signature = {
        f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in {**WHO, "DATE": date}.items()
    }
    parents = ("-p", parent) if parent else ()
    return in_own_repository(clone, env=signature).run("commit-tree", *parents, tree, stdin=_MESSAGE).text


def _write_excludes(folder: GitFolder | None, clone: Path) -> None:
    """Collect the rules that stand in no `.gitignore`: what is skipped always, and the user's own `info/exclude`."""
    rules = "".join(f"{name}\n" for name in sorted(SKIPPED))
    rules += (folder.text("info/exclude") or "") if folder else ""
    (clone / "info").mkdir(exist_ok=True)
    (clone / "info" / "exclude").write_text(rules, encoding="utf-8", errors="surrogateescape")


def _add_all(root: Path, git: GitCommand) -> None:
    """`git add --all`, but for submodules: git would run in one, under a configuration that came with it.

    git stops at a repository inside the folder that has no commit, which is then left out.
    """
    populated = [path for path in gitlinks(git) if os.path.lexists(root / path / ".git")]
    left_out = [f":(exclude,literal){path}" for path in populated]
    words = ("-c", "advice.addEmbeddedRepo=false", "add", "--all", "--", ".")
    if git.run(*words, *left_out, check=False).code != 0:
        inside = (path.parent for path in root.rglob(".git") if path.parent != root)
        unborn = [folder.relative_to(root) for folder in inside if _commit_checked_out(folder) is None]
        git.run(*words, *left_out, *(f":(exclude,literal){folder}" for folder in unborn))
    for path in populated:
        commit = _commit_checked_out(root / path) if is_below(root, path) else None
        if commit is not None:
            git.run("update-index", "--cacheinfo", f"160000,{commit},{path}")


def _commit_checked_out(root: Path) -> str | None:
    """The commit of a repository inside the folder; None where it has none or is not one to be read."""
    try:
        return GitFolder.of(root).head_object
    except UsageError:
        return None


def _tracked_against_rules(folder: GitFolder, clone: Path) -> list[bytes]:
    """What the user's index holds against an ignore rule, or against SKIPPED, and no commit has yet."""
    with work_tree_of(folder, clone) as git:
        _write_excludes(folder, clone)
        done = git.run("ls-files", "-z", "--cached", "--ignored", "--exclude-standard")
    paths = [path for path in done.stdout.split(b"\0") if path]
    return [path for path in paths if os.path.lexists(os.fsencode(folder.root) + b"/" + path)]
