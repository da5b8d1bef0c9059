"""Where no event is named: the push of the tag is rehearsed, or its release where only that publishes."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.operations.chosen_event import choose_event
from simulator.operations.request import EventName, Request
from simulator.remedies import Act, remedy
from tests.operations.reading import read

FOLDER = ".github/workflows"
BOTH = "{push: {tags: ['*']}, release: {types: [published]}}"
TOKEN = "${{ github.token }}"
RELEASE = "github.event_name == 'release'"


def job(condition: str = "true", run: str = "twine upload dist/*") -> str:
    step = f"{{run: '{run}', env: {{GH_TOKEN: '{TOKEN}'}}}}"
    return f'jobs: {{publish: {{if: "{condition}", runs-on: ubuntu-latest, steps: [{step}]}}}}\n'


def call(path: str) -> str:
    return f"jobs: {{publish: {{uses: '{path}'}}}}\n"


def chosen(root: Path, files: dict[str, str], *, event: EventName | None = None) -> tuple[Request, str | None]:
    folder = root / "repository" / FOLDER
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    request = Request(repository=root / "repository", tag="v1", event=event)
    request, notice = choose_event(request, *read(request, root / "clone.git"))
    if notice is not None:
        assert notice.remedies == (remedy(Act.CHOOSE_EVENT, "push"),)
    return request, notice.message if notice else None


RELEASED = {
    "the push starts nothing": {"w.yml": "on: release\n" + job()},
    "the job waits for a release": {"w.yml": f"on: {BOTH}\n" + job(RELEASE)},
    "the push goes to the test index": {
        "w.yml": f"on: {BOTH}\n" + job("github.event_name == 'push'", "twine upload -r testpypi dist/*"),
        "x.yml": "on: {release: {types: [published]}}\n" + job(),
    },
    "a job of the release adds to it": {
        "w.yml": f"on: {BOTH}\n" + job(RELEASE, "gh release edit --draft=false && twine upload dist/*"),
    },
    "the called workflow waits for a release": {
        "w.yml": f"on: {BOTH}\n" + call(f"./{FOLDER}/called.yml"),
        "called.yml": "on: workflow_call\n" + job(RELEASE),
    },
}


@pytest.mark.parametrize("files", RELEASED.values(), ids=RELEASED)
def test_the_release(tmp_path: Path, files: dict[str, str]) -> None:
    request, notice = chosen(tmp_path, files)
    assert request.event == "release"
    path = f"{FOLDER}/{'x.yml' if 'x.yml' in files else 'w.yml'}"
    assert notice is not None
    assert notice.startswith("The release of v1 is rehearsed and not the push of the tag, by which nothing would be")
    assert notice.endswith(f"{path} does that for a release.")


PUSHED = {
    "the push publishes": {"w.yml": "on: {push: {tags: ['*']}}\n" + job()},
    "both publish": {"w.yml": f"on: {BOTH}\n" + job()},
    "neither publishes": {"w.yml": f"on: {BOTH}\n" + job(run="make")},
    "by a condition that a run decides": {"w.yml": f"on: {BOTH}\n" + job("vars.PUBLISH == 'yes'")},
    "the push of a branch is no release": {"w.yml": "on: {push: {branches: [main]}}\n" + job()},
    "a job of the push makes the release": {
        "w.yml": "on: {push: {tags: ['*']}}\n" + job(run="gh release create v1"),
        "x.yml": "on: release\n" + job(),
    },
    "what is called decides by a tag": {
        "w.yml": f"on: {BOTH}\n" + call(f"./{FOLDER}/called.yml"),
        "called.yml": "on: workflow_call\n" + job("startsWith(github.ref, 'refs/tags/')"),
    },
}


@pytest.mark.parametrize("files", PUSHED.values(), ids=PUSHED)
def test_the_push(tmp_path: Path, files: dict[str, str]) -> None:
    request, notice = chosen(tmp_path, files)
    assert (request.event, notice) == ("push", None)


def test_the_event_that_was_named(tmp_path: Path) -> None:
    request, notice = chosen(tmp_path, RELEASED["the push starts nothing"], event="push")
    assert (request.event, notice) == ("push", None)
