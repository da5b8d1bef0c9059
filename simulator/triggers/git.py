"""The real git, run so that the user's settings, hooks and surroundings cannot change what it does.

Knows how to call git and how to read its answers; knows no event.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from simulator import process
from simulator.process import Completed

CONFIG = Path(__file__).with_name("gitconfig")

# Settings of the user's repository would win over the global file, so these go on the command line.
_OVERRIDES = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")


def git(
    *words: str | Path, cwd: Path, env: Mapping[str, str] | None = None, stdin: bytes = b"", check: bool = True
) -> Completed:
    """Run git in a folder, in English, asking nothing and taking no lock that it can do without.

    `GIT_*` variables of the caller (a hook sets them) are dropped; `env` is added. The ownership check of git
    (`safe.directory`) is off: pysim only reads the repository it was pointed at, and runs nothing in it.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {
        "GIT_CONFIG_GLOBAL": str(CONFIG),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        **(env or {}),
    }
    return process.run(["git", *_OVERRIDES, *words], cwd=cwd, env=environment, clean_env=True, stdin=stdin, check=check)


def answer(*words: str | Path, cwd: Path) -> str | None:
    """What git prints, or None when it fails or prints nothing."""
    done = git(*words, cwd=cwd, check=False)
    return done.text if done.code == 0 and done.text else None


def user_answer(*words: str, cwd: Path) -> str | None:
    """What git prints under the user's own configuration; None when it fails, a broken configuration included."""
    kept = {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in kept}
    done = process.run(["git", *words], cwd=cwd, env=environment, clean_env=True, check=False)
    return done.text if done.code == 0 and done.text else None


def commit_of(name: str, *, cwd: Path) -> str | None:
    """The commit that a revision leads to, tags peeled; None when there is none."""
    return answer("rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}", cwd=cwd)


def object_of(name: str, *, cwd: Path) -> str | None:
    """The object that a revision names, not peeled; None when there is none."""
    return answer("rev-parse", "--quiet", "--verify", "--end-of-options", name, cwd=cwd)


def branches(*, cwd: Path) -> dict[str, str]:
    """Branch names and the commits at their tips, sorted by name."""
    listing = answer("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads/", cwd=cwd) or ""
    rows = (line.split(" ", 1) for line in listing.splitlines())
    return {name.removeprefix("refs/heads/"): sha for sha, name in rows}
