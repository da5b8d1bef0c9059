"""What one command says of workflow files all say: a check, a plan, and a run that runs nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from simulator.cli.main import main
from simulator.errors import ExitCode

TESTS: Final = Path(__file__).parent.parent
RULES: Final = TESTS / "rehearsal/rules/cases"
READER: Final = TESTS / "workflow/cases"
RELEASE: Final = ".github/workflows/release.yml"
OTHER: Final = ".github/workflows/other.yml"
PUBLISH: Final = (RULES / "missing-id-token-silent.yml").read_text(encoding="utf-8")
NOT_YAML: Final = "on: pull_request\njobs: {a: [\n"
MISSPELT: Final = "on: pull_request\njobs: {a: {runs-on: ubuntu-latest, stepps: []}}\n"
CALLER: Final = "on: {push: {tags: ['v*']}}\njobs: {a: {uses: ./.github/workflows/other.yml}}\n"
CALLED: Final = "on: workflow_call\njobs: {a: {runs-on: ubuntu-latest, stepps: []}}\n"
AT_TAGS: Final = "on: {push: {tags: ['v*']}}\njobs: {a: {runs-on: ubuntu-latest, steps: [{rnu: x}]}}\n"
ACTION: Final = ".github/actions/pick/action.yml"
USES_ACTION: Final = """\
on: {push: {tags: ['v*']}}
jobs: {a: {runs-on: ubuntu-latest, steps: [{uses: ./.github/actions/pick}]}}
"""
PLAN: Final = ("plan", "--json", "--tag", "v1.0")


def rule(name: str) -> Mapping[str, str]:
    return {RELEASE: (RULES / f"{name}.yml").read_text(encoding="utf-8")}


def reader(name: str) -> Mapping[str, str]:
    return {RELEASE: (READER / f"{name}.yml").read_text(encoding="utf-8")}


STEPS: Final = {
    "if": "{if: '${{ inputs.target != production }}', shell: bash, run: ls}",
    "with": "{uses: actions/checkout@v4, with: {ref: '${{ production }}'}}",
    "env": "{shell: bash, run: ls, env: {A: '${{ production }}'}}",
    "run": "{shell: bash, run: 'echo ${{ production }}'}",
}
"""Steps of a composite action with a word that lacks its quotes."""


def action(step: str) -> str:
    return f"name: pick\ndescription: pick\nruns:\n  using: composite\n  steps: [{step}]\n"


# The files of a repository, and whether one that a tag may start is not valid.
CASES: Final[Mapping[str, tuple[Mapping[str, str], bool]]] = {
    "valid": ({RELEASE: PUBLISH}, False),
    "rule: artifact-name": (rule("artifact-name"), False),
    "rule: artifact-not-needed": (rule("artifact-not-needed"), False),
    "rule: artifact-twice": (rule("artifact-twice"), False),
    "rule: build-and-publish": (rule("build-and-publish"), False),
    "rule: download-elsewhere": (rule("download-elsewhere"), False),
    "rule: dropped-id-token": (rule("dropped-id-token"), False),
    "rule: missing-contents-write": (rule("missing-contents-write"), False),
    "rule: missing-id-token": (rule("missing-id-token"), False),
    "broken: a dozen faults": (reader("dozen-faults"), True),
    "broken: duplicate keys": (reader("duplicate-keys"), True),
    "broken: no events": (reader("missing-on"), True),
    "broken: needs in a circle": (reader("needs-circle"), True),
    "broken: empty": (reader("empty"), True),
    "broken: not YAML, events unknown": ({RELEASE: PUBLISH, OTHER: "jobs: [\n"}, True),
    "broken: a filter pattern": ({RELEASE: AT_TAGS.replace("rnu", "run").replace("v*", "v[*")}, True),
    "unrelated: not YAML": ({RELEASE: PUBLISH, OTHER: NOT_YAML}, False),
    "unrelated: a misspelt key": ({RELEASE: PUBLISH, OTHER: MISSPELT}, False),
    "beside: a misspelt key": ({RELEASE: PUBLISH, OTHER: AT_TAGS}, True),
    "called: a misspelt key": ({RELEASE: CALLER, OTHER: CALLED}, True),
    "called: not there": ({RELEASE: CALLER}, True),
    **{f"action: {what}": ({RELEASE: USES_ACTION, ACTION: action(step)}, False) for what, step in STEPS.items()},
}


def problems(said: str) -> list[tuple[Any, ...]]:
    keys = ("file", "line", "column", "severity", "code", "message", "hint")
    return [tuple(each[key] for key in keys) for each in json.loads(said)["problems"]]


def written(root: Path, files: Mapping[str, str]) -> list[str]:
    """Write files, and give the option that names their folder."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return ["-C", str(root)]


@pytest.mark.parametrize("name", CASES)
def test_all_commands_find_the_same(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files, invalid = CASES[name]
    where = written(tmp_path, files)
    codes, found = [], []
    for words in (["check", "--format", "json"], [*PLAN], ["run", "-n", *PLAN[1:]]):
        codes.append(main([*words, *where]))
        found.append(problems(capsys.readouterr().out))
    assert found[0] == found[1] == found[2]
    assert (name == "valid") is not any(severity != "notice" for *_, severity, _, _, _ in found[0])
    assert codes[1:] == ([ExitCode.INVALID_WORKFLOW] * 2 if invalid else [ExitCode.GO] * 2)


RUN: Final = ("run", "--json", "--tag", "v1.0", "--offline", "--engine", "local")


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("broken: a")])
def test_a_run_does_not_begin_with_a_broken_file(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = written(tmp_path, CASES[name][0])
    main(["check", "--format", "json", *where])
    found = problems(capsys.readouterr().out)
    assert main([*RUN, *where]) == ExitCode.INVALID_WORKFLOW
    said = capsys.readouterr().err
    assert all(f"{line}:{column}: " in said and message in said for _, line, column, _, _, message, _ in found)


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("rule: missing")])
def test_a_run_says_what_is_known_and_runs_no_job(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = written(tmp_path, {**CASES[name][0], OTHER: NOT_YAML})
    main(["check", "--format", "json", *where])
    found = [each for each in problems(capsys.readouterr().out) if each[3] != "notice"]
    assert main([*RUN, *where]) == ExitCode.NO_GO
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert not {"engine-chosen", "job-started"} & {event["type"] for event in events}
    raised = [event["finding"] for event in events if event["type"] == "finding-raised"]
    place = ("file", "line", "column")
    told = {
        (*(each["where"][key] for key in place), each["severity"], each["code"], each["message"], each["hint"])
        for each in raised
    }
    assert told >= {each for each in found if each[0] == RELEASE}
    (other,) = [each for each in raised if each["where"]["file"] == OTHER]
    assert other["severity"] == "warning"
    assert other["message"].startswith(f"GitHub runs nothing of {OTHER}, which this event does not start: ")


@pytest.mark.parametrize("step", STEPS)
def test_what_github_refuses_in_an_action_is_an_error(
    step: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files, _ = CASES[f"action: {step}"]
    where = written(tmp_path, files)
    assert main(["check", "--format", "json", *where]) == ExitCode.NO_GO
    ((file, line, _, severity, code, message, hint),) = problems(capsys.readouterr().out)
    assert (file, line, severity, code) == (ACTION, 5, "error", "action-manifest")
    assert message.startswith("Unrecognized named-value: 'production'.")
    assert "A text has single quotes: 'production'." in hint
    assert main([*RUN, *where]) == ExitCode.NO_GO
    assert "action-manifest" in capsys.readouterr().out


def test_what_github_refuses_in_an_action_that_may_not_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = USES_ACTION.replace("{uses", "{if: failure(), uses")
    main(["check", "--format", "json", *written(tmp_path, {RELEASE: text, ACTION: action(STEPS["run"])})])
    assert [each[3] for each in problems(capsys.readouterr().out)] == ["warning"]


def test_a_problem_of_a_called_file_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = written(tmp_path, {RELEASE: CALLER, OTHER: CALLED})
    for command in (["check", "--format", "json", *where], [*PLAN, *where]):
        main(command)
        found = problems(capsys.readouterr().out)
        assert [each[0] for each in found if each[4] == "unknown-key"] == [OTHER]


SILENT: Final = "on: {push: {tags: ['v*']}}\njobs: {a: {uses: ./.github/workflows/other.yml}}\n"
WRITES: Final = "on: workflow_call\npermissions: {SCOPE: write}\njobs: {a: {runs-on: x, steps: [{run: ls}]}}\n"


@pytest.mark.parametrize(
    ("scope", "setting", "severities"),
    [
        ("contents", "", ["warning"]),
        ("contents", "read", ["error"]),
        ("contents", "write", []),
        ("id-token", "", ["error"]),
    ],
)
def test_what_the_setting_of_the_repository_decides(
    scope: str, setting: str, severities: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {RELEASE: SILENT, OTHER: WRITES.replace("SCOPE", scope)}
    if setting:
        files["pysim.toml"] = f'[repository]\nworkflow-permissions = "{setting}"\n'
    main(["check", "--format", "json", *written(tmp_path, files)])
    found = problems(capsys.readouterr().out)
    assert [each[3] for each in found if each[4] == "call-permissions"] == severities
    assert all(
        "Settings > Actions > General > Workflow permissions" in each[5] for each in found if each[3] == "warning"
    )
