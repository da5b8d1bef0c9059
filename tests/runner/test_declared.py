"""Artifacts that steps declare in GITHUB_ARTIFACTS, and the list that later steps read."""

from __future__ import annotations

import hashlib
import json
from pathlib import PurePosixPath

import pytest

from simulator.errors import EngineError
from simulator.runner.declared import LARGEST_FILE, MOST, Declared
from simulator.runner.files import FileCommandError
from tests.runner.driving import World, job_of

HEX = "a" * 64
FILES = {PurePosixPath("/job/dist/a.whl"): b"wheel", PurePosixPath("/elsewhere/b.whl"): b"other"}


def read(path: PurePosixPath) -> bytes:
    if path == PurePosixPath("/job/dist"):
        raise EngineError("a folder", hint="")
    if path not in FILES:
        raise FileNotFoundError(str(path))
    return FILES[path]


def declared() -> Declared:
    return Declared(PurePosixPath("/job"), read)


def listing(found: Declared) -> list[tuple[str, str, str]]:
    data = json.loads(found.listing())
    assert data["version"] == 1
    return [(item["name"], item["digest"], item["kind"]) for item in data["subjects"]]


def test_what_can_be_declared() -> None:
    found = declared()
    text = f"# a comment\n\n dist/a.whl \nfile:///elsewhere/b.whl\noci://r.example/i@sha256:{HEX.upper()}\nr/j:1@sha256:{HEX}\n"
    assert found.take(text, len(text)) == "Captured 4 artifact subject(s) from this step (job total: 4)."
    assert listing(found) == [
        ("a.whl", f"sha256:{hashlib.sha256(b'wheel').hexdigest()}", "file"),
        ("b.whl", f"sha256:{hashlib.sha256(b'other').hexdigest()}", "file"),
        ("r.example/i", f"sha256:{HEX}", "oci"),
        ("r/j:1", f"sha256:{HEX}", "oci"),
    ]
    assert found.take("dist/a.whl", 10) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a=b", "entries containing '=' are reserved and not permitted"),
        ("file://", "file:// entries must include a path"),
        ("oci://image", "oci:// entries must include an @sha{256,384,512}:<hex> digest"),
        ("oci://image@sha256:abc", "digest 'sha256' must be 64 hex characters, got 3"),
        ("https://x.example/a", "unsupported URI scheme"),
        ("gone", "file 'gone' does not exist (relative paths are resolved against the workspace root '/job')"),
        ("/gone", "file '/gone' does not exist"),
        ("image@sha256:abc", "file 'image@sha256:abc' does not exist (relative paths are resolved against the"),
        ("dist", "'dist' is a directory, not a regular file"),
    ],
)
def test_what_cannot(line: str, reason: str) -> None:
    found = declared()
    with pytest.raises(FileCommandError) as caught:
        found.take(f"dist/a.whl\n{line}", 10)
    assert str(caught.value).startswith(f"Invalid $GITHUB_ARTIFACTS entry on line 2: {reason}")
    assert listing(found) == []


def test_limits_and_conflicts() -> None:
    found = declared()
    with pytest.raises(FileCommandError, match="exceeds the maximum size of 1024 KiB"):
        found.take("", LARGEST_FILE + 1)
    text = "\n".join(f"i{n}@sha256:{HEX}" for n in range(MOST))
    found.take(text, len(text))
    with pytest.raises(FileCommandError, match="maximum of 500 declared artifacts"):
        found.take(f"one-more@sha256:{HEX}", 1)
    with pytest.raises(FileCommandError, match="Conflicting digest for artifact 'i0'"):
        found.take(f"i0@sha256:{'b' * 64}", 1)


STEPS = """
- run: |
    artifacts i@sha256:HEX
- run: |
    artifacts a=b
- if: always()
  run: content GITHUB_ARTIFACTS_LIST
""".replace("HEX", HEX)


def test_steps_declare_where_the_switch_is_on() -> None:
    ran = World().run(job_of(STEPS, head="env: {ACTIONS_RUNNER_ALLOW_ARTIFACTS_FILE: 'true'}"))
    assert "Captured 1 artifact subject(s) from this step (job total: 1)." in ran.lines("build")
    assert ran.lines("build", "error")[0] == "Unable to process file command 'artifacts' successfully."
    assert any(f'"digest":"sha256:{HEX}"' in line for line in ran.lines("build"))


def test_without_the_switch_the_files_mean_nothing() -> None:
    ran = World().run(job_of(STEPS))
    assert ran.conclusions == {"build": "success"}
    assert "GITHUB_ARTIFACTS_LIST: " in ran.lines("build")
