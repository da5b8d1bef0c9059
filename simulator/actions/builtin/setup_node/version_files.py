"""Which Node.js a project's file asks for. Source: the action's own code, v3 to v7."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from simulator.actions.builtin.toolkit import log
from simulator.actions.builtin.toolkit.step import ActionError

Table = dict[str, Any]


def read(file: Path) -> str | None:
    """The version, None for a package.json without one. Raises ActionError for a file that is not there."""
    if not file.is_file():
        raise ActionError(f"The specified node version file at: {file} does not exist")
    text = file.read_text(encoding="utf-8")
    try:
        manifest = json.loads(text)
    except ValueError:
        log.info("Node version file is not JSON file")
    else:
        if isinstance(manifest, dict):
            return _of_package(manifest, file)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        log.info("Node version file is not TOML file")
    else:
        if node := table.get("tools", {}).get("node"):
            return str(node.get("version")) if isinstance(node, dict) else str(node)
    found = re.search(r"^(?:node(?:js)?\s+)?v?(\S+)$", text, re.MULTILINE)
    return found[1] if found else text.strip()


def _of_package(manifest: Table, file: Path) -> str | None:
    volta = manifest.get("volta") or {}
    runtime = (manifest.get("devEngines") or {}).get("runtime") or []
    runtimes = runtime if isinstance(runtime, list) else [runtime]
    named = (str(each["version"]) for each in runtimes if str(each.get("name")).lower() == "node" and "version" in each)
    found = volta.get("node") or next(named, None) or (manifest.get("engines") or {}).get("node")
    if found:
        return str(found)
    if extended := volta.get("extends"):
        other = (file.parent / str(extended)).resolve()
        log.info(f"Resolving node version from {other}")
        return read(other)
    return None
