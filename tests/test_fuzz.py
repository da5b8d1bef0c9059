"""The readers of what a repository or a job writes: no bytes bring up an exception that they do not name."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.actions.manifest import load_manifest
from simulator.configuration.dotenv import read_dotenv
from simulator.environments.imported import Answer, import_environments
from simulator.errors import ConfigurationError, UsageError
from simulator.run_events import RunEvent
from simulator.runner.files import FileCommandError, decode_text, parse_pairs, parse_paths
from simulator.runner.log import JobLog, StepLog
from simulator.runner.masking import Masker
from simulator.runner.matchers import Matcher, MatcherError, owners_of, parse_matchers
from simulator.triggers.git_folder import GitFolder
from simulator.workflow.loader import load_workflow
from tests.fuzzing import fuzzed, fuzzed_slowly, json_values, written

YAML = [
    "on: push\n", "jobs:\n", "  a:\n", "    steps:\n", "    - run: x\n", "strategy: ", "matrix: ", "runs:\n",
    "using: ", "composite\n", "inputs:\n", "${{ ", "}}", "fromJSON(", "[", "]", "{", "}", "&a ", "*a", "!!x ", "|\n",
    ": ", "'", '"', "\\", "\n", "  ", "1e999", "0x", "~", "\ufeff", "\x85", "# ", "<<: ", "---\n", "? ", "%YAML 9\n",
]  # fmt: skip
PAIRS = ("A", "=", "<<", "E", "\n", "\r\n", "\r", "\0", "'", '"', "\\", "#", "export ", " ", "$", "ü")


@fuzzed
@given(written(YAML))
def test_workflows(content: bytes) -> None:
    loaded = load_workflow(content, ".github/workflows/a.yml")
    assert loaded.workflow is not None or loaded.diagnostics


@fuzzed
@given(written(YAML))
def test_manifests(content: bytes) -> None:
    load_manifest(content, "action.yml")


@fuzzed
@given(content=written(PAIRS))
def test_files_of_variables(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file: Path = tmp_path_factory.getbasetemp() / "fuzzed.env"
    file.write_bytes(content)
    with contextlib.suppress(ConfigurationError):
        read_dotenv(file)


@fuzzed
@given(written(PAIRS))
def test_command_files(content: bytes) -> None:
    text = decode_text(content)
    parse_paths(text)
    with contextlib.suppress(FileCommandError):
        list(parse_pairs(text))


COMMANDS = [
    "::", "error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "set-output", "save-state",
    "set-env", "add-path", "echo", "stop-commands", "add-matcher", "remove-matcher", "file=", "line=", "col=",
    "endLine=", "endColumn=", "title=", "name=", ",", "-1", "٣", "%0A", "%25", "##[", "]", ";", "on", "a.json", "/",
    "..", " ", "9" * 5000, "\0", "\x1b[31m", "\x1b]8;;", "\u202e", "\n", "\r",
]  # fmt: skip


@fuzzed
@given(st.lists(st.lists(st.sampled_from(COMMANDS), max_size=12).map("".join) | st.text(max_size=30), max_size=8))
def test_commands_in_the_output_of_a_step(lines: list[str]) -> None:
    events: list[RunEvent] = []
    log = StepLog(JobLog(job_id="a", masker=Masker(), emit=events.append, quote=lambda _file, _line: "text"), 1)
    for line in lines:
        log(line)


MATCHERS = (
    "problemMatcher", "owner", "severity", "pattern", "regexp", "file", "line", "column", "message", "loop",
    "fromPath", "code", "error", "warning", "(.*)", "^(a+)+$", "(?<n>a)", "[", "\\1", "(?=a)", "\\p{L}",
)  # fmt: skip


@fuzzed
@given(json_values(MATCHERS).map(json.dumps).map(str.encode) | written(MATCHERS), st.text(max_size=40))
def test_problem_matchers(content: bytes, line: str) -> None:
    with contextlib.suppress(MatcherError):
        owners_of(content)
    with contextlib.suppress(MatcherError):
        for config in parse_matchers(content, lambda _level, _text: None):
            with contextlib.suppress(TimeoutError):
                Matcher(config).match(line)


@fuzzed
@given(
    st.lists(
        st.fixed_dictionaries(
            {"owner": st.sampled_from(MATCHERS), "severity": st.sampled_from(["", "error", "x"])},
            optional={
                "pattern": st.lists(
                    st.dictionaries(st.sampled_from(MATCHERS[3:13]), json_values(MATCHERS) | st.integers(0, 2)),
                    max_size=3,
                )
            },
        ),
        max_size=3,
    )
)
def test_problem_matchers_of_the_right_form(matchers: list[object]) -> None:
    with contextlib.suppress(MatcherError):
        parse_matchers(json.dumps({"problemMatcher": matchers}).encode(), lambda _level, _text: None)


ENVIRONMENTS = (
    "environments", "name", "protection_rules", "type", "wait_timer", "required_reviewers", "reviewers", "reviewer",
    "login", "slug", "branch_policy", "deployment_branch_policy", "custom_branch_policies", "protected_branches",
    "branch_policies", "total_count", "prevent_self_review", "id", "User", "Team", "pypi",
)  # fmt: skip


@fuzzed
@given(st.lists(json_values(ENVIRONMENTS).map(json.dumps) | st.text(max_size=30), max_size=3))
def test_environments_as_the_api_lists_them(texts: list[str]) -> None:
    with contextlib.suppress(UsageError):
        import_environments(
            [Answer(text=text, file="a.json", environment=name) for text in texts for name in (None, "pypi")]
        )


GIT = (
    "ref: ", "refs/heads/main", "refs/tags/v1", "../../x", "a" * 40, "0" * 64, " ", "\n", "# pack-refs with: peeled\n",
    "^", "[core]\n", "bare = true\n", "[remote \"origin\"]\n", "url = x\n", "[include]\npath = /dev/zero\n", "\0", "=",
    "[extensions]\n", "objectformat = sha256\n", "gitdir: ", ".", "/",
)  # fmt: skip


@fuzzed_slowly
@given(
    content=st.fixed_dictionaries({name: written(GIT) for name in ("HEAD", "config", "packed-refs", "refs/heads/main")})
)
def test_git_folders(tmp_path_factory: pytest.TempPathFactory, content: dict[str, bytes]) -> None:
    root: Path = tmp_path_factory.getbasetemp() / "fuzzed-repository"
    for name in ("objects", "refs/heads"):
        (root / ".git" / name).mkdir(parents=True, exist_ok=True)
    for name, data in content.items():
        (root / ".git" / name).write_bytes(data)
    with contextlib.suppress(UsageError):
        folder = GitFolder.of(root)
        assert folder.refs is not None
        assert folder.object_format
        assert folder.head
