"""Which events start a workflow, and the reason given."""

from __future__ import annotations

import pytest

from simulator.errors import InvalidWorkflowError
from simulator.triggers.match import match
from simulator.triggers.model import Event
from simulator.workflow.model import Trigger

from .building import at, dispatch, event, push, workflow

TAG = event(tag="v1.0")
BRANCH = event(branch="main", changed=["src/a.py", "docs/b.md"])
ONLY_TAGS = "branch main is no tag, and only tags start it (v*)"
EVERY = "it starts on every push, branch main included"
IGNORED = "every changed file matches paths-ignore"


@pytest.mark.parametrize(
    ("trigger", "what", "starts", "reason"),
    [
        (push(), TAG, True, "it starts on every push, tag v1.0 included"),
        (push(), BRANCH, True, EVERY),
        (push(tags=["v*"]), TAG, True, "tag v1.0 matches v*"),
        (push(tags=["v*"]), event(tag="release-1.0"), False, "tag release-1.0 matches none of: v*"),
        (push(tags=["v*", "r*"]), event(tag="x"), False, "tag x matches none of: v*, r*"),
        (push(tags=["v*", "!v*-rc"]), event(tag="v1-rc"), False, "tag v1-rc is left out by !v*-rc"),
        (push(tags=["v*", "!v*-rc", "v9*"]), event(tag="v9-rc"), True, "tag v9-rc matches v9*"),
        (push(tags=["!v*-rc"]), TAG, False, "tag v1.0 matches none of: !v*-rc"),
        (push(tags=[]), TAG, False, "tag v1.0 matches none: its filter is empty"),
        (push(tags=["v*"]), BRANCH, False, ONLY_TAGS),
        (push(branches=["main"]), TAG, False, "tag v1.0 is no branch, and only branches start it (main)"),
        (push(branches_ignore=["x"]), TAG, False, "tag v1.0 is no branch, and only branches start it (all but x)"),
        (push(tags_ignore=["v*"]), TAG, False, "tag v1.0 matches tags-ignore: v*"),
        (push(tags_ignore=["x*"]), TAG, True, "tag v1.0 matches none of tags-ignore: x*"),
        (push(tags_ignore=["v*"]), BRANCH, False, "branch main is no tag, and only tags start it (all but v*)"),
        (push(branches_ignore=["ma*"]), BRANCH, False, "branch main matches branches-ignore: ma*"),
        (push(branches=["main"], tags=["v*"]), TAG, True, "tag v1.0 matches v*"),
        (push(branches=["main"], tags=["v*"]), BRANCH, True, "branch main matches main"),
        (push(branches=["release/**"]), event(branch="release/1/x"), True, "branch release/1/x matches release/**"),
        (push(paths=["docs/**"]), TAG, True, "it starts on every push, tag v1.0 included"),
        (push(tags=["v*"], paths=["docs/**"]), BRANCH, False, ONLY_TAGS),
        (push(paths=["docs/**"]), BRANCH, True, f"{EVERY}, and docs/b.md matches its paths"),
        (push(paths=["docs/**", "!**/*.md"]), BRANCH, False, "no changed file matches paths: docs/**, !**/*.md"),
        (push(paths_ignore=["docs/**"]), BRANCH, True, EVERY),
        (push(paths_ignore=["docs/**", "src/**"]), BRANCH, False, f"{IGNORED}: docs/**, src/**"),
        (push(branches=["dev"], paths=["docs/**"]), BRANCH, False, "branch main matches none of: dev"),
        (dispatch(), TAG, False, "push is not one of its events: workflow_dispatch"),
        (dispatch(), event("workflow_dispatch"), True, "it starts on workflow_dispatch"),
    ],
)  # fmt: skip
def test_reason(trigger: Trigger, what: Event, starts: bool, reason: str) -> None:
    result = match(workflow(trigger), what)
    assert (result.starts, result.reason) == (starts, reason)


@pytest.mark.parametrize(
    ("types", "action", "starts"),
    [
        (None, "published", True),
        (None, "edited", True),
        ((), "published", True),
        (("published",), "published", True),
        (("published",), "released", False),
        (("released", "prereleased"), "prereleased", True),
    ],
)
def test_release_types(types: tuple[str, ...] | None, action: str, starts: bool) -> None:
    result = match(
        workflow(Trigger(event="release", span=at(2), types=types)), event("release", tag="v1", action=action)
    )
    assert result.starts is starts
    assert action in result.reason


def test_the_pattern_that_decided_is_shown_in_the_file() -> None:
    result = match(workflow(push(tags=["v*", "!v*-rc"])), event(tag="v1-rc"))
    assert str(result.span) == ".github/workflows/release.yml:11:7"


def test_nothing_without_the_event() -> None:
    result = match(workflow(), TAG)
    assert result.reason == "push is not one of its events: none"


def test_a_bad_pattern_is_a_fault_of_the_file() -> None:
    with pytest.raises(InvalidWorkflowError) as error:
        match(workflow(push(tags=["v*", "v[1", "+x"])), TAG)
    assert [str(problem.span) for problem in error.value.diagnostics] == [str(at(11)), str(at(12))]
    assert "v[1 is not valid: [ is not closed" in str(error.value)
