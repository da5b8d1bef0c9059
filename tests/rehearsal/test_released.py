"""A version that the real index holds already would be refused there."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.findings import Severity
from simulator.indexes import IndexName
from simulator.rehearsal.released import already_released, already_there, passed_over, yanked_again
from simulator.remedies import Act, remedy
from simulator.twins.base import HeldRelease, PublishedFile, ReleasedProject


def published(filename: str, index: IndexName = "pypi") -> PublishedFile:
    return PublishedFile(
        job_id="p", index=index, project="demo", version="1", filename=filename, size=1, sha256="0", path=Path(filename)
    )


@pytest.mark.parametrize(
    ("index", "again", "severity", "hint"),
    [
        ("pypi", False, Severity.ERROR, "Raise the version"),
        ("pypi", True, Severity.WARNING, "a release that was made"),
        ("testpypi", False, Severity.WARNING, "Raise the version"),
    ],
)
def test_one_finding_a_release(index: IndexName, again: bool, severity: Severity, hint: str) -> None:
    files = [published("demo-1.tar.gz", index), published("demo-1-py3-none-any.whl", index)]
    (finding,) = already_released(files, again=again)
    assert (finding.code, finding.severity) == ("already-released", severity)
    assert finding.would_show is not None
    assert "File already exists ('demo-1.tar.gz')" in finding.would_show
    assert hint in finding.hint


@pytest.mark.parametrize(("real", "where"), [(True, "PyPI itself"), (False, "the local PyPI")])
def test_a_version_that_a_tool_passed_over(*, real: bool, where: str) -> None:
    held = HeldRelease(index="pypi", project="demo", version="1", since=86_400.0, real=real)
    finding = passed_over("publish", held, published=False)
    assert finding.message.startswith(f"Job publish uploaded nothing: {where} holds demo 1 since 1970-01-02")
    assert finding.severity is Severity.ERROR
    assert passed_over("publish", held, published=True).severity is Severity.WARNING


def test_nothing_is_nothing() -> None:
    assert not list(already_released([], again=False))


def test_new_files_of_a_yanked_release() -> None:
    first, second = yanked_again({("demo", "1"): "broken", ("demo", "2"): ""}, "testpypi")
    assert first.message.startswith("demo 1 is yanked on TestPyPI (broken), and so are new files")
    assert second.message.startswith("demo 2 is yanked on TestPyPI, and")
    assert first.severity is Severity.WARNING


def test_a_project_of_the_real_index_that_was_rehearsed_as_new() -> None:
    known = ReleasedProject(index="pypi", project="known", files=())
    (finding,) = already_there([known, ReleasedProject(index="testpypi", project="demo", files=(), strange=True)])
    assert (finding.code, finding.severity, finding.where) == ("project-exists", Severity.WARNING, "demo")
    assert finding.message.startswith("TestPyPI itself has a project demo, of which pysim was not told")
    assert finding.hint.startswith("If it is yours, import it;")
    assert finding.remedies == (remedy(Act.IMPORT_PROJECT, "demo", index="testpypi"),)
