"""The token in git's configuration: put there for fetching and later steps, taken away at the end of the job.

v4 and v5 of the action write it into .git/config, later ones into a file of its own that .git/config includes.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from simulator.actions.builtin.checkout.git import Git
from simulator.actions.builtin.checkout.settings import Settings
from simulator.actions.builtin.toolkit import log, step

CREDENTIALS = "git-credentials-"


def configure(git: Git, settings: Settings) -> None:
    """Let git send the token to the server."""
    basic = base64.b64encode(f"x-access-token:{settings.token}".encode()).decode()
    log.mask(basic)
    header = ("config", "--local", header_key(settings.server), f"AUTHORIZATION: basic {basic}")
    if not settings.whole_tags:
        git.output(*header, quiet=True)
        return
    file = Path(step.variable("RUNNER_TEMP"), f"{CREDENTIALS}{uuid.uuid4()}.config")
    git.output("config", "--file", str(file), *header[2:], quiet=True)
    file.chmod(0o600)
    folder = settings.folder / ".git"
    inside_container = Path("/github/workspace", folder.relative_to(step.variable("GITHUB_WORKSPACE")))
    for place, target in ((folder, file), (inside_container, Path("/github/runner_temp", file.name))):
        for pattern in (place, place / "worktrees/*"):
            git.output("config", "--local", f"includeIf.gitdir:{pattern}.path", str(target), quiet=True)


def remove(git: Git, server: str) -> None:
    """Take the token away again, whichever version of the action put it there."""
    key = header_key(server)
    if git.lines("config", "--local", "--get-all", key):
        git.run("config", "--local", "--unset-all", key)
    files = set()
    for line in git.lines("config", "--local", "--get-regexp", r"^includeif\.gitdir:"):
        name, _, target = line.partition(" ")
        if Path(target).name.startswith(CREDENTIALS):
            files.add(Path(target))
            git.output("config", "--local", "--unset-all", name, quiet=True)
    for file in files:
        if file.is_relative_to(step.variable("RUNNER_TEMP")):
            log.info(f"Removing credentials config '{file}'")
            file.unlink(missing_ok=True)


def configure_for_submodules(git: Git, settings: Settings) -> None:
    """Let git send the token for submodules too, and fetch those with SSH addresses over HTTPS."""
    basic = base64.b64encode(f"x-access-token:{settings.token}".encode()).decode()
    git.output("config", "--global", header_key(settings.server), f"AUTHORIZATION: basic {basic}", quiet=True)
    host = settings.server.partition("://")[2]
    git.run("config", "--global", "--add", f"url.{settings.server}/.insteadOf", f"git@{host}:")


@contextlib.contextmanager
def home_of_its_own(git: Git, *, safe_directory: bool) -> Iterator[None]:
    """A HOME for git that lasts as long as the action, so that its global settings are not the user's.

    GIT_CONFIG_GLOBAL is overridden too: it would win over HOME, and what it names (often /dev/null) must not be
    written to.
    """
    home = Path(step.variable("RUNNER_TEMP"), str(uuid.uuid4()))
    home.mkdir(parents=True)
    own = Path(os.environ.get("GIT_CONFIG_GLOBAL") or Path(os.environ.get("HOME", str(Path.home())), ".gitconfig"))
    target = home / ".gitconfig"
    try:
        if own.is_file():
            log.info(f"Copying '{own}' to '{target}'")
            shutil.copyfile(own, target)
        else:
            target.touch()
        log.info(f"Temporarily overriding HOME='{home}' before making global git config changes")
        git.environment |= {"HOME": str(home), "GIT_CONFIG_GLOBAL": str(target)}
        if safe_directory:
            log.info("Adding repository directory to the temporary git global config as a safe directory")
            git.run("config", "--global", "--add", "safe.directory", str(git.folder))
        yield
    finally:
        for name in ("HOME", "GIT_CONFIG_GLOBAL"):
            git.environment.pop(name, None)
        shutil.rmtree(home, ignore_errors=True)


def header_key(server: str) -> str:
    """The setting that holds the header with the token."""
    return f"http.{server}/.extraheader"
