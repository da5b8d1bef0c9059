"""Which actions pysim ships. Read on the host alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent

# owner/repo or owner/repo/path in lower case -> the action's folder; its action.yml says which versions it stands for
BUILTIN: Mapping[str, Path] = {
    "actions/attest": FOLDER / "attest",
    "actions/attest-build-provenance": FOLDER / "attest_build_provenance",
    "actions/attest-sbom": FOLDER / "attest_sbom",
    "actions/cache": FOLDER / "cache",
    "actions/cache/restore": FOLDER / "cache_restore",
    "actions/cache/save": FOLDER / "cache_save",
    "actions/checkout": FOLDER / "checkout",
    "actions/download-artifact": FOLDER / "download_artifact",
    "actions/setup-node": FOLDER / "setup_node",
    "actions/setup-python": FOLDER / "setup_python",
    "actions/upload-artifact": FOLDER / "upload_artifact",
    "actions/upload-artifact/merge": FOLDER / "upload_artifact_merge",
    "astral-sh/setup-uv": FOLDER / "setup_uv",
    "re-actors/alls-green": FOLDER / "alls_green",
    "pypa/gh-action-pypi-publish": FOLDER / "gh_action_pypi_publish",
    "sigstore/gh-action-sigstore-python": FOLDER / "gh_action_sigstore_python",
    "softprops/action-gh-release": FOLDER / "action_gh_release",
}

# What is done in a sandbox before a repository's own code runs there: a script of this folder.
PREPARED: Mapping[str, str] = {"actions/setup-python": "setup_python/fill.py"}
