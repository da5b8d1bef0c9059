"""actions/cache with its sub-actions against the real cache twin, and beside GitHub's own client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.run_events import CacheUsed
from tests.actions.driving import Driver, JobDriver, Outcome
from tests.toolkit.install import Toolkit
from tests.twins.driving import Rig
from tests.twins.scripts import Scripts

pytestmark = pytest.mark.clients
CACHE, RESTORE, SAVE = (f"actions/cache{part}@v4" for part in ("", "/restore", "/save"))
REF = {"GITHUB_REF": "refs/tags/v0.1.0"}


@dataclass
class Step:
    """A use of actions/cache in a job, from its main part to its post part."""

    driver: Driver
    inputs: Mapping[str, str]

    def main(self) -> Outcome:
        self.began = self.driver.run(CACHE, self.inputs, REF)
        return self.began

    def post(self) -> Outcome:
        return self.driver.run(CACHE, self.inputs, REF, script="post.py", state=self.began.state)


@pytest.fixture
def build(in_job: JobDriver) -> Driver:
    return in_job("build")


def fill(folder: Path, text: str = "kept") -> None:
    (folder / "sub").mkdir(parents=True, exist_ok=True)
    (folder / "a").write_text(text)
    (folder / "sub/b").write_text(text)
    (folder / "sub/b").chmod(0o755)
    (folder / ".hidden").write_text(text)
    link = folder / "link"
    link.unlink(missing_ok=True)
    link.symlink_to("a")


def listed(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    folder.rmdir()


def test_a_miss_is_saved_and_then_hit(rig: Rig, build: Driver) -> None:
    folder = build.workspace / "kept"
    step = Step(build, {"path": "kept", "key": "k-1", "restore-keys": "k-\nx"})
    missed = step.main()
    assert (missed.code, missed.outputs) == (0, {}), "cache-hit is not set on a miss"
    assert "Cache not found for input keys: k-1, k-, x" in missed.lines
    fill(folder)
    saved = step.post()
    assert saved.lines[-1] == "Cache saved with key: k-1", saved.log
    before = listed(folder)
    remove(folder)
    again = Step(build, {"path": "kept", "key": "k-1"})
    hit = again.main()
    assert (hit.outputs, hit.lines[-1]) == ({"cache-hit": "true"}, "Cache restored from key: k-1"), hit.log
    assert listed(folder) == before
    assert (folder / "sub/b").stat().st_mode & 0o777 == 0o755
    assert (folder / "link").is_symlink()
    assert again.post().lines == ["Cache hit occurred on the primary key k-1, not saving cache."]
    assert [event.outcome for event in rig.seen(CacheUsed)] == ["miss", "saved", "hit"]


def test_a_restore_key(build: Driver) -> None:
    fill(build.workspace / "kept")
    assert build.run(SAVE, {"path": "kept", "key": "k-1"}, REF).lines[-1] == "Cache saved with key: k-1"
    remove(build.workspace / "kept")
    step = Step(build, {"path": "kept", "key": "k-2", "restore-keys": "k-"})
    found = step.main()
    assert (found.outputs, found.state) == ({"cache-hit": "false"}, {"CACHE_KEY": "k-2", "CACHE_RESULT": "k-1"})
    assert "Cache hit for restore-key: k-1" in found.lines
    assert (build.workspace / "kept/a").read_text() == "kept"
    assert step.post().lines[-1] == "Cache saved with key: k-2"


def test_the_key_of_the_main_part_is_saved(build: Driver) -> None:
    (build.workspace / "a").write_text("a")
    step = Step(build, {"path": "a", "key": "before"})
    step.main()
    step.inputs = {"path": "a", "key": "after"}
    assert step.post().lines[-1] == "Cache saved with key: before"


def test_restore_alone(build: Driver) -> None:
    (build.workspace / "a").write_text("a")
    build.run(SAVE, {"path": "a", "key": "K-1"}, REF)
    (build.workspace / "a").unlink()
    looked = build.run(RESTORE, {"path": "a", "key": "K-1", "lookup-only": "true"}, REF)
    assert looked.outputs == {"cache-primary-key": "K-1", "cache-matched-key": "K-1", "cache-hit": "true"}
    assert looked.lines[-1] == "Cache found and can be restored from key: K-1"
    assert not (build.workspace / "a").exists()
    missed = build.run(RESTORE, {"path": "a", "key": "none", "fail-on-cache-miss": "true"}, REF)
    assert missed.code == 1
    assert missed.said("error") == [
        "Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: none"
    ]


def test_saving_twice(build: Driver) -> None:
    (build.workspace / "a").write_text("a")
    build.run(SAVE, {"path": "a", "key": "k"}, REF)
    again = build.run(SAVE, {"path": "a", "key": "k"}, REF)
    assert again.code == 0
    assert "Failed to save: Unable to reserve cache with key k, another job may be creating this cache." in again.lines
    assert again.said("warning") == ["Cache save failed."]


def test_home_absolute_paths_and_patterns(build: Driver, tmp_path: Path) -> None:
    home, far = Path(build.base["HOME"]), tmp_path / "far"
    fill(home / ".cache/pip")
    fill(far)
    for name in ("one.txt", "two.txt", "two.md"):
        (build.workspace / name).write_text(name)
    inputs = {"path": f"~/.cache/pip\n{far}\n*.txt\n!one.txt", "key": "k"}
    saved = build.run(SAVE, inputs, REF)
    assert saved.lines[-1] == "Cache saved with key: k", saved.log
    for folder in (home / ".cache/pip", far):
        remove(folder)
    for path in build.workspace.iterdir():
        path.unlink()
    assert build.run(RESTORE, inputs, REF).outputs["cache-hit"] == "true"
    assert (home / ".cache/pip/.hidden").read_text() == (far / "sub/b").read_text() == "kept"
    assert listed(build.workspace) == {"two.txt": "two.txt"}


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ({"path": "a"}, "Input required and not supplied: key"),
        ({"key": "k"}, "Input required and not supplied: path"),
        ({"path": "a", "key": "a,b"}, "Key Validation Error: a,b cannot contain commas."),
        ({"path": "a", "key": "k" * 513}, f"Key Validation Error: {'k' * 513} cannot be larger than 512 characters."),
        (
            {"path": "a", "key": "k", "restore-keys": "\n".join("abcdefghij")},
            "Key Validation Error: Keys are limited to a maximum of 10.",
        ),
    ],
)
def test_what_restore_refuses(build: Driver, inputs: dict[str, str], error: str) -> None:
    done = build.run(CACHE, inputs, REF)
    assert (done.code, done.said("error")) == (1, [error])


@pytest.mark.parametrize(
    ("inputs", "env", "said"),
    [
        (
            {"path": "none", "key": "k"},
            REF,
            "Path Validation Error: Path(s) specified in the action",
        ),
        ({"path": "a"}, REF, "Key is not specified."),
        ({"path": "a", "key": "k"}, {**REF, "ACTIONS_RESULTS_URL": ""}, "Cache service is not available"),
        ({"path": "a", "key": "k"}, {"GITHUB_REF": ""}, "Event Validation Error: The event type push is not supported"),
    ],
)
def test_what_keeps_save_from_saving(
    rig: Rig, build: Driver, inputs: dict[str, str], env: dict[str, str], said: str
) -> None:
    (build.workspace / "a").write_text("a")
    done = build.run(SAVE, inputs, env)
    assert done.code == 0
    assert done.lines[-2].startswith(f"[warning]{said}")
    assert rig.seen(CacheUsed) == []


@pytest.mark.parametrize("version", [4, 6])
def test_entries_are_shared_with_githubs_own_client(rig: Rig, toolkit: Toolkit, build: Driver, version: int) -> None:
    """The same key, paths and version: what one saves, the other finds."""
    scripts = Scripts(job=rig.job("real"), toolkit=toolkit, folder=build.workspace, env={"HOME": build.base["HOME"]})
    fill(build.workspace / "kept")
    fill(Path(build.base["HOME"], ".cache/x"))
    before, paths = listed(build.workspace / "kept"), "['kept', '~/.cache/x']"
    inputs = {"path": "kept\n~/.cache/x", "key": "ours"}

    assert build.run(SAVE, inputs, REF).lines[-1] == "Cache saved with key: ours"
    remove(build.workspace / "kept")
    assert scripts.run(f"return await cache({version}).restoreCache({paths}, 'ours')") == "ours"
    assert listed(build.workspace / "kept") == before

    scripts.run(f"await cache({version}).saveCache({paths}, 'theirs')")
    remove(build.workspace / "kept")
    found = build.run(RESTORE, {**inputs, "key": "theirs"}, REF)
    assert found.outputs["cache-hit"] == "true", found.log
    assert listed(build.workspace / "kept") == before
