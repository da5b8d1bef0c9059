"""Puts a version of Node.js on PATH and writes a registry's settings: the program of actions/setup-node.

Owns which version is meant, what is exported and what is said. Source: the action's own code, v3 to v7.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from simulator.actions.builtin.setup_node import releases, version_files
from simulator.actions.builtin.setup_python.installations import own_architecture
from simulator.actions.builtin.toolkit import log, step

NEWEST = 7
NO_TOKEN = "XXXXX-XXXXX-XXXXX-XXXXX"  # noqa: S105 - what the action itself sets for none


def main() -> None:
    """The action's program."""
    version, architecture = wanted_version(), step.text_input("architecture")
    if architecture and not version:
        log.warning(
            "`architecture` is provided but `node-version` is missing. In this configuration, the version/architecture "
            "of Node will not be changed. To fix this, provide `architecture` in combination with `node-version`"
        )
    if version:
        folder = releases.find_or_install(version, architecture or own_architecture())
        step.add_path(str(folder / "bin"))
    show_tools()
    registry = step.text_input("registry-url")
    if registry:
        write_registry(registry if registry.endswith("/") else f"{registry}/")
    manager = step.text_input("cache")
    if manager:
        log.warning(f"pysim does not model the cache of setup-node: nothing is restored or saved for {manager}.")
        step.set_output("cache-hit", "false")


def wanted_version() -> str:
    """The version of the input, else of the named file, else none."""
    version, file = step.text_input("node-version"), step.text_input("node-version-file")
    if version and file:
        log.warning("Both node-version and node-version-file inputs are specified, only node-version will be used")
    if version or not file:
        return version
    path = Path(step.variable("GITHUB_WORKSPACE")) / file
    found = version_files.read(path) or ""
    if not found:
        log.warning(f"Could not determine node version from {path}. Falling back")
    log.info(f"Resolved {file} as {found}")
    return found


def show_tools() -> None:
    """Say which programs are on PATH, and give out Node's version."""
    with log.group("Environment details"):
        for tool in ("node", "npm", "yarn"):
            program = shutil.which(tool)
            done = (
                subprocess.run([program, "--version"], check=False, capture_output=True, text=True) if program else None
            )
            version = done.stdout.strip() if done and done.returncode == 0 else ""
            if tool == "node":
                step.set_output("node-version", version)
            log.info(f"{tool}: {version}")


def write_registry(url: str) -> None:
    """Write the settings of a registry where npm will read them; the token stays in a variable."""
    file = Path(step.variable("RUNNER_TEMP")) / ".npmrc"
    scope = step.text_input("scope")
    if not scope and urlsplit(url).hostname == "npm.pkg.github.com":
        scope = os.environ.get("GITHUB_REPOSITORY_OWNER", "")
    prefix = f"@{scope.removeprefix('@')}:".lower() if scope else ""
    present = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    lines = [line for line in present if line and not line.lower().startswith(f"{prefix}registry")]
    lines += [f"{url.partition(':')[2]}:_authToken=${{NODE_AUTH_TOKEN}}", f"{prefix}registry={url}"]
    major = step.major_version(NEWEST)
    if major < 6:
        lines.append(f"always-auth={str(step.flag_input('always-auth', default=False)).lower()}")
    file.write_text("\n".join(lines), encoding="utf-8")
    step.export_variable("NPM_CONFIG_USERCONFIG", str(file))
    token = os.environ.get("NODE_AUTH_TOKEN")
    if major < 7:
        token = token or NO_TOKEN
    if token is not None:
        step.export_variable("NODE_AUTH_TOKEN", token)


if __name__ == "__main__":
    step.run(main)
