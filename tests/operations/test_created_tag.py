"""The push of a new tag is its creation, too: for a workflow that only that starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.operations.plans import plan_started
from simulator.operations.request import Request
from simulator.operations.starting import may_start, start_workflows
from tests.operations.reading import read

JOBS = """\
jobs:
  publish:
    if: github.event.ref_type == 'tag' && github.ref == 'refs/tags/v1'
    runs-on: ubuntu-latest
    steps: [{run: twine upload dist/*}]
"""


def in_repository(root: Path, text: str) -> Path:
    folder = root / "repository/.github/workflows"
    folder.mkdir(parents=True)
    (folder / "w.yml").write_text(text)
    return root / "repository"


@pytest.mark.parametrize(
    ("on", "event", "starts"),
    [
        ("create", "create", True),
        ("{create: , push: {branches: [main]}}", "create", True),
        ("[create, push]", "push", True),
        ("{push: {branches: [main]}}", "push", False),
        ("delete", "push", False),
    ],
)
def test_what_a_new_tag_starts(tmp_path: Path, on: str, event: str, *, starts: bool) -> None:
    root = in_repository(tmp_path, f"on: {on}\n{JOBS}")
    request = Request(repository=root, tag="v1", event="push")
    repository, files = read(request, tmp_path / "clone.git")
    (found,) = start_workflows(request, repository, files.valid())
    assert (found.event.name, found.match.starts) == (event, starts)
    if event == "create":
        (planned,) = plan_started(request, repository, [found], files.calls(), lambda _: None)
        assert [job.decision for job in planned.jobs] == ["run"]


def test_a_branch_is_not_created(tmp_path: Path) -> None:
    root = in_repository(tmp_path, f"on: create\n{JOBS}")
    request = Request(repository=root, branch="main", event="push")
    repository, files = read(request, tmp_path / "clone.git")
    (found,) = start_workflows(request, repository, files.valid())
    assert not found.match.starts


@pytest.mark.parametrize(("on", "may"), [("create", True), ("delete", False)])
def test_a_file_that_is_not_valid(tmp_path: Path, on: str, *, may: bool) -> None:
    root = in_repository(tmp_path, f"on: {on}\njobs: {{a: {{runs-on: ubuntu-latest, steps: [{{}}]}}}}\n")
    request = Request(repository=root, tag="v1", event="push")
    repository, files = read(request, tmp_path / "clone.git")
    (file,) = files.asked_files
    assert may_start(request, repository, file) is may
