"""What is seen of actions before anything runs, those inside composite ones included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.actions.choice import ActionChoice, parse_choice
from simulator.actions.errors import NOT_REHEARSED, UnreachableError
from simulator.actions.model import Reference, ResolvedAction
from simulator.actions.refs import RefState
from simulator.actions.repositories import Repositories, parse_local_repository
from simulator.actions.resolve import resolve
from simulator.actions.survey import ActionSurvey
from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.remedies import Act, remedy

PLACE = Span(file="w.yml", line=5, column=9)


def composite(*uses: str) -> str:
    steps = ", ".join(f"{{uses: '{each}'}}" for each in uses)
    return f"runs: {{using: composite, steps: [{steps}]}}"


FILES = {
    "a/action.yml": composite("octo/b@v1", "actions/checkout@v4"),
    "b/action.yml": composite("octo/b/inner@v1"),
    "b/inner/action.yml": composite("mxschmitt/action-tmate@v3"),
    "c/action.yaml": "runs: {using: node20, main: x.js}",
    "d/Dockerfile": "FROM scratch",
    "e/action.yml": "runs: {using: ruby, main: x.rb}",
    "f/README": "no action",
    "g/action.yml": composite("octo/g@v1"),
    "h/action.yml": composite("far/away@v1", "far/off@v2", "far/away@v1"),
    "i/action.yml": composite("./local"),
    "j/action.yml": composite("codecov/codecov-action@v5"),
}


def survey(folder: Path, choice: ActionChoice | None = None, files: Mapping[str, str] = FILES) -> ActionSurvey:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    local = [parse_local_repository(f"octo/{path.name}={path}", folder) for path in folder.iterdir()]
    repositories = Repositories(folder / "cache", local=local, offline=True)

    def known(reference: Reference) -> ResolvedAction | None:
        if str(reference).startswith("./"):
            return None
        return resolve(reference, workspace_read=None, choice=choice, repositories=repositories)

    return ActionSurvey(known)


@pytest.mark.parametrize(
    ("uses", "messages"),
    [
        ("octo/c@v1", []),
        ("octo/d@main", []),
        ("octo/i@v1", []),
        ("./anything", []),
        ("actions/checkout@v4", []),
        (
            "octo/a@v1",
            ["octo/a@v1 uses octo/b@v1: octo/b@v1 uses octo/b/inner@v1: octo/b/inner@v1 uses mxschmitt/"],
        ),
        ("octo/e@v1", ["Fail to load octo/e@v1: action.yml: "]),
        ("octo/f@v1", ["Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action 'octo/f@v1'."]),
        ("octo/c/deep@v1", ["Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action 'octo/c/deep@v1'."]),
        ("octo/g@v1", ["octo/g@v1 uses octo/g@v1: Composite action depth exceeded max depth 9"]),
        ("octo", ["Expected format {org}/{repo}[/path]@ref. Actual 'octo'"]),
    ],
)
def test_what_is_wrong_with_an_action_is_said_at_its_place_in_the_workflow(
    tmp_path: Path, uses: str, messages: list[str]
) -> None:
    found = list(survey(tmp_path).findings(uses, PLACE))
    assert [finding.where for finding in found] == [PLACE] * len(messages)
    for finding in found:
        assert finding.severity is (Severity.WARNING if finding.code == NOT_REHEARSED else Severity.ERROR)
        assert finding.hint
    assert all(finding.message.startswith(message) for finding, message in zip(found, messages, strict=True)), found


def test_a_refused_action_inside_another_matters_if_its_step_runs(tmp_path: Path) -> None:
    step = "{uses: 'mxschmitt/action-tmate@v3', if: inputs.look == 'true'}"
    files = {"j/action.yml": f"runs: {{using: composite, steps: [{step}]}}"}
    (finding,) = survey(tmp_path, files=files).findings("octo/j@v1", PLACE)
    assert finding.severity is Severity.WARNING
    assert finding.message.startswith(
        "octo/j@v1 uses mxschmitt/action-tmate@v3 if inputs.look == 'true': then pysim does not"
    )


def test_it_is_known_afterwards_which_actions_there_are_and_what_stands_for_them(tmp_path: Path) -> None:
    seen = survey(tmp_path)
    for uses in ("octo/a@v1", "actions/checkout@v4", "octo/c@v1"):
        list(seen.findings(uses, PLACE))
    assert [(str(used.action.reference), str(used.within), used.action.builtin) for used in seen.used] == [
        ("octo/a@v1", "None", False),
        ("octo/b@v1", "octo/a@v1", False),
        ("octo/b/inner@v1", "octo/b@v1", False),
        ("actions/checkout@v4", "octo/a@v1", True),
        ("octo/c@v1", "None", False),
    ]


def test_all_that_is_missing_offline_is_named_in_one_sentence(tmp_path: Path) -> None:
    seen = survey(tmp_path)
    assert not [*seen.findings("octo/h@v1", PLACE), *seen.findings("far/there@v3", PLACE)]
    (finding,) = seen.missing()
    assert finding.message == "Offline, and not on this machine: far/away@v1, far/off@v2, far/there@v3"
    assert finding.where == PLACE


def test_all_that_cannot_be_fetched_is_one_finding() -> None:
    def unreachable(reference: Reference) -> ResolvedAction | None:
        raise UnreachableError(f"Cannot fetch {reference}: no way", hint="Check the network.")

    seen = ActionSurvey(unreachable)
    other = replace(PLACE, line=PLACE.line + 1)
    assert not [*seen.findings("far/a@v1", PLACE), *seen.findings("far/b@v1", other), *seen.findings("far/a@v1", other)]
    (finding,) = seen.missing()
    assert (finding.code, finding.where) == (NOT_REHEARSED, PLACE)
    assert finding.message == "Cannot fetch far/a@v1: no way; nor far/b@v1"


def test_real_actions_are_looked_at_as_such(tmp_path: Path) -> None:
    seen = survey(tmp_path, parse_choice(["real", "actions/setup-python=builtin"]))
    for uses in ("actions/checkout@v4", "actions/setup-python@v5", "actions/checkout@v99"):
        assert not list(seen.findings(uses, PLACE))
    (finding,) = seen.missing()
    assert finding.message == "Offline, and not on this machine: actions/checkout@v4, actions/checkout@v99"


@pytest.mark.parametrize(
    ("words", "builtin", "real"),
    [
        ([], ["actions/checkout"], []),
        (["real"], [], ["actions/checkout"]),
        (["real", "Actions/Checkout=builtin"], ["actions/checkout"], ["actions/setup-python"]),
        (["actions/checkout=real"], ["actions/setup-python"], ["actions/checkout"]),
        (["octo/tool=real"], ["actions/checkout"], ["octo/tool"]),
    ],
)
def test_the_choice(words: list[str], builtin: list[str], real: list[str]) -> None:
    choice = parse_choice(words)
    assert all(choice.takes_builtin(action) for action in builtin)
    assert not any(choice.takes_builtin(action) for action in real)


@pytest.mark.parametrize("word", ["", "reel", "actions/checkout=", "octo/tool=builtin", "=real=", "skip"])
def test_no_choice(word: str) -> None:
    with pytest.raises(ValueError, match=r"neither builtin, real nor|has no action of its own|is for single actions"):
        parse_choice([word])


def test_what_the_user_skips_is_told_as_such(tmp_path: Path) -> None:
    uses = "mxschmitt/action-tmate@v3"
    (refused,) = survey(tmp_path).findings(uses, PLACE)
    assert (refused.code, refused.severity) == (NOT_REHEARSED, Severity.WARNING)
    assert refused.remedies == (remedy(Act.ACCEPT_FINDING, "action-not-rehearsed: mxschmitt/action-tmate"),)
    choice = "mxschmitt/action-tmate=skip"
    for words in ([choice], ["real", choice]):
        (found,) = survey(tmp_path, parse_choice(words)).findings(uses, PLACE)
        assert (found.code, found.severity) == ("not-rehearsed", Severity.WARNING)
        assert found.message == f"{uses} is not rehearsed: it would have run, and you had it left out"


def test_an_action_whose_only_effect_is_outside_is_told(tmp_path: Path) -> None:
    seen = survey(tmp_path)
    [found] = seen.findings("octo/j@v1", PLACE)
    assert (found.code, found.severity) == ("not-rehearsed", Severity.NOTICE)
    assert "codecov/codecov-action@v5 is not rehearsed: it would have sent coverage to Codecov" in found.message
    assert [str(used.action.reference) for used in seen.used] == ["octo/j@v1"]


def states(uses: str) -> RefState | None:
    if uses == "actions/checkout@mian":
        return RefState(state="absent", why="it has no such branch", nearest="main")
    return RefState(state="unknown", why="the list is old") if uses.endswith("@v99") else None


def versions(folder: Path, *uses: str) -> tuple[list[Finding], list[Finding]]:
    """What is found of actions that are used at their place, and of their versions at the end."""
    files = {"k/action.yml": composite("actions/checkout@mian"), "l/action.yml": composite("actions/cache@v2")}
    plain = survey(folder, files=files)
    seen = ActionSurvey(plain._resolve, ref_state=states)
    return [finding for each in uses for finding in seen.findings(each, PLACE)], list(seen.versions())


def test_a_ref_that_is_absent_is_told_inside_of_another_action(tmp_path: Path) -> None:
    """The rules say it of those that a workflow names itself."""
    found, later = versions(tmp_path, "actions/checkout@mian", "octo/k@v1", "octo/l@v1")
    assert [(finding.code, finding.severity) for finding in found] == [
        ("missing-version", Severity.ERROR),
        ("action-retired", Severity.ERROR),
    ]
    assert found[0].message == (
        "octo/k@v1 uses actions/checkout@mian: GitHub cannot resolve actions/checkout@mian: it has no such branch"
    )
    assert found[0].hint == "Write actions/checkout@main, the nearest that it has."
    assert not later


def test_a_ref_that_nothing_knows_keeps_the_rehearsal_from_being_whole(tmp_path: Path) -> None:
    found, later = versions(tmp_path, "actions/checkout@v99", "actions/setup-python@v99", "actions/checkout@v4")
    assert [finding.code for finding in found] == ["unverified-version"] * 2
    assert found[0].remedies == (remedy(Act.ACCEPT_FINDING, "unverified-version: actions/checkout@v99"),)
    assert [(finding.code, finding.severity) for finding in later] == [("action-version", Severity.NOTICE)]
    assert later[0].message == (
        "Rehearsed as another version: actions/checkout@v99 (pysim's own stands for v4, v5, v6 and v7), "
        "actions/setup-python@v99 (pysim's own stands for v4, v5, v6 and v7)"
    )


def test_the_publishing_action_finds_no_image_inside_of_another_action(tmp_path: Path) -> None:
    files = {
        "m/action.yml": composite("pypa/gh-action-pypi-publish@release/v1"),
        "n/action.yml": composite("pypa/gh-action-pypi-publish@v1.11.0"),
    }
    seen = survey(tmp_path, files=files)
    [found] = [
        finding
        for uses in ("pypa/gh-action-pypi-publish@release/v1", "octo/m@v1", "octo/n@v1")
        for finding in seen.findings(uses, PLACE)
    ]
    assert (found.code, found.severity) == ("publish-in-composite", Severity.ERROR)
    assert found.message.startswith("octo/m@v1 uses pypa/gh-action-pypi-publish@release/v1: inside of a composite")


def test_commits_that_no_list_knows_are_told_in_one_notice(tmp_path: Path) -> None:
    one, other = "f" * 40, "e" * 40
    plain = survey(tmp_path, files={})
    seen = ActionSurvey(plain._resolve, ref_state=lambda _: RefState(state="unknown", why="the list is old"))
    for uses in (f"actions/checkout@{one}", f"actions/cache@{other}", f"actions/checkout@{one}", f"codecov/a@{one}"):
        assert not [finding for finding in seen.findings(uses, PLACE) if finding.code == "unverified-version"]
    [found] = seen.versions()
    assert (found.code, found.severity) == ("unknown-commit", Severity.NOTICE)
    assert found.message.endswith(f": actions/checkout@{one}, actions/cache@{other}")
