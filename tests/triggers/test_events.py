"""Events from real repositories, in the shapes of GitHub's webhooks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import UsageError
from simulator.remedies import Act, remedy
from simulator.triggers.events import create_tag, push_branch, push_tag, release, workflow_dispatch
from simulator.triggers.match import match
from simulator.triggers.model import Event, RepositoryIdentity, Source
from simulator.triggers.repository import take_source

from .building import declare, dispatch, push, workflow
from .folders import Folder

IDENTITY = RepositoryIdentity(
    owner="octo", name="demo", id="123456789", owner_id="987654321", actor="mona", actor_id="7"
)
ZEROS = "0" * 40


def plain(event: Event) -> Mapping[str, Any]:
    """The payload as a program in a job reads it."""
    payload: Mapping[str, Any] = json.loads(json.dumps(event.payload))
    return payload


def tagged(repo: Folder, clone: Path, tag: str = "v1") -> tuple[Source, Event]:
    source = take_source(repo.path, clone, tag=tag)
    return source, push_tag(IDENTITY, source, tag)


class TestPushOfATag:
    def test_lightweight(self, repo: Folder, clone: Path) -> None:
        repo.git("tag", "v1")
        source, event = tagged(repo, clone)
        payload = plain(event)
        assert (event.name, event.ref, event.ref_name, event.ref_type) == ("push", "refs/tags/v1", "v1", "tag")
        assert event.sha == source.sha == payload["after"] == payload["head_commit"]["id"]
        assert (payload["before"], payload["created"], payload["deleted"]) == (ZEROS, True, False)
        assert (payload["commits"], payload["forced"]) == ([], False)
        assert payload["base_ref"] == "refs/heads/main"
        assert payload["compare"] == "https://github.com/octo/demo/compare/v1"
        assert event.inputs == {}

    def test_annotated(self, repo: Folder, clone: Path) -> None:
        repo.git("tag", "--annotate", "--message", "One", "v1")
        _, event = tagged(repo, clone)
        assert event.sha == repo.git("rev-parse", "HEAD")
        assert event.payload["after"] == repo.git("rev-parse", "refs/tags/v1") != event.sha

    def test_head_commit(self, repo: Folder, clone: Path) -> None:
        repo.commit("Say ü\n\nand \x1f more", file="x")
        commit = plain(tagged(repo, clone)[1])["head_commit"]
        assert commit["message"] == "Say ü\n\nand \x1f more"
        assert commit["tree_id"] == repo.git("rev-parse", "HEAD^{tree}")
        assert commit["timestamp"] == "2024-05-06T07:08:09+02:00"
        assert commit["author"] == commit["committer"] == {"name": "Ada", "email": "ada@example.org"}
        assert commit["url"].endswith(f"/octo/demo/commit/{commit['id']}")
        assert "added" not in commit

    def test_base_ref_is_null_off_every_tip(self, repo: Folder, clone: Path) -> None:
        repo.git("tag", "v1")
        repo.commit("Later")
        assert tagged(repo, clone)[1].payload["base_ref"] is None

    def test_base_ref_prefers_the_default_branch(self, repo: Folder, clone: Path) -> None:
        repo.git("branch", "a")
        assert tagged(repo, clone)[1].payload["base_ref"] == "refs/heads/main"

    def test_who_and_where(self, repo: Folder, clone: Path) -> None:
        payload = plain(tagged(repo, clone)[1])
        assert payload["pusher"]["name"] == payload["sender"]["login"] == "mona"
        assert payload["sender"]["id"] == 7
        assert payload["repository"]["full_name"] == "octo/demo"
        assert payload["repository"]["id"] == 123456789
        assert payload["repository"]["owner"]["login"] == "octo"
        assert payload["repository"]["default_branch"] == "main"
        assert payload["repository"]["private"] is False

    def test_of_a_snapshot(self, make_folder: Callable[..., Folder], clone: Path) -> None:
        folder = make_folder("plain", git=False)
        folder.write("file")
        source, event = tagged(folder, clone)
        assert event.sha == source.sha == plain(event)["head_commit"]["id"]
        assert plain(event)["head_commit"]["timestamp"] == "2024-01-01T00:00:00Z"


class TestCreationOfATag:
    def test_the_short_name_is_the_ref_of_the_payload(self, repo: Folder, clone: Path) -> None:
        repo.git("tag", "v1")
        event = create_tag(IDENTITY, take_source(repo.path, clone, tag="v1"), "v1")
        payload = plain(event)
        assert (event.name, event.ref, event.sha) == ("create", "refs/tags/v1", repo.git("rev-parse", "HEAD"))
        assert (payload["ref"], payload["ref_type"], payload["master_branch"]) == ("v1", "tag", "main")
        assert payload["sender"]["login"] == "mona"


class TestPushOfABranch:
    def test_the_last_commit_where_no_remote_is_known(self, repo: Folder, clone: Path) -> None:
        before = repo.git("rev-parse", "HEAD")
        repo.commit("Second", **{"docs/a": ""})
        source = take_source(repo.path, clone, branch="main")
        event = push_branch(IDENTITY, source, "main")
        payload = plain(event)
        assert (payload["before"], payload["after"]) == (before, source.sha)
        assert [commit["message"] for commit in payload["commits"]] == ["Second"]
        assert (payload["created"], payload["forced"]) == (False, False)
        assert event.changed == ("docs/a",)
        assert (event.ref, event.ref_type) == ("refs/heads/main", "branch")

    def test_all_that_the_remote_has_not(self, repo: Folder, clone: Path, tmp_path: Path) -> None:
        repo.git("clone", "--quiet", repo.path, tmp_path / "copy")
        copy = Folder(tmp_path / "copy")
        before = copy.git("rev-parse", "HEAD")
        copy.commit("One", a="")
        copy.commit("Two", b="")
        event = push_branch(IDENTITY, take_source(copy.path, clone, branch="main"), "main")
        assert event.payload["before"] == before
        assert [commit["message"] for commit in plain(event)["commits"]] == ["One", "Two"]
        assert event.changed == ("a", "b")

    def test_a_forced_push(self, repo: Folder, clone: Path, tmp_path: Path) -> None:
        repo.git("clone", "--quiet", repo.path, tmp_path / "copy")
        copy = Folder(tmp_path / "copy")
        copy.git("commit", "--quiet", "--amend", "--message", "Other")
        event = push_branch(IDENTITY, take_source(copy.path, clone, branch="main"), "main")
        assert event.payload["forced"] is True

    def test_a_first_commit_creates_the_branch(self, repo: Folder, clone: Path) -> None:
        event = push_branch(IDENTITY, take_source(repo.path, clone, branch="main"), "main")
        assert (event.payload["before"], event.payload["created"]) == (ZEROS, True)
        assert event.changed == ("README",)


class TestWorkflowDispatch:
    def start(self, repo: Folder, clone: Path, **given: str) -> Event:
        source = take_source(repo.path, clone)
        declared = dispatch(
            declare("test_pypi", "boolean", default=False),
            declare("level", "choice", options=["low", "high"]),
            declare("count", "number", default=3.0),
            declare("note"),
        )
        return workflow_dispatch(IDENTITY, source, workflow(declared), ref="refs/heads/main", inputs=given)

    def test_defaults(self, repo: Folder, clone: Path) -> None:
        event = self.start(repo, clone)
        assert event.inputs == {"test_pypi": False, "level": "low", "count": 3, "note": ""}
        assert event.payload["inputs"] == {"test_pypi": "false", "level": "low", "count": "3", "note": ""}

    def test_typed_in_the_context_and_text_in_the_event(self, repo: Folder, clone: Path) -> None:
        event = self.start(repo, clone, test_pypi="true", level="high", COUNT="2.5", note="42")
        assert event.inputs == {"test_pypi": True, "level": "high", "count": 2.5, "note": "42"}
        assert event.inputs["test_pypi"] is True
        assert event.payload["inputs"] == {"test_pypi": "true", "level": "high", "count": "2.5", "note": "42"}
        assert event.payload["workflow"] == ".github/workflows/release.yml"
        assert event.payload["ref"] == event.ref == "refs/heads/main"

    @pytest.mark.parametrize(
        ("given", "message", "hint"),
        [
            ({"test_pipy": "true"}, "no input test_pipy", "Did you mean test_pypi?"),
            ({"test_pypi": "yes"}, "test_pypi is a boolean, not 'yes'", "Give true or false."),
            ({"count": "many"}, "count is a number", "Give a number such as 3."),
            ({"level": "hihg"}, "'hihg' is not an option of the input level", "Did you mean high?"),
        ],
    )
    def test_bad_input(self, repo: Folder, clone: Path, given: dict[str, str], message: str, hint: str) -> None:
        with pytest.raises(UsageError, match=message) as error:
            self.start(repo, clone, **given)
        assert error.value.hint == hint

    @pytest.mark.parametrize("given", [{}, {"version": ""}])
    def test_a_required_input(self, repo: Folder, clone: Path, given: dict[str, str]) -> None:
        source = take_source(repo.path, clone)
        manual = workflow(dispatch(declare("version", required=True)))
        with pytest.raises(UsageError, match="version is required") as error:
            workflow_dispatch(IDENTITY, source, manual, ref="refs/heads/main", inputs=given)
        assert error.value.remedies == (remedy(Act.GIVE_INPUT, "version"),)

    def test_no_inputs_at_all(self, repo: Folder, clone: Path) -> None:
        source = take_source(repo.path, clone)
        event = workflow_dispatch(IDENTITY, source, workflow(dispatch()), ref="refs/heads/main", inputs={})
        assert event.payload["inputs"] is None
        with pytest.raises(UsageError, match="no input x") as error:
            workflow_dispatch(IDENTITY, source, workflow(dispatch()), ref="refs/heads/main", inputs={"x": ""})
        assert error.value.hint == "There is none."

    def test_not_that_kind_of_workflow(self, repo: Folder, clone: Path) -> None:
        source = take_source(repo.path, clone)
        event = workflow_dispatch(IDENTITY, source, workflow(push()), ref="refs/heads/main", inputs={})
        assert match(workflow(push()), event).reason == "workflow_dispatch is not one of its events: push"


class TestRelease:
    def test_published(self, repo: Folder, clone: Path) -> None:
        source = take_source(repo.path, clone, tag="v1")
        event = release(IDENTITY, source, "v1")
        payload = plain(event)
        assert (event.name, event.action, event.ref, event.sha) == ("release", "published", "refs/tags/v1", source.sha)
        assert (payload["action"], payload["release"]["tag_name"]) == ("published", "v1")
        assert (payload["release"]["draft"], payload["release"]["prerelease"]) == (False, False)
        assert payload["release"]["html_url"] == "https://github.com/octo/demo/releases/tag/v1"
        assert payload["release"]["target_commitish"] == "main"
        assert payload["release"]["assets"] == []

    @pytest.mark.parametrize(
        ("action", "flag", "expected"),
        [("prereleased", False, True), ("released", True, False), ("published", True, True)],
    )
    def test_prerelease(self, repo: Folder, clone: Path, action: str, flag: bool, expected: bool) -> None:
        source = take_source(repo.path, clone, tag="v1")
        payload = plain(release(IDENTITY, source, "v1", action=action, prerelease=flag))
        assert payload["release"]["prerelease"] is expected

    def test_the_same_release_every_time(self, repo: Folder, clone: Path) -> None:
        source = take_source(repo.path, clone, tag="v1")
        assert release(IDENTITY, source, "v1") == release(IDENTITY, source, "v1")

    def test_an_unknown_type(self, repo: Folder, clone: Path) -> None:
        with pytest.raises(UsageError, match="no activity type publish") as error:
            release(IDENTITY, take_source(repo.path, clone), "v1", action="publish")
        assert error.value.hint == "Did you mean published?"
