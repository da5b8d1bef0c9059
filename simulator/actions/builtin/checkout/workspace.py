"""The folder before the checkout: kept and cleaned when it holds the same repository, emptied otherwise."""

from __future__ import annotations

import shutil
from pathlib import Path

from simulator.actions.builtin.checkout.git import Git
from simulator.actions.builtin.checkout.settings import Settings
from simulator.actions.builtin.toolkit import log
from simulator.actions.builtin.toolkit.step import ActionError


def prepare(git: Git, settings: Settings) -> None:
    """Make the folder ready to fetch into."""
    folder = settings.folder
    if (folder / ".git").is_dir() and git.lines("config", "--local", "--get", "remote.origin.url") == [settings.url]:
        try:
            tidy(git, settings)
        except ActionError:
            log.warning("Unable to prepare the existing repository. The repository will be recreated instead.")
        else:
            return
    empty(folder)


def tidy(git: Git, settings: Settings) -> None:
    """Take away what an earlier checkout left. Raises ActionError when git cannot."""
    for lock in ("index.lock", "shallow.lock"):
        (settings.folder / ".git" / lock).unlink(missing_ok=True)
    with log.group("Removing previously created refs, to avoid conflicts"):
        if git.lines("rev-parse", "--symbolic-full-name", "--verify", "--quiet", "HEAD") != ["HEAD"]:
            git.run("checkout", "--detach")
        for branch in git.lines("rev-parse", "--symbolic-full-name", "--branches"):
            git.run("branch", "--delete", "--force", branch.removeprefix("refs/heads/"))
        for branch in conflicting(git, settings.ref):
            git.run("branch", "--delete", "--force", "--remote", branch)
    if settings.clean:
        with log.group("Cleaning the repository"):
            git.run("clean", "-ffdx")
            git.run("reset", "--hard", "HEAD")


def conflicting(git: Git, ref: str) -> list[str]:
    """Remote branches such as origin/a that cannot live beside the wanted a/b, or the other way round."""
    wanted = ref.removeprefix("refs/heads/").lower()
    if not wanted or wanted.startswith("refs/"):
        return []
    remotes = git.lines("rev-parse", "--symbolic-full-name", "--remotes=origin")
    branches = [name.removeprefix("refs/remotes/") for name in remotes]
    names = {branch: branch.removeprefix("origin/").lower() for branch in branches}
    return [b for b, name in names.items() if wanted.startswith(f"{name}/") or name.startswith(f"{wanted}/")]


def empty(folder: Path) -> None:
    """Delete what is in a folder, not the folder: it may be somebody's working directory."""
    log.info(f"Deleting the contents of '{folder}'")
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
