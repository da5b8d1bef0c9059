"""Puts a commit of a Git repository into the workspace: the program of actions/checkout.

Owns the order of what is done; which refs are fetched, the token and the folder's state are its neighbours' business.
"""

from __future__ import annotations

import dataclasses

from simulator.actions.builtin.checkout import auth, refs, workspace
from simulator.actions.builtin.checkout.git import Git
from simulator.actions.builtin.checkout.settings import Settings, read_settings
from simulator.actions.builtin.toolkit import log, step
from simulator.actions.builtin.toolkit.step import ActionError


def main() -> None:
    """The action's program."""
    settings = read_settings()
    log.info(f"Syncing repository: {settings.owner}/{settings.name}")
    if settings.folder.is_file():
        settings.folder.unlink()
    existing = settings.folder.is_dir()
    settings.folder.mkdir(parents=True, exist_ok=True)
    git = Git(settings.folder)
    with log.group("Getting Git version info"):
        log.info(f"Working directory is '{settings.folder}'")
        git.check_version()
    with auth.home_of_its_own(git, safe_directory=settings.safe_directory):
        if existing:
            workspace.prepare(git, settings)
        step.save_state("repositoryPath", str(settings.folder))
        step.save_state("serverUrl", settings.server)
        step.save_state("setSafeDirectory", str(settings.safe_directory).lower())
        try:
            settings = get_source(git, settings)
        finally:
            if not settings.persist_credentials:
                with log.group("Removing auth"):
                    auth.remove(git, settings.server)
    step.set_output("ref", settings.ref)


def get_source(git: Git, settings: Settings) -> Settings:
    """Fetch and check out; the settings with the ref that was found when none was given."""
    initialize(git, settings)
    with log.group("Setting up auth"):
        auth.remove(git, settings.server)
        auth.configure(git, settings)
    if not settings.ref and not settings.commit:
        with log.group("Determining the default branch"):
            settings = dataclasses.replace(settings, ref=default_branch(git, settings.url))
    with log.group("Fetching the repository"):
        fetch_wanted(git, settings)
    with log.group("Determining the checkout info"):
        target = refs.checkout_target(git, settings)
    set_sparse(git, settings)
    with log.group("Checking out the ref"):
        git.run("checkout", "--progress", "--force", *target)
    if settings.submodules:
        update_submodules(git, settings)
    step.set_output("commit", git.output("log", "-1", "--format=%H"))
    return settings


def initialize(git: Git, settings: Settings) -> None:
    """Make the repository unless it is there, and keep git from tidying up in the middle of the job."""
    if not (settings.folder / ".git").is_dir():
        with log.group("Initializing the repository"):
            git.run("init", str(settings.folder))
            git.run("remote", "add", "origin", settings.url)
    with log.group("Disabling automatic garbage collection"):
        git.run("config", "--local", "gc.auto", "0")


def default_branch(git: Git, url: str) -> str:
    """The full name of the branch that the server's HEAD names."""
    for line in git.output("ls-remote", "--quiet", "--exit-code", "--symref", url, "HEAD").splitlines():
        if line.startswith("ref:"):
            return line.removeprefix("ref:").removesuffix("HEAD").strip()
    raise ActionError("Unexpected output when retrieving default branch")


def fetch_wanted(git: Git, settings: Settings) -> None:
    """Fetch what the depth asks for, and see that the event's commit is among it. Raises ActionError otherwise."""
    if settings.depth:
        fetch(git, settings, refs.targeted(settings), depth=settings.depth)
        if settings.whole_tags and not refs.has_expected_commit(git, settings):
            raise moved(settings)
        return
    fetch(git, settings, refs.whole_history(settings), depth=0)
    if not refs.has_expected_commit(git, settings):
        fetch(git, settings, refs.targeted(settings), depth=0)
        if settings.whole_tags and not refs.has_expected_commit(git, settings):
            raise moved(settings)


def moved(settings: Settings) -> ActionError:
    """The error for a ref that is not where the event saw it."""
    return ActionError(
        f"The ref '{settings.ref}' does not point to the expected commit '{settings.commit}'. "
        "The ref may have been updated after the workflow was triggered."
    )


def fetch(git: Git, settings: Settings, specs: list[str], *, depth: int) -> None:
    """One fetch of the given refspecs."""
    arguments = ["-c", "protocol.version=2", "fetch"]
    if settings.whole_tags or not (settings.tags or refs.ALL_TAGS in specs):
        arguments.append("--no-tags")
    arguments += ["--prune", "--no-recurse-submodules"]
    if settings.progress:
        arguments.append("--progress")
    if filtered := settings.filter or ("blob:none" if settings.sparse else ""):
        arguments.append(f"--filter={filtered}")
    if depth:
        arguments.append(f"--depth={depth}")
    elif (settings.folder / ".git" / "shallow").is_file():
        arguments.append("--unshallow")
    git.run_with_retries(*arguments, "origin", *specs)


def set_sparse(git: Git, settings: Settings) -> None:
    """Switch the sparse checkout on or off."""
    if not settings.sparse:
        git.run("sparse-checkout", "disable")
        # switching it off leaves this behind, and later git refuses the repository for some older tools
        git.succeeds("config", "--local", "--unset-all", "extensions.worktreeConfig")
        return
    with log.group("Setting up sparse checkout"):
        if settings.cone:
            git.run("sparse-checkout", "set", *settings.sparse)
            return
        git.run("config", "core.sparseCheckout", "true")
        file = settings.folder / git.output("rev-parse", "--git-path", "info/sparse-checkout")
        with file.open("a", encoding="utf-8") as stream:
            stream.write("\n" + "\n".join(settings.sparse) + "\n")


def update_submodules(git: Git, settings: Settings) -> None:
    """Fetch and check out the submodules."""
    recursive = ["--recursive"] if settings.submodules == "recursive" else []
    with log.group("Setting up auth for fetching submodules"):
        auth.configure_for_submodules(git, settings)
    with log.group("Fetching submodules"):
        git.run("submodule", "sync", *recursive)
        depth = [f"--depth={settings.depth}"] if settings.depth else []
        git.run("-c", "protocol.version=2", "submodule", "update", "--init", "--force", *depth, *recursive)
        git.run("submodule", "foreach", *recursive, "git config --local gc.auto 0")


if __name__ == "__main__":
    step.run(main)
