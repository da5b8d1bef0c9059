"""Faults that people had in the wild, with what the last 40 lines that pysim prints must name of each.

The inputs lie beside the project; what is looked for is written here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

FIELD: Final = Path(__file__).parents[2].parent / "shared" / "field"
SCREEN: Final = 40  # lines

pytestmark = [
    pytest.mark.local,
    pytest.mark.network,
    pytest.mark.skipif(not FIELD.is_dir(), reason="the inputs from the field are not beside the project"),
]

WORDS: Final[Mapping[str, Sequence[str]]] = {
    "newcomer/01-dist-path-upload": (
        "release.yml:22",
        "| path: build/dist/",
        "no files at build/dist/",
        "`path: dist/`",
    ),
    "newcomer/11-if-string": ("release.yml:27", "always true", "Write it as one expression"),
    "newcomer/14-python-310": ("release.yml:14", "| python-version: 3.10", "is the number 3.1", "Quote it: '3.10'"),
    "newcomer/unknown-refs": (
        "actions/checkout@main",
        "actions/setup-python@v7",
        "actions/upload-artifact@v4",
        "pypa/gh-action-pypi-publish@release/v1, the nearest",
    ),
    "reports/01-member-twice": ("holds tinypkg.py more than once", "what packs it again"),
    "reports/02-zip-sdist-attested": ("should be 'tinypkg-1.0.tar.gz'", "pyproject.toml:2"),
    "reports/15-output-not-declared": ("release.yml:13", "job decide declares no output created", "outputs:"),
    "reports/16-skip-goes-on": ("release.yml:23", "job validate before it is skipped", "if: ${{ !cancelled()"),
    "reports/19-github-env": ("release.yml:15", "github.env is the path of a file", "Did you mean env.PUBLISH?"),
    "reports/20-python-3.10-number": ("release.yml:12", "is the number 3.1", "Quote it: '3.10'"),
    "reports/24-common-ancestor": ("release.yml:27", "dist/wheels/ and dist/sources/", "upload from one folder"),
    "reports/35-called-without-secrets": ("release.yml:7", "passes it no secrets", "secrets: inherit"),
    "reports/36-empty-boolean-for-call": ("(Line: 17, Col: 16)", "expected type: Boolean", "inputs.publish == true"),
    "reports/37-release-created-draft": (
        "release.yml:3",
        "saved as a draft first starts nothing",
        "types: [published]",
    ),
    "reports/41-uv-wrong-test-host": ("release.yml:15", "TestPyPI has no host", "/legacy/"),
    "reports/45-environment-secret": ("release.yml:25", "names no environment: it is empty", "`environment: pypi`"),
    "reports/49-unquoted-word": ("action.yml:10", "Unrecognized named-value: 'production'", "single quotes"),
    "reports/50-inherit-in-workflow-call": (
        "docs.yml:4:14",
        "Unexpected value 'inherit'",
        "2 workflows checked: 1 error",
    ),
    "reports/51-hatch-publish-keyring": ("release.yml:18", "hatch does no trusted publishing", "HATCH_INDEX_AUTH"),
    "reports/53-gitignore-as-asset": ("3 files: created", "default.gitignore"),
    "releases/00-go-though-refused": ("holds six 1.17.0 already, with other content", "Raise the version"),
    "releases/14-published-nothing": (
        "publish.yml:11",
        "'refs/tags/v0.6' against 'refs/tags/v0.5'",
        "Mend the condition",
    ),
}


@pytest.mark.parametrize("case", WORDS)
def test_the_last_lines_name_the_cause(case: str, tmp_path: Path) -> None:
    folder = FIELD / case
    if not folder.is_dir():
        pytest.skip("this input is not beside the project")
    env = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "TMPDIR": str(tmp_path),
        "HOME": str(tmp_path),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    started = [sys.executable, str(FIELD / "run-case"), str(folder)]
    done = subprocess.run(started, env={**os.environ, **env}, capture_output=True, text=True, check=False, timeout=300)
    assert "Traceback" not in done.stderr
    screen = " ".join(" ".join((done.stdout + done.stderr).splitlines()[-SCREEN:]).split())
    assert [words for words in WORDS[case] if words not in screen] == [], done.stdout
