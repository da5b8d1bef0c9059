"""Whether an action has a ref: by the shipped lists, by what its repository says, and by what it said before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.actions.builtin.registry import BUILTIN
from simulator.actions.errors import NoRepositoryError, UnavailableActionError
from simulator.actions.refs import Refs, shipped_refs, state_of
from simulator.actions.remote import Remote
from simulator.actions.repositories import Repositories, parse_local_repository
from tests.actions.git_server import GitServer, serve
from tests.git import run_git as git

NOBODY = "http://127.0.0.1:1"
NOW = datetime(2026, 11, 30, tzinfo=UTC).timestamp()
LISTED = Refs(
    commits={
        **dict.fromkeys(["v1", "v2", "v2.0.0", "v2.0.1", "v2.0.3", "v2.1.0", "1.0.0", "main", "releases/v1"], ""),
        "v1.0.0": "0123456789ab",
    },
    at=datetime(2026, 7, 1, tzinfo=UTC).timestamp(),
    whole=False,
)


@pytest.mark.parametrize("name", sorted({"/".join(name.split("/")[:2]) for name in BUILTIN}))
def test_of_every_action_that_pysim_stands_in_for_there_is_a_list_with_commits(name: str) -> None:
    listed = shipped_refs(name)
    assert listed is not None
    assert listed.date > "2025"
    assert any(len(commit) == 12 for commit in listed.commits.values())


@pytest.mark.parametrize(
    "ref", ["v1", "v2.0.1", "1.0.0", "main", "releases/v1", "refs/tags/v1", "0123456789ab" + 28 * "0"]
)
def test_what_a_list_names_is_there(ref: str) -> None:
    assert state_of(ref, LISTED, NOW).state == "there"


@pytest.mark.parametrize(
    ("ref", "nearest"),
    [
        ("mian", "main"),
        ("Main", "main"),
        ("V1", "v1"),
        ("release/v1", "releases/v1"),
        ("2", "v2"),
        ("2.0.1", "v2.0.1"),
        ("v.2", "v2"),
        ("v2.1", "v2.1.0"),
        ("v2.0.2", "v2.0.3"),
        ("v0", "v2"),
        ("v9", "v2"),
        ("latest", "v2"),
        ("master", "main"),
        ("3", "v2"),
        ("0123456a", None),
    ],
)
def test_what_nobody_makes_later_is_absent(ref: str, nearest: str | None) -> None:
    state = state_of(ref, LISTED, NOW)
    assert (state.state, state.nearest) == ("absent", nearest)


@pytest.mark.parametrize(
    "ref",
    ["v3", "v4", "v3.0.0", "v2.0.4", "v2.2.0", "v1.9.0", "fix-for-us", "beta", "f" * 40, "refs/pull/1/head"],
)
def test_what_may_have_been_made_since_is_not_known(ref: str) -> None:
    state = state_of(ref, LISTED, NOW)
    assert state.state == "unknown"
    assert state.why == "the list of its tags and branches that is at hand is of 2026-07-01"


def test_an_older_list_leaves_room_for_more_majors() -> None:
    assert state_of("v6", LISTED, NOW).state == "absent"
    assert state_of("v6", replace(LISTED, at=LISTED.at - 2 * 366 * 24 * 3600), NOW).state == "unknown"


def test_a_whole_list_of_today_names_all_that_there_is() -> None:
    whole = replace(LISTED, whole=True, at=NOW - 3600)
    assert state_of("v3", whole, NOW).state == "absent"
    assert state_of("f" * 40, whole, NOW).state == "unknown"
    assert state_of("v3", whole, NOW + 3 * 24 * 3600).state == "unknown"


# ---- asked for


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    root = tmp_path / "served"
    root.mkdir()
    with serve(root) as started:
        yield started


def repositories(cache: Path, url: str, *local: str, offline: bool = False, owner: str = "") -> Repositories:
    copies = [parse_local_repository(text, cache.parent) for text in local]
    return Repositories(cache, local=copies, offline=offline, remote=Remote(url=url), owner=owner)


def states(asked: Repositories, *refs: str) -> list[str | None]:
    found = [asked.ref_state("Actions", "checkout", ref, NOW) for ref in refs]
    return [state.state if state else None for state in found]


def test_a_repository_is_asked_once_for_what_no_list_names(server: GitServer, tmp_path: Path) -> None:
    commit = server.commit("actions/checkout", {"action.yml": "x"}, tag="v8")
    git("branch", "fix-for-us", commit, cwd=server.root / "actions/checkout")
    asked = repositories(tmp_path / "cache", server.url)
    assert states(asked, "v4", "main") == ["there", "there"]
    assert not server.requests, "the shipped list names them"
    assert states(asked, "v8", "fix-for-us", "v9") == ["there", "there", "absent"]
    assert asked.ref_state("actions", "checkout", commit, NOW) is not None
    assert sum("info/refs" in path for path in server.requests) == 1

    server.requests.clear()
    assert states(repositories(tmp_path / "cache", server.url), "v8") == ["there"]
    offline = repositories(tmp_path / "cache", server.url, offline=True)
    assert states(offline, "v8", "fix-for-us", "v9") == ["there", "there", "absent"]
    assert not server.requests


def test_without_an_answer_the_shipped_list_says_what_it_can(tmp_path: Path) -> None:
    for asked in (repositories(tmp_path, NOBODY), repositories(tmp_path, NOBODY, offline=True)):
        assert states(asked, "v8", "mian", "v4") == ["unknown", "absent", "there"]


def test_nothing_is_said_of_other_actions_and_of_copies(server: GitServer, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    asked = repositories(tmp_path / "cache", server.url, f"actions/checkout@v8={tmp_path / 'mine'}")
    assert states(asked, "v8") == [None]
    assert asked.ref_state("octo", "tool", "v8", NOW) is None
    assert not server.requests


def test_a_list_that_is_spoilt_is_asked_for_anew(server: GitServer, tmp_path: Path) -> None:
    server.commit("actions/checkout", {"action.yml": "x"}, tag="v8")
    file = tmp_path / "cache/actions/checkout/refs.json"
    file.parent.mkdir(parents=True)
    for text in ("[", "[]", '{"at": "x", "commits": {}}', '{"at": 1, "commits": [1]}'):
        file.write_text(text)
        assert states(repositories(tmp_path / "cache", server.url), "v8") == ["there"]


# ---- what only GitHub may see


def test_what_is_not_found_of_the_same_owner_may_be_private(server: GitServer, tmp_path: Path) -> None:
    asked = repositories(tmp_path / "cache", server.url, owner="Octo")
    with pytest.raises(UnavailableActionError, match="where it is private"):
        asked.snapshot("octo", "secret-tool", "v1")
    with pytest.raises(NoRepositoryError):
        asked.snapshot("other", "secret-tool", "v1")
