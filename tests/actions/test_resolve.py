"""From references to actions: built in, of the workspace, and the ones that pysim cannot run."""

from __future__ import annotations

import ast
import sys
from pathlib import Path, PurePosixPath

import pytest

from simulator.actions.builtin.registry import BUILTIN
from simulator.actions.choice import ActionChoice
from simulator.actions.errors import ActionManifestError, RefusedActionError, UnavailableActionError
from simulator.actions.model import CompositeRuns, ContainerRuns, OutsideRuns, ScriptRuns
from simulator.actions.reference import parse_reference
from simulator.actions.repositories import Repositories
from simulator.actions.resolve import not_modelled, resolve, retired_version
from simulator.actions.scripts import BUILTIN_FOLDER, action_folder, builtin_folder, script_argv
from simulator.diagnostics import Severity

# What the sandbox's tool interpreter has beside the standard library.
TOOL_PACKAGES = {"id", "packaging", "pypi_attestations", "requests", "sigstore", "twine"}


@pytest.mark.parametrize("action", sorted(BUILTIN))
def test_a_builtin_action_is_whole(action: str) -> None:
    resolved = resolve(parse_reference(f"{action.upper()}@v4"), workspace_read=None)
    runs = resolved.manifest.runs
    assert resolved.builtin
    assert resolved.models
    assert resolved.differs
    assert isinstance(runs, ScriptRuns)
    for script in filter(None, (runs.main, runs.pre, runs.post)):
        assert (resolved.folder / script).is_file()


@pytest.mark.parametrize(
    "script", sorted(BUILTIN_FOLDER.rglob("*.py")), ids=lambda path: str(path.relative_to(BUILTIN_FOLDER))
)
def test_scripts_need_no_more_than_a_sandbox_has(script: Path) -> None:
    if script.name == "registry.py":
        return
    names = set()
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
    outside = {name for name in names if not name.startswith("simulator.actions.builtin")}
    assert {name.partition(".")[0] for name in outside} <= sys.stdlib_module_names | TOOL_PACKAGES


def test_how_a_script_is_started() -> None:
    action = resolve(parse_reference("actions/checkout@v4"), workspace_read=None)
    actions, python = PurePosixPath("/w/_actions"), PurePosixPath("/opt/python")
    assert action_folder(action, actions) == builtin_folder(actions) / "checkout"
    assert script_argv(action, "post.py", python=python, actions=actions) == (
        "/opt/python",
        "-I",
        "-X",
        "utf8",
        "/w/_actions/_pysim/launch.py",
        "checkout/post.py",
        "v4",
    )


@pytest.mark.parametrize("uses", ["octo/tools/x@main", "actions/upload-artifact/other@v4"])
def test_an_action_that_is_not_built_in_needs_a_place_to_come_from(uses: str) -> None:
    with pytest.raises(UnavailableActionError, match="it is not built in") as error:
        resolve(parse_reference(uses), workspace_read=None)
    assert uses in str(error.value)
    assert all(action in error.value.hint for action in BUILTIN)


def test_an_action_that_cannot_work_here_is_refused_with_the_reason() -> None:
    with pytest.raises(RefusedActionError, match="it opens this machine to others"):
        resolve(parse_reference("Mxschmitt/Action-Tmate@v3"), workspace_read=None)


@pytest.mark.parametrize("choice", [ActionChoice(), ActionChoice(default="real")])
def test_an_action_whose_only_effect_is_outside_is_never_run(choice: ActionChoice) -> None:
    for uses, done in (
        ("codecov/codecov-action@v5", "sent coverage to Codecov"),
        ("github/codeql-action/upload-sarif@v3", "sent code scanning results to GitHub"),
        ("docker/login-action@v3", "logged in to a container registry"),
    ):
        runs = resolve(parse_reference(uses), workspace_read=None, choice=choice).manifest.runs
        assert runs == OutsideRuns(done=done)
    with pytest.raises(UnavailableActionError):
        resolve(parse_reference("github/codeql-action/init@v3"), workspace_read=None, choice=choice)


@pytest.mark.parametrize(
    ("uses", "would_show"),
    [
        ("astral-sh/setup-uv@v8", "Unable to resolve action `astral-sh/setup-uv@v8`, unable to find version `v8`"),
        (
            "astral-sh/setup-uv@v8.1",
            "Unable to resolve action `astral-sh/setup-uv@v8.1`, unable to find version `v8.1`",
        ),
        (
            "pypa/gh-action-pypi-publish@v1",
            "Unable to resolve action `pypa/gh-action-pypi-publish@v1`, unable to find version `v1`",
        ),
        ("pypa/cibuildwheel@v3", "Unable to resolve action `pypa/cibuildwheel@v3`, unable to find version `v3`"),
        ("astral-sh/setup-uv@v8.0.0", None),
        ("astral-sh/setup-uv@v7", None),
        ("pypa/cibuildwheel@v2.22", None),
        ("re-actors/alls-green@release/v1", None),
    ],
)
def test_a_tag_that_was_never_made_is_an_error(uses: str, would_show: str | None) -> None:
    found = retired_version(parse_reference(uses))
    assert (found.code if found else None, found.would_show if found else None) == (
        "action-tag" if would_show else None,
        would_show,
    )


def test_a_local_action_is_read_from_the_workspace() -> None:
    files = {"a/action.yaml": b"name: A\nruns: {using: composite, steps: []}", "b/Dockerfile": b"FROM scratch"}

    def read(path: PurePosixPath) -> bytes:
        try:
            return files[str(path)]
        except KeyError:
            raise FileNotFoundError(path) from None

    local = resolve(parse_reference("./a"), workspace_read=read)
    assert not local.builtin
    assert isinstance(local.manifest.runs, CompositeRuns)
    assert isinstance(resolve(parse_reference("./b/"), workspace_read=read).manifest.runs, ContainerRuns)
    with pytest.raises(ActionManifestError) as missing:
        resolve(parse_reference("./c"), workspace_read=read)
    assert str(missing.value) == (
        "Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under './c'. "
        "Did you forget to run actions/checkout before running your local action?"
    )
    files["a/action.yml"] = b"runs: {using: node18, main: x.js}"
    with pytest.raises(
        ActionManifestError, match=r"a/action\.yml:1:15: error: 'using: node18' is not supported"
    ) as broken:
        resolve(parse_reference("./a"), workspace_read=read)
    assert len(broken.value.diagnostics) == 1


@pytest.mark.parametrize(
    "uses",
    [
        "actions/checkout@v4",
        "actions/checkout@v7.0.1",
        "actions/checkout@main",
        "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683",
        "actions/setup-python@v6",
        "pypa/gh-action-pypi-publish@release/v1",
        "pypa/gh-action-pypi-publish@v1.14.2",
        "octo/tools@v99",
        "./x",
    ],
)
def test_versions_of_which_nothing_is_to_be_said(uses: str) -> None:
    assert retired_version(parse_reference(uses)) is None
    assert not_modelled(parse_reference(uses)) is None


@pytest.mark.parametrize(
    "uses", ["actions/checkout@v3", "actions/checkout@v8.0.0", "pypa/gh-action-pypi-publish@v2.0.0"]
)
def test_a_version_that_is_not_modelled_is_told_with_those_that_are(uses: str) -> None:
    said = not_modelled(parse_reference(uses))
    assert said is not None
    assert said.startswith(f"{uses} (pysim's own stands for v")


@pytest.mark.parametrize("action", ["actions/upload-artifact", "actions/download-artifact"])
def test_a_version_that_github_has_retired_is_an_error_in_its_words(action: str) -> None:
    finding = retired_version(parse_reference(f"{action}@v3.1.3"))
    assert finding is not None
    assert finding.severity is Severity.ERROR
    assert finding.would_show == (
        f"This request has been automatically failed because it uses a deprecated version of `{action}: v3.1.3`. "
        "Learn more: https://github.blog/changelog/2024-04-16-deprecation-notice-v3-of-the-artifact-actions/"
    )


@pytest.mark.parametrize("ref", ["v1.2.3", "v2.1.1", "61f6a500bbfdd9a2a339cf033e5421951fbc1cd2"])
def test_one_that_uses_a_retired_action_fails_for_that(ref: str) -> None:
    uses = f"sigstore/gh-action-sigstore-python@{ref}"
    finding = retired_version(parse_reference(uses))
    assert finding is not None
    assert finding.message.startswith(f"GitHub has retired actions/upload-artifact: v3, which {uses} uses: a job that")
    assert "a deprecated version of `actions/upload-artifact: v3`. " in str(finding.would_show)
    assert finding.hint == "Take v3 or later."
    assert retired_version(parse_reference("sigstore/gh-action-sigstore-python@v3.0.0")) is None


def test_a_misspelt_action_is_guessed(tmp_path: Path) -> None:
    repositories = Repositories(tmp_path, offline=True)
    for uses, hint in (
        ("actions/chekout@v4", "Did you mean actions/checkout? "),
        ("action/checkout@v4", "Did you mean actions/checkout? "),
        ("octo-libs/checkout@v1", "Run once online"),
        ("actions/chalkboard@v1", "Run once online"),
        ("octo/x@v1", "Run once online"),
    ):
        with pytest.raises(UnavailableActionError) as error:
            resolve(parse_reference(uses), workspace_read=None, repositories=repositories)
        assert error.value.hint.startswith(hint)
