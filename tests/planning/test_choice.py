"""Which workflows are rehearsed, and what says that a job may publish."""

from __future__ import annotations

import json

import pytest

from simulator.planning.choice import Choice, choose, may_publish, publishing_reason
from simulator.planning.permissions import default_permissions, permissions_of
from simulator.workflow.loader import load_workflow
from simulator.workflow.model import Workflow


def workflow(name: str = "w", *, step: str = "run: make", permissions: str = "", job: str = "") -> Workflow:
    text = f"on: push\n{permissions}\njobs:\n  it:\n    runs-on: ubuntu-latest\n    {job}\n    steps:\n      - {step}\n"
    loaded = load_workflow(text, f".github/workflows/{name}.yml")
    assert loaded.workflow, loaded.diagnostics
    return loaded.workflow


def reason(subject: Workflow) -> str | None:
    return publishing_reason(subject, subject.jobs["it"])


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("uses: pypa/gh-action-pypi-publish@release/v1", "uses pypa/gh-action-pypi-publish@release/v1"),
        ("uses: PyPA/gh-action-pypi-publish@v1.13.0", "uses PyPA/gh-action-pypi-publish@v1.13.0"),
        ("uses: PyO3/maturin-action@v1\n        with: { command: upload }", "uses PyO3/maturin-action@v1"),
        ("uses: PyO3/maturin-action@v1\n        with: { command: build }", None),
        ("uses: actions/checkout@v4", None),
        ("run: twine upload dist/*", "runs twine upload"),
        ("run: python -m twine upload dist/*", "runs twine upload"),
        ("run: python3 -m  twine --no-color  upload dist/*", "runs twine upload"),
        ("run: uv publish", "runs uv publish"),
        ("run: uv --quiet publish --trusted-publishing always", "runs uv publish"),
        ("run: |\n          make\n          hatch publish", "runs hatch publish"),
        ("run: /opt/venv/bin/flit publish", "runs flit publish"),
        ("run: poetry publish --build", "runs poetry publish"),
        ("run: twine check dist/*", None),
        ("run: ./uploader upload", None),
        ("run: mytwine upload x", None),
        ("run: uv run publish-docs", None),
        ("run: |\n          # twine upload dist/*\n          make", None),
    ],
)
def test_what_publishes(step: str, expected: str | None) -> None:
    assert reason(workflow(step=step)) == expected


def test_a_token_may_publish() -> None:
    assert reason(workflow(job="permissions: { id-token: write }")) == "has id-token: write"
    everything = workflow(permissions="permissions: write-all")
    assert may_publish(everything, everything.jobs["it"])
    assert reason(workflow(permissions="permissions: write-all", job="permissions: {}")) is None


def outcome(choices: tuple[Choice, ...]) -> dict[str, bool]:
    return {choice.workflow.path.rpartition("/")[2]: choice.rehearsed for choice in choices}


def test_those_that_may_publish_are_rehearsed() -> None:
    started = [workflow("test"), workflow("publish", step="run: twine upload dist/*")]
    choices = choose(started)
    assert outcome(choices) == {"test.yml": False, "publish.yml": True}
    assert [choice.reason for choice in choices] == ["none of its jobs may publish", "its job it runs twine upload"]
    assert outcome(choose(started, run_all=True)) == {"test.yml": True, "publish.yml": True}


def test_all_are_rehearsed_when_none_may_publish() -> None:
    assert outcome(choose([workflow("test"), workflow("lint")])) == {"test.yml": True, "lint.yml": True}
    assert choose([]) == ()


@pytest.mark.parametrize(
    ("workflow_level", "job_level", "expected"),
    [
        ("", "", {"metadata": "read", "contents": "read", "packages": "read"}),
        ("permissions: { id-token: write }", "", {"metadata": "read", "id-token": "write"}),
        (
            "permissions: { id-token: write }",
            "permissions: { contents: read }",
            {"metadata": "read", "contents": "read"},
        ),
        ("permissions: { contents: none }", "", {"metadata": "read"}),
    ],
)
def test_permissions(workflow_level: str, job_level: str, expected: dict[str, str]) -> None:
    subject = workflow(permissions=workflow_level, job=job_level)
    granted = dict(permissions_of(subject, subject.jobs["it"]))
    assert json.dumps(granted, sort_keys=True) == json.dumps(expected, sort_keys=True)


def test_a_permissive_repository_gives_no_identity() -> None:
    subject = workflow()
    granted = permissions_of(subject, subject.jobs["it"], default=default_permissions("write"))
    assert (granted["contents"], granted["packages"], granted["metadata"]) == ("write", "write", "read")
    assert "id-token" not in granted
    assert permissions_of(subject, subject.jobs["it"], default=default_permissions("read"))["contents"] == "read"
