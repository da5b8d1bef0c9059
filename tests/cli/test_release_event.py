"""A release is several events for GitHub: which of them starts a workflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.operations.preparation import Started, load_workflows, plan_started, start_workflows
from simulator.operations.request import RunOptions
from simulator.triggers.repository import read_identity, take_source

JOB = "jobs: {{publish: {{runs-on: ubuntu-latest, steps: [{{run: 'twine upload {name}'}}]}}}}\n"


def started(root: Path, on: str, *, prerelease: bool = False, names: tuple[str, ...] = ("w",)) -> tuple[Started, ...]:
    folder = root / "repository/.github/workflows"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.yml").write_text(f"on: {on}\n" + JOB.format(name=name))
    options = RunOptions(directory=folder, tag="v1", event_name="release", prerelease=prerelease)
    identity = read_identity(root / "repository")
    source = take_source(root / "repository", root / "clone.git", tag="v1")
    return start_workflows(options, identity, source, load_workflows(source, ()))


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
    (item,) = started(tmp_path, f"{{release: {{types: {types}}}}}", prerelease=prerelease)
    assert item.match.starts is (action is not None)
    assert len(item.activities) == times
    if action is not None:
        assert item.event.action == action
        release = item.event.payload["release"]
        assert isinstance(release, dict)
        assert release["prerelease"] is prerelease


def test_without_types_every_activity_starts_it(tmp_path: Path) -> None:
    (item,) = started(tmp_path, "release")
    assert item.activities == ("published", "released", "created")


def test_jobs_of_two_workflows_are_told_apart(tmp_path: Path) -> None:
    both = started(tmp_path, "{release: {types: [published]}}", names=("one", "two"))
    options = RunOptions(directory=tmp_path, tag="v1", event_name="release")
    plans = plan_started(options, read_identity(tmp_path / "repository"), both, {}, lambda _: None)
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
    assert "--source worktree" in error.value.hint
