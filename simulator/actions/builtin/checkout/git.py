"""Runs git for the checkout action and shows each command in the log. Knows no input and no service."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from simulator.actions.builtin.toolkit import log
from simulator.actions.builtin.toolkit.step import ActionError

OLDEST = (2, 18)
ATTEMPTS = 3
WAIT = 1  # second; the real action waits ten to twenty, but this server is on this machine


class Git:
    """Git in one folder; `environment` is added to that of the step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = shutil.which("git") or ""
        self.environment = {"GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "Never", "GIT_LFS_SKIP_SMUDGE": "1"}

    def check_version(self) -> None:
        """Show git's version. Raises ActionError when git is missing or too old."""
        if not self.program:
            raise ActionError("Unable to locate executable file: git")
        found = re.search(r"\d+\.\d+(\.\d+)?", self.output("version"))
        version = found[0] if found else ""
        if tuple(int(part) for part in version.split(".")[:2] if part) < OLDEST:
            raise ActionError(
                f"Minimum required git version is {'.'.join(map(str, OLDEST))}. "
                f"Your git ('{self.program}') is {version}"
            )
        self.environment["GIT_HTTP_USER_AGENT"] = f"git/{version} (github-actions-checkout)"

    def run(self, *arguments: str) -> None:
        """Run a command with its output in the log. Raises ActionError unless it ends with 0."""
        self._show(arguments)
        done = subprocess.run([self.program, *arguments], cwd=self.folder, env=self._environment(), check=False)
        self._judge(done.returncode)

    def output(self, *arguments: str, quiet: bool = False) -> str:
        """What a command prints, stripped; in the log too unless `quiet`. Raises ActionError unless it ends with 0."""
        code, text = self._capture(arguments, quiet=quiet)
        self._judge(code)
        return text

    def succeeds(self, *arguments: str) -> bool:
        """Whether a command ends with 0."""
        return self._capture(arguments, quiet=False)[0] == 0

    def lines(self, *arguments: str) -> list[str]:
        """The lines that a command prints, none when it fails."""
        code, text = self._capture(arguments, quiet=True)
        return text.splitlines() if code == 0 else []

    def run_with_retries(self, *arguments: str) -> None:
        """Run a command that talks to a server, up to three times."""
        for _ in range(ATTEMPTS - 1):
            try:
                return self.run(*arguments)
            except ActionError as error:
                log.info(str(error))
            log.info(f"Waiting {WAIT} seconds before trying again")
            time.sleep(WAIT)
        return self.run(*arguments)

    def _capture(self, arguments: tuple[str, ...], *, quiet: bool) -> tuple[int, str]:
        if not quiet:
            self._show(arguments)
        done = subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env=self._environment(),
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None,
        )
        text = done.stdout.decode(errors="replace").strip()
        if text and not quiet:
            log.info(text)
        return done.returncode, text

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment}

    def _show(self, arguments: tuple[str, ...]) -> None:
        words = (f'"{word}"' if " " in word or not word else word for word in arguments)
        log.info(f"[command]{self.program} {' '.join(words)}")

    def _judge(self, code: int) -> None:
        if code != 0:
            raise ActionError(f"The process '{self.program}' failed with exit code {code}")
