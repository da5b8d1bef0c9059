"""Which actions pysim ships, which it refuses, and which versions GitHub has retired. Read on the host alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent

# owner/repo in lower case -> the action's folder; the versions that it stands for are in its action.yml
BUILTIN: Mapping[str, Path] = {
    "actions/checkout": FOLDER / "checkout",
    "actions/download-artifact": FOLDER / "download_artifact",
    "actions/setup-python": FOLDER / "setup_python",
    "actions/upload-artifact": FOLDER / "upload_artifact",
    "pypa/gh-action-pypi-publish": FOLDER / "gh_action_pypi_publish",
}

_SIGNS = "it signs with a public transparency service, where a rehearsal must leave no trace"
# Actions that cannot do here what they are for, and why.
REFUSED: Mapping[str, str] = {"actions/attest": _SIGNS, "actions/attest-build-provenance": _SIGNS}

_V1_AND_V2 = "https://github.blog/changelog/2024-02-13-deprecation-notice-v1-and-v2-of-the-artifact-actions/"
_V3 = "https://github.blog/changelog/2024-04-16-deprecation-notice-v3-of-the-artifact-actions/"
# Major versions that GitHub fails by itself, and where it says so. Source: GitHub's changelog, read 2026-11.
RETIRED: Mapping[str, Mapping[int, str]] = {
    "actions/upload-artifact": {1: _V1_AND_V2, 2: _V1_AND_V2, 3: _V3},
    "actions/download-artifact": {1: _V1_AND_V2, 2: _V1_AND_V2, 3: _V3},
}
