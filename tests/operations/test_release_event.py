"""A release is several events for GitHub: which of them starts a workflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.operations.plans import plan_started
from simulator.operations.request import Request
from simulator.operations.source import Repository
from simulator.operations.starting import Started, start_workflows
from simulator.remedies import Act, remedy
from tests.operations.reading import read

JOB = "jobs: {{publish: {{runs-on: ubuntu-latest, steps: [{{run: 'twine upload {name}'}}]}}}}\n"


def started(
    root: Path, on: str, *, prerelease: bool = False, names: tuple[str, ...] = ("w",)
) -> tuple[Request, Repository, tuple[Started, ...]]:
    folder = root / "repository/.github/workflows"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.yml").write_text(f"on: {on}\n" + JOB.format(name=name))
    request = Request(repository=root / "repository", tag="v1", event="release", prerelease=prerelease)
    repository, files = read(request, root / "clone.git")
    return request, repository, start_workflows(request, repository, files.valid())


@pytest.mark.parametrize(
    ("types", "prerelease", "action", "times"),
    [
        ("[published]", False, "published", 1),
        ("[published]", True, "published", 1),
        ("[prereleased]", True, "prereleased", 1),
        ("[prereleased]", False, None, 0),
        ("[released]", False, "released", 1),
        ("[released]", True, None, 0),
        ("[created]", False, "created", 1),
        ("[published, created]", False, "published", 2),
        ("[edited]", False, None, 0),
    ],
)
def test_activity_types(tmp_path: Path, types: str, prerelease: bool, action: str | None, times: int) -> None:
    _, _, (item,) = started(tmp_path, f"{{release: {{types: {types}}}}}", prerelease=prerelease)
    assert item.match.starts is (action is not None)
    assert len(item.activities) == times
    if action is not None:
        assert item.event.action == action
        release = item.event.payload["release"]
        assert isinstance(release, dict)
        assert release["prerelease"] is prerelease


def test_without_types_every_activity_starts_it(tmp_path: Path) -> None:
    _, _, (item,) = started(tmp_path, "release")
    assert item.activities == ("published", "released", "created")


def test_jobs_of_two_workflows_are_told_apart(tmp_path: Path) -> None:
    request, repository, both = started(tmp_path, "{release: {types: [published]}}", names=("one", "two"))
    plans = plan_started(request, repository, both, {}, lambda _: None)
    assert [(job.key, job.name) for plan in plans for job in plan.jobs] == [("one/publish",) * 2, ("two/publish",) * 2]


def test_workflows_that_no_commit_holds(tmp_path: Path) -> None:
    from simulator import process

    root = tmp_path / "repository"
    root.mkdir()
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", "none"]):
        process.run(["git", *words], cwd=root)
    with pytest.raises(UsageError, match=r"holds no workflow in .github/workflows, though the folder does") as error:
        started(tmp_path, "release")
    assert error.value.remedies == (remedy(Act.USE_WORKTREE),)
