"""Problem matchers: their files, what they make of lines, and how long they live."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import pytest

from simulator.errors import EngineError
from simulator.run_events import Annotation, RunEvent, StepLine
from simulator.runner import matchers as module
from simulator.runner.log import JobLog, StepLog
from simulator.runner.masking import Masker
from simulator.runner.matchers import Matchers
from tests.runner.driving import WORKSPACE, World, job_of

FOLDER = PurePosixPath("/job/tool")
GIT = '[remote "origin"]\n\turl = https://github.com/octo/tool\n'
COMPILER: dict[str, Any] = {
    "owner": "cc",
    "pattern": [
        {"regexp": r"^(.+):(\d+):(\d+): (\w+): (.*)$", "file": 1, "line": 2, "column": 3, "severity": 4, "message": 5}
    ],
}
LINTER: dict[str, Any] = {
    "owner": "lint",
    "severity": "warning",
    "pattern": [
        {"regexp": r"^(\S+\.js)$", "file": 1},
        {"regexp": r"^\s+(\d+):(\d+)\s+(.*?)\s+(\S+)$", "line": 1, "column": 2, "message": 3, "code": 4, "loop": True},
    ],
}


RATED = {"owner": "rated", "pattern": [{"regexp": "(bad) ?(.*)", "message": 1, "severity": 2}]}


def one(regexp: str, *, owner: str = "one", severity: str = "", **groups: Any) -> dict[str, Any]:
    """A matcher of one pattern."""
    return {"owner": owner, "severity": severity, "pattern": [{"regexp": regexp, **groups}]}


class Job:
    """A job's matchers, and the logs of its steps."""

    def __init__(self, files: Mapping[str, object] | None = None, *, debug: bool = False) -> None:
        self.files = {FOLDER / ".git/config": GIT.encode()}
        for name, content in (files or {}).items():
            text = content if isinstance(content, str) else json.dumps(content)
            self.files[FOLDER / name] = text.encode()
        self.events: list[RunEvent] = []
        self.matchers = Matchers(self.read, FOLDER, ("https://github.com/octo/tool", "git@github.com:octo/tool.git"))
        self.debug = debug

    def read(self, path: PurePosixPath) -> bytes:
        if path == FOLDER / "folder":
            raise EngineError("it is a folder", hint="")
        if path not in self.files:
            raise FileNotFoundError(str(path))
        return self.files[path]

    def step(self) -> StepLog:
        job = JobLog(
            job_id="build",
            masker=Masker(["s3cret"]),
            emit=self.events.append,
            folder=FOLDER,
            matchers=self.matchers,
            debug=self.debug,
            quote=lambda file, line: f"line {line} of {file}",
        )
        return StepLog(job, 1)

    def feed(self, *lines: str, matchers: Sequence[Mapping[str, Any]] = ()) -> StepLog:
        log = self.step()
        if matchers:
            self.files[FOLDER / "m.json"] = json.dumps({"problemMatcher": matchers}).encode()
            log("::add-matcher::m.json")
        for line in lines:
            log(line)
        return log

    @property
    def shown(self) -> list[tuple[str, str]]:
        return [(event.level, event.line) for event in self.events if isinstance(event, StepLine)]

    @property
    def problems(self) -> list[Annotation]:
        return [event for event in self.events if isinstance(event, Annotation)]


def test_a_line_becomes_an_annotation_and_is_shown_whole() -> None:
    job = Job({"src/a.c": "int"})
    log = job.feed("src/a.c:3:7: warning: unused x", "other", matchers=[COMPILER])
    assert job.shown == [("warning", "src/a.c:3:7: warning: unused x"), ("text", "other")]
    (found,) = job.problems
    assert found.source == "line 3 of src/a.c"
    assert (found.level, found.message, found.file, found.line, found.column) == (
        "warning",
        "unused x",
        "src/a.c",
        3,
        7,
    )
    assert not log.failed


def test_colours_are_no_part_of_the_line() -> None:
    job = Job({"a.c": ""})
    job.feed("\x1b[1ma.c:3:7:\x1b[0m \x1b[31merror\x1b[m: bad", matchers=[COMPILER])
    assert job.shown == [("error", "a.c:3:7: error: bad")]


@pytest.mark.parametrize(
    ("matcher", "line", "level"),
    [
        (one("(bad)", message=1), "bad", "error"),
        (one("(bad)", message=1, severity="Notice"), "bad", "notice"),
        (RATED, "bad WARNING", "warning"),
        (RATED | {"severity": "warning"}, "bad", "warning"),
        (RATED, "bad fatal", "text"),
        (one("bad( ?)", message=1), "bad ", "text"),
        (one("(bad)", message="1"), "bad", "error"),
        ({"Owner": "o", "Pattern": [{"RegExp": "(bad)", "Message": 1}]}, "bad", "error"),
    ],
)
def test_the_severity(matcher: Mapping[str, Any], line: str, level: str) -> None:
    job = Job()
    job.feed(line, matchers=[matcher])
    assert job.shown == [(level, line)]


def test_several_lines_make_a_problem_and_the_last_one_may_repeat() -> None:
    job = Job({"a.js": "", "b.js": ""})
    lines = ("a.js", "  1:2  Missing semicolon  semi", "  3:4  Unused  no-unused", "", "  5:6  Alone  alone", "b.js")
    job.feed(*lines, "  7:8  Again  again", matchers=[LINTER])
    assert [(p.file, p.line, p.column, p.message) for p in job.problems] == [
        ("a.js", 1, 2, "Missing semicolon"),
        ("a.js", 3, 4, "Unused"),
        ("b.js", 7, 8, "Again"),
    ]
    assert ("text", "  5:6  Alone  alone") in job.shown


def test_without_loop_every_problem_begins_anew() -> None:
    job = Job({"a.js": ""})
    patterns = [LINTER["pattern"][0], {**LINTER["pattern"][1], "loop": False}]
    job.feed("a.js", "  1:2  One  x", "  3:4  Two  x", matchers=[{**LINTER, "pattern": patterns}])
    assert [p.message for p in job.problems] == ["One"]


def test_three_patterns_in_a_row() -> None:
    job = Job()
    patterns = [{"regexp": "^a$"}, {"regexp": r"^b(\d)$", "line": 1}, {"regexp": "^c (.*)$", "message": 1}]
    job.feed(
        "a",
        "b1",
        "c no",
        "a",
        "x",
        "b2",
        "c no",
        "a",
        "a",
        "b3",
        "c yes",
        matchers=[{"owner": "o", "pattern": patterns}],
    )
    assert [(p.line, p.message) for p in job.problems] == [(1, "no"), (3, "yes")]


def test_another_matchers_match_ends_what_was_running() -> None:
    job = Job({"a.js": ""})
    job.feed("a.js", "bad", "  1:2  One  x", matchers=[LINTER, one("^(bad)$", message=1)])
    assert [p.message for p in job.problems] == ["bad"]


def test_the_newest_matcher_is_asked_first_and_replaces_its_owners_others() -> None:
    job = Job()
    job.feed(matchers=[one("(x)y", owner="a", message=1), one("x(y)", owner="b", message=1)])
    job.feed("xy")
    job.feed("xy", matchers=[one("x(y)", owner="A", severity="notice", message=1)])
    # Of one file the last one is put in front last in the step that adds it, and in the file's order later.
    assert [(p.level, p.message) for p in job.problems] == [("error", "x"), ("notice", "y")]


@pytest.mark.parametrize(
    "command", ["::remove-matcher owner=ONE::", "::remove-matcher::m.json", "##[remove-matcher owner=one]"]
)
def test_a_matcher_lives_in_later_steps_until_it_is_removed(command: str) -> None:
    job = Job()
    job.feed(matchers=[one("(bad)", message=1)])
    job.feed("bad", command, "bad")
    job.feed("bad")
    assert [level for level, _ in job.shown] == ["error", "text", "text"]


def test_state_is_not_carried_into_the_next_step() -> None:
    job = Job({"a.js": ""})
    job.feed("a.js", matchers=[LINTER])
    job.feed("  1:2  One  x")
    assert job.problems == []


@pytest.mark.parametrize(
    ("file", "kept"),
    [
        ("a.c", "a.c"),
        ("./src/../a.c", "a.c"),
        ("/job/tool/a.c", "a.c"),
        ("gone.c", None),
        ("folder", None),
        ("/job/elsewhere/a.c", None),
        ("/job/fork/a.c", None),
        ("nested/b.c", "b.c"),
    ],
)
def test_a_file_counts_where_it_lies_in_a_checkout_of_the_repository(file: str, kept: str | None) -> None:
    job = Job({"a.c": "", "../elsewhere/a.c": ""})
    job.files = {PurePosixPath(str(path).replace("/tool/..", "")): content for path, content in job.files.items()}
    job.files |= {
        PurePosixPath("/job/fork/a.c"): b"",
        PurePosixPath("/job/fork/.git/config"): b"url = https://github.com/octo/fork\n",
        FOLDER / "nested/b.c": b"",
        FOLDER / "nested/.git/config": b"  URL = git@github.com:Octo/Tool.git  \n",
    }
    job.feed(f"{file}:3:7: error: bad", f"{file}:3:7: error: bad", matchers=[COMPILER])
    assert [(p.file, p.line) for p in job.problems] == [(kept, 3)] * 2


def test_files_are_read_for_the_annotations_that_are_kept_alone() -> None:
    job = Job({"a.c": ""})
    read: list[PurePosixPath] = []

    def reading(path: PurePosixPath) -> bytes:
        read.append(path)
        return job.read(path)

    job.matchers = Matchers(reading, FOLDER, ("https://github.com/octo/tool",))
    job.feed(*["a.c:3:7: error: bad"] * 100, matchers=[COMPILER])
    assert len(job.problems) == 10
    assert read.count(FOLDER / "a.c") == 10
    assert read.count(FOLDER / ".git/config") == 1


def test_a_file_is_found_from_the_one_that_names_it() -> None:
    job = Job({"proj/src/a.cs": "", "proj/x.csproj": ""})
    job.feed("src/a.cs bad [proj/x.csproj]", matchers=[one(r"^(\S+) (\w+) \[(.*)\]$", file=1, message=2, fromPath=3)])
    assert job.problems[0].file == "proj/src/a.cs"


def test_numbers_that_are_none_are_left_out() -> None:
    job = Job(debug=True)
    job.feed("x 99999999999 b", matchers=[one(r"(\w) (\w+) (\w)", message=1, line=2, column=3)])
    assert (job.problems[0].line, job.problems[0].column) == (None, None)
    assert ("debug", "Unable to parse line number '99999999999'") in job.shown


def test_no_secret_gets_out_by_a_matcher() -> None:
    job = Job({"s3cret.c": ""})
    job.feed("s3cret.c:1:2: error: s3cret", matchers=[COMPILER])
    assert "s3cret" not in repr(job.events)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "no JSON"),
        ("[]", "where an object with 'problemMatcher' belongs"),
        ({"problemMatcher": [one("(x)", owner="", message=1)]}, "Owner must not be empty"),
        ({"problemMatcher": [one("(x)", severity="fatal", message=1)]}, "contains unexpected default severity 'fatal'"),
        ({"problemMatcher": [{"owner": "a"}]}, "Matcher 'a' does not contain any patterns"),
        ({"problemMatcher": [one("(x)", message=1)] * 2}, "Duplicate owner name 'one'"),
        ({"problemMatcher": [one("(x)", message=1, loop=True)]}, "Only the last pattern in a multiline matcher"),
        ({"problemMatcher": [one("(x)")]}, "At least one pattern must set 'message'"),
        ({"problemMatcher": [one("(x)", message=2)]}, "The property 'message' is set to 2 which is out of range"),
        ({"problemMatcher": [one("(x", message=1)]}, "Invalid pattern '(x'"),
        ({"problemMatcher": [LINTER | {"pattern": [*LINTER["pattern"][:1] * 2]}]}, "The property 'file' is set twice"),
    ],
)
def test_a_file_that_is_refused_fails_the_step(content: object, complaint: str) -> None:
    job = Job({"m.json": content})
    log = job.feed("::add-matcher::m.json")
    assert log.failed
    assert job.shown[0] == ("error", "Unable to process command '::add-matcher::m.json' successfully.")
    assert complaint in job.shown[1][1]


def test_a_file_that_is_not_there_fails_the_step() -> None:
    job = Job()
    assert job.feed("::add-matcher::m.json").failed
    assert job.shown[1] == ("error", "Could not find file '/job/tool/m.json'.")


@pytest.mark.parametrize("command", ["::add-matcher::", "::remove-matcher::", "::remove-matcher owner=a::m.json"])
def test_commands_that_say_too_little_or_too_much_warn(command: str) -> None:
    job = Job()
    assert not job.feed(command).failed
    assert [level for level, _ in job.shown] == ["warning"]


def test_a_pattern_that_cannot_be_translated_is_said_and_the_others_count() -> None:
    job = Job()
    log = job.feed("bad", matchers=[one("(?P<n>x)", owner="exotic", message=1), one("(bad)", message=1)])
    assert not log.failed
    assert job.shown[0][0] == "warning"
    assert "'exotic' is not applied in this rehearsal" in job.shown[0][1]
    assert job.shown[1] == ("error", "bad")


def test_a_pattern_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.05)
    job = Job()
    job.feed("a" * 200 + "!", "a" * 200 + "!", matchers=[one(r"^(a|aa|\w)+$", owner="slow", message=1)])
    assert [level for level, _ in job.shown] == ["warning", "text", "text"]
    assert job.shown[0][1].startswith("Removing issue matcher 'slow'. Matcher failed 3 times.")


def test_matchers_of_a_job_count_in_composite_actions_and_those_of_actions_in_the_job() -> None:
    matcher = json.dumps({"problemMatcher": [one("^(bad.*)$", message=1)]})
    ran = World(
        files={
            "m.json": matcher,
            "act/action.yml": """
                name: A
                description: a
                runs:
                  using: composite
                  steps:
                    - run: |
                        say bad inside
                        say ::remove-matcher owner=one::
                        say ::add-matcher::m.json
                      shell: bash
                    - run: say bad again
                      shell: bash
            """,
        }
    ).run(job_of("- run: say ::add-matcher::m.json\n- uses: ./act\n- run: say bad outside"))
    assert WORKSPACE / "m.json" in ran.machine.engine.sandboxes[0].files
    assert ran.lines("build", "error") == ["bad inside", "bad again", "bad outside"]
