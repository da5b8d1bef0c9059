"""Scripts for GitHub's own JavaScript clients, run on this machine as an action of a job."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.toolkit.install import Toolkit

from .driving import Job


class ScriptError(AssertionError):
    """A script threw; the message is the text of its error annotation."""


@dataclass(kw_only=True)
class Scripts:
    """A job whose actions are scripts; `folder` is its workspace, `log` all that they printed."""

    job: Job
    toolkit: Toolkit
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    log: str = ""

    def run(self, script: str, env: Mapping[str, str] | None = None) -> Any:
        """What a script returns. Raises ScriptError with what it throws."""
        output = self.folder.parent / f"{self.folder.name}.output"
        output.write_text("")
        done = subprocess.run(
            [self.toolkit.node, self.toolkit.action("script") / "dist/main.js"],
            cwd=self.folder,
            env={**self._environment(), "GITHUB_OUTPUT": str(output), "INPUT_SCRIPT": script, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        self.log += done.stdout
        errors = [line.removeprefix("::error::") for line in done.stdout.splitlines() if line.startswith("::error::")]
        if errors or done.returncode:
            raise ScriptError("\n".join(errors) or done.stdout)
        written = output.read_text().splitlines()
        return json.loads(written[1]) if written else None

    def _environment(self) -> Mapping[str, str]:
        temp = self.folder.parent / f"{self.folder.name}.temp"
        temp.mkdir(exist_ok=True)
        return {
            **self.job.env,
            **self.job.access.action_env,
            **self.job.access.script_env,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_API_URL": "https://api.github.com",
            "GITHUB_REPOSITORY": "octo/demo",
            "GITHUB_WORKSPACE": str(self.folder),
            "RUNNER_TEMP": str(temp),
            "RUNNER_DEBUG": "",
            **self.env,
        }


def workspace(job: Job, toolkit: Toolkit, **env: str) -> Scripts:
    """The scripts of a job, in a new workspace."""
    folder = job.folder / "work"
    folder.mkdir(exist_ok=True)
    return Scripts(job=job, toolkit=toolkit, folder=folder, env=env)
