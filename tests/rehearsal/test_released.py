"""A version that the real index holds already would be refused there."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.findings import Severity
from simulator.indexes import IndexName
from simulator.rehearsal.released import already_released, already_there, passed_over, too_many_new, yanked_again
from simulator.remedies import Act, remedy
from simulator.twins.base import HeldRelease, PublishedFile, ReleasedProject


def published(filename: str, index: IndexName = "pypi") -> PublishedFile:
    return PublishedFile(
        job_id="p", index=index, project="demo", version="1", filename=filename, size=1, sha256="0", path=Path(filename)
    )


@pytest.mark.parametrize(
    ("index", "skipping", "severity", "shown"),
    [
        ("pypi", [], Severity.ERROR, "400 File already exists ('demo-1.tar.gz')."),
        ("pypi", ["testpypi"], Severity.ERROR, "400 File already exists ('demo-1.tar.gz')."),
        ("pypi", ["pypi"], Severity.WARNING, None),
        ("testpypi", [], Severity.WARNING, "400 File already exists ('demo-1.tar.gz')."),
    ],
)
def test_one_finding_a_release(
    index: IndexName, skipping: list[IndexName], severity: Severity, shown: str | None
) -> None:
    files = [published("demo-1.tar.gz", index), published("demo-1-py3-none-any.whl", index)]
    (finding,) = already_released(files, skipping)
    assert (finding.code, finding.severity, finding.would_show) == ("already-released", severity, shown)
    assert "aise the version" in finding.hint


@pytest.mark.parametrize(("real", "where"), [(True, "PyPI itself"), (False, "the local PyPI")])
def test_a_version_that_a_tool_passed_over(*, real: bool, where: str) -> None:
    held = HeldRelease(index="pypi", project="demo", version="1", since=86_400.0, real=real)
    finding = passed_over("publish", held, published=False)
    assert finding.message.startswith(f"Job publish uploaded nothing: {where} holds demo 1 since 1970-01-02")
    assert finding.severity is Severity.ERROR
    assert passed_over("publish", held, published=True).severity is Severity.WARNING


def test_nothing_is_nothing() -> None:
    assert not list(already_released([], ()))


def test_new_files_of_a_yanked_release() -> None:
    first, second = yanked_again({("demo", "1"): "broken", ("demo", "2"): ""}, "testpypi")
    assert first.message.startswith("demo 1 is yanked on TestPyPI (broken), and so are new files")
    assert second.message.startswith("demo 2 is yanked on TestPyPI, and")
    assert first.severity is Severity.WARNING


def test_a_project_of_the_real_index_that_was_rehearsed_as_new() -> None:
    known = ReleasedProject(index="pypi", project="known", files=())
    strange = ReleasedProject(index="testpypi", project="demo", files=(), strange=True)
    (finding,) = already_there([known, strange], "octo/demo")
    assert (finding.code, finding.severity, finding.where) == ("project-exists", Severity.NOTICE, "demo")
    assert finding.message.startswith("TestPyPI itself has a project demo, of which pysim was not told")
    assert finding.hint.startswith("If it is yours, import it.")
    assert finding.remedies == (remedy(Act.IMPORT_PROJECT, "demo", index="testpypi"),)


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://github.com/octo/demo", True),
        ("https://github.com/Octo/Demo/issues", True),
        ("https://www.github.com/octo/demo#readme", True),
        ("git@github.com:octo/demo.git", True),
        ("https://github.com/octo/demo-2", False),
        ("https://github.com/other/demo", False),
        ("https://notgithub.com/octo/demo", False),
        ("https://demo.example", False),
    ],
)
def test_one_whose_newest_release_names_this_repository_is_yours(url: str, own: bool) -> None:
    held = ReleasedProject(index="pypi", project="demo", files=(), strange=True, urls=("https://x.example", url))
    assert (list(already_there([held], "octo/demo")) == []) == own


def test_more_new_projects_than_an_index_makes_in_a_day() -> None:
    (finding,) = too_many_new({"pypi": ["a", "b", "c", "d", "e"]})
    assert (finding.code, finding.severity) == ("too-many-new-projects", Severity.ERROR)
    assert finding.message.startswith("Uploads with a token make 5 projects that PyPI does not have")
    assert finding.would_show == "429 Too many new projects created"
