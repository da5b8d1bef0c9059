"""An event that starts nothing, and a release that starts too much, are said with what to do."""

from __future__ import annotations

import pytest

from simulator.expressions.language import Scope, Value
from simulator.findings import Severity
from simulator.rehearsal.starting import (
    nothing_starts,
    publishes_after,
    publishing_not_started,
    shared_groups,
    starts_often,
)
from simulator.remedies import Act, Remedy, remedy
from simulator.triggers.match import match
from simulator.triggers.model import Event
from simulator.workflow.loader import load_workflow
from simulator.workflow.model import Workflow

JOBS = "jobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}\n"


def workflow(on: str, path: str = "w.yml", jobs: str = JOBS) -> Workflow:
    loaded = load_workflow(f"on: {on}\n{jobs}", path)
    assert loaded.workflow, loaded.diagnostics
    return loaded.workflow


def push(ref: str) -> Event:
    return Event(name="push", ref=ref, sha="0" * 40, payload={})


@pytest.mark.parametrize(
    ("on", "event", "said", "hint"),
    [
        ("{push: {tags: ['v*']}}", push("refs/tags/r1"), "tag r1 matches none of: v*", "Name the tag as the pattern"),
        ("{push: {branches: [main]}}", push("refs/heads/x"), "branch x", "Name the branch as the pattern"),
        (
            "release",
            push("refs/tags/v1"),
            "push of tag v1 starts no workflow",
            "the release of tag v1.",
        ),
        (
            "workflow_dispatch",
            push("refs/tags/v1"),
            "push is not one",
            "a manual start of the workflow w.yml.",
        ),
        ("issues", push("refs/tags/v1"), "push is not one", "Add push to `on:`"),
        (
            "{release: {types: [edited]}}",
            Event(name="release", ref="refs/tags/v1", sha="", payload={}, action="published"),
            "release of tag v1",
            "Change `types:`",
        ),
    ],
)
def test_nothing_starts(on: str, event: Event, said: str, hint: str) -> None:
    item = workflow(on)
    finding = nothing_starts(event, [(item, match(item, event))])
    assert said in finding.message
    assert hint in finding.hint
    assert finding.where is not None


RELEASED = Event(name="release", ref="refs/tags/v1", sha="", payload={}, action="published")


@pytest.mark.parametrize(
    ("on", "event", "words", "remedies"),
    [
        (["push"], RELEASED, "the push of tag v1", [remedy(Act.CHOOSE_TAG, "v1")]),
        (["release"], push("refs/heads/main"), "a release", [remedy(Act.CHOOSE_EVENT, "release")]),
        (
            ["release", "workflow_dispatch"],
            push("refs/tags/v1"),
            "the release of tag v1",
            [remedy(Act.CHOOSE_EVENT, "release"), remedy(Act.CHOOSE_TAG, "v1")],
        ),
        (
            ["workflow_dispatch"] * 2,
            push("refs/tags/v1"),
            "a manual start",
            [remedy(Act.CHOOSE_EVENT, "workflow_dispatch")],
        ),
        (
            ["{workflow_dispatch: {inputs: {version: {required: true}, note: {}, index: {required: true}}}}"],
            push("refs/tags/v1"),
            "a manual start of the workflow 0.yml, with values for the inputs version, index",
            [
                remedy(Act.CHOOSE_EVENT, "workflow_dispatch"),
                remedy(Act.CHOOSE_WORKFLOW, "0.yml"),
                remedy(Act.GIVE_INPUT, "version"),
                remedy(Act.GIVE_INPUT, "index"),
            ],
        ),
    ],
)
def test_what_would_start_is_said_in_words_and_as_one_rehearsal(
    on: list[str], event: Event, words: str, remedies: list[Remedy]
) -> None:
    items = [workflow(text, f"{number}.yml") for number, text in enumerate(on)]
    finding = nothing_starts(event, [(item, match(item, event)) for item in items])
    assert finding.hint == f"Rehearse what starts it: {words}. Or add {event.name} to `on:`."
    assert finding.remedies == (remedy(Act.REHEARSE), *remedies)


def test_each_of_several_workflows_has_its_reason() -> None:
    event = push("refs/tags/r1")
    both = [workflow("{push: {tags: ['v*']}}", "a.yml"), workflow("release", "b.yml")]
    message = nothing_starts(event, [(item, match(item, event)) for item in both]).message
    assert "a.yml: tag r1 matches none of: v*; b.yml: push is not one of its events" in message


PUBLISH = "jobs: {p: {runs-on: ubuntu-latest, steps: [{uses: pypa/gh-action-pypi-publish@v1}]}}\n"
CALL = "jobs: {c: {uses: ./.github/workflows/x.yml}}\n"
ASKED = "{workflow_dispatch: {inputs: {version: {required: true}, note: {}}}}"


@pytest.mark.parametrize(
    ("started", "on", "hint"),
    [
        (JOBS, "release", "the release of tag v1."),
        (JOBS, ASKED, "a manual start of the workflow b.yml, with a value for the input version."),
        (JOBS, "{push: {tags: ['r*']}}", "Name the tag as the pattern"),
        (JOBS, "workflow_call", "Add push to"),
        (JOBS, "push", None),
        (PUBLISH, "release", None),
        (CALL, "release", None),
    ],
)
def test_what_publishes_is_not_what_starts(started: str, on: str, hint: str | None) -> None:
    event = push("refs/tags/v1")
    both = [workflow("push", "a.yml", started), workflow(on, "b.yml", PUBLISH)]
    finding = publishing_not_started(event, [(item, match(item, event)) for item in both])
    if hint is None:
        assert finding is None
    else:
        assert finding is not None
        assert finding.message.startswith("Nothing that this push starts publishes; b.yml does (its job p uses pypa/")
        assert hint in finding.hint


@pytest.mark.parametrize(
    ("started", "on", "waits"),
    [
        (JOBS, "{workflow_run: {workflows: [a.yml]}}", True),
        (JOBS, "{workflow_run: {workflows: [a.yml], branches: ['v*']}}", True),
        (JOBS, "{workflow_run: {workflows: [a.yml], branches: [main]}}", False),
        (JOBS, "{workflow_run: {workflows: [a.yml], branches-ignore: ['v*']}}", False),
        (JOBS, "{workflow_run: {workflows: [Other]}}", False),
        (JOBS, "release", False),
        (PUBLISH, "{workflow_run: {workflows: [a.yml]}}", False),
    ],
)
def test_what_publishes_when_another_run_is_done(started: str, on: str, *, waits: bool) -> None:
    event = push("refs/tags/v1")
    both = [workflow("push", "a.yml", started), workflow(on, "b.yml", PUBLISH)]
    considered = [(item, match(item, event)) for item in both]
    finding = publishes_after(event, considered, {"a.yml": ["a"]})
    assert (finding is not None) is waits
    if finding is not None:
        assert (finding.severity, finding.unrehearsed) == (Severity.WARNING, ("a",))
        assert "b.yml, which publishes, starts when the run of a.yml is done" in finding.message


def test_a_release_that_starts_a_workflow_more_than_once() -> None:
    item = workflow("release")
    assert starts_often(item, ("published",)) is None
    finding = starts_often(item, ("published", "released", "created"))
    assert finding is not None
    assert (finding.severity, finding.where) == (Severity.WARNING, item.triggers["release"].span)
    assert "3 times" in finding.message


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("concurrency: release-v1", "concurrency: '${{ github.workflow }}'", None),
        ("concurrency: Release-v1", "concurrency: 'release-${{ github.ref_name }}'", "waits for the other"),
        ("concurrency: g", "concurrency: {group: g, cancel-in-progress: true}", "is cancelled by the other"),
        ("concurrency: g", "env: {}", None),
    ],
)
def test_a_group_that_is_shared_with_a_workflow_that_is_not_rehearsed(one: str, other: str, said: str | None) -> None:
    files = [workflow(f"push\n{one}", "release.yml"), workflow(f"push\n{other}", "ci.yml")]
    github: Value = {"ref_name": "v1", "workflow": "CI"}
    started = [(item, Scope(contexts={"github": github, "vars": {}, "inputs": {}})) for item in files]
    found = list(shared_groups(started, {"release.yml"}))
    assert [finding.message.rpartition("one of them ")[2] for finding in found] == ([said] if said else [])
    assert not list(shared_groups(started, {"release.yml", "ci.yml"})), "that is rehearsed"
