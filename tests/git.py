"""git for the set-up of tests, deaf to the configuration of this machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from simulator import process
from simulator.process import Completed


def git(*words: str, cwd: Path) -> str:
    """Run git for the set-up of a test, deaf to the machine's configuration."""
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(
        ["git", *identity, *words],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def run_git(
    *words: str | Path, cwd: Path, env: Mapping[str, str] | None = None, stdin: bytes = b"", check: bool = True
) -> Completed:
    """The same, with input, more variables, and all that git said."""
    deaf = {"PATH": os.environ["PATH"], "HOME": str(cwd), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
    return process.run(["git", *words], cwd=cwd, env={**deaf, **(env or {})}, clean_env=True, stdin=stdin, check=check)
