"""The `gh` that is found in jobs which verify attestations."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from simulator import process
from simulator.actions.builtin.toolkit import signing
from simulator.runner.inside import gh


@pytest.mark.parametrize(
    ("words", "wants"),
    [
        ("attestation verify a.whl --repo o/r", True),
        ("at verify a.whl --owner o", True),
        ("attestation verify a.whl --custom-trusted-root mine.jsonl", False),
        ("attestation verify a.whl --custom-trusted-root=mine.jsonl", False),
        ("attestation verify --bundle-from-oci oci://x", False),
        ("attestation download a.whl --repo o/r", False),
        ("release create v1", False),
        ("", False),
    ],
)
def test_the_root_is_added_where_the_public_one_would_be_taken(words: str, wants: bool) -> None:
    assert gh.wants_root(words.split()) is wants


def test_it_asks_where_the_actions_ask() -> None:
    assert gh.TRUST == signing.TRUST


def test_everything_else_goes_to_the_next_gh_as_it_is(tmp_path: Path) -> None:
    for folder, text in (
        ("own", f"#!{sys.executable} -I\n{Path(gh.__file__).read_text()}"),
        ("next", '#!/bin/sh\necho "$@"\n'),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "gh").write_text(text)
        (tmp_path / folder / "gh").chmod(0o755)
    path = f"{tmp_path}/own:{tmp_path}/next:/usr/bin:/bin"
    done = process.run([tmp_path / "own/gh", "pr", "list two"], env={"PATH": path}, clean_env=True)
    assert done.text == "pr list two"
    done = process.run([tmp_path / "own/gh"], env={"PATH": f"{tmp_path}/own"}, clean_env=True, check=False)
    assert (done.code, done.stderr) == (127, b"gh: command not found\n")
