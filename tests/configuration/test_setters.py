"""Who may set what: the file of the rehearsed repository, and the file of the user of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.configuration.reading import load_configuration
from simulator.configuration.values import Configuration
from simulator.errors import ConfigurationError, ExitCode
from simulator.operations.actions import read_actions
from simulator.operations.configured import configured
from simulator.operations.request import Request, unheard
from simulator.remedies import Act, remedy


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's file, in the user's home."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home/.config"))
    folder = tmp_path / "home/.config/pysim"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def root(tmp_path: Path, users: Path) -> Path:
    root = tmp_path / "repository"
    (root / ".github/workflows").mkdir(parents=True)
    (root / ".github/workflows/release.yml").write_text(
        "on: {push: {tags: ['v*']}}\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}\n"
    )
    return root


def written(users: Path, text: str) -> None:
    (users / "config.toml").write_text(text, encoding="utf-8")


def test_the_users_file(root: Path, users: Path, tmp_path: Path) -> None:
    for folder in (users / "tool", tmp_path / "home/work", tmp_path / "far"):
        folder.mkdir()
    written(
        users,
        f"[local-repositories]\n'octo/tool@v1' = 'tool'\n'octo/work' = '~/work'\n'octo/far' = '{tmp_path / 'far'}'\n"
        "[images]\n'docker://python:3' = 'mine'\n",
    )
    found = load_configuration(root)
    copies = {(copy.owner, copy.repo, copy.ref): copy.path for copy in found.local_repositories}
    assert copies == {
        ("octo", "tool", "v1"): users / "tool",
        ("octo", "work", None): tmp_path / "home/work",
        ("octo", "far", None): tmp_path / "far",
    }
    assert found.images == {"python:3": "mine"}
    assert found.file is None


def test_no_users_file(root: Path) -> None:
    assert load_configuration(root) == Configuration()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[local-repositories]\n'octo/x@v1' = 'nowhere'\n", "2:15: there is no folder"),
        ("[local-repositories]\nocto = '.'\n", "2:8: 'octo=.' is not owner/repo@ref=PATH."),
        ("[local-repositories]\n'octo/x' = 1\n", "2:12: octo/x is to be text."),
        ("[images]\nname = ''\n", "2:8: An image without a name stands for none."),
        ("images = 1\n", "1:10: images is to be a table."),
        ("[imags]\n", "1:2: There is no key imags in the file."),
        ("[images]\na = 'ghp_0123456789012345678901234567'\n", "2:5: Secrets do not belong in the file (a)."),
        ("[images\n", "1:8: Expected ']' at the end of a table declaration, so it is not TOML."),
        ("[vars]\nA = '1'\n", "1:2: vars is said of one repository, so it does not count in the file of this user."),
        ("x = 1\n[[publishers]]\n", "2:3: publishers is said of one repository"),
    ],
)
def test_faults_of_the_users_file(root: Path, users: Path, text: str, said: str) -> None:
    written(users, text)
    with pytest.raises(ConfigurationError) as error:
        load_configuration(root)
    assert str(error.value).startswith(f"~/.config/pysim/config.toml:{said}")


def test_a_key_of_the_repository_has_its_place(root: Path, users: Path) -> None:
    written(users, "[environments.pypi]\n")
    with pytest.raises(ConfigurationError) as error:
        load_configuration(root)
    assert error.value.hint == "Move it to pysim.toml of the repository, or to [tool.pysim] of its pyproject.toml."


def test_a_users_file_that_is_none_is_told_of(root: Path, users: Path) -> None:
    (users / "config.toml").mkdir()
    with pytest.raises(ConfigurationError, match=r"Cannot read ~/\.config/pysim/config\.toml: Is a directory"):
        load_configuration(root)


@pytest.mark.parametrize(
    ("name", "text", "place", "machine", "remedies"),
    [
        (
            "pysim.toml",
            "[local-repositories]\n'octo/x@v1' = 'x'\n'octo/y' = '/'\n",
            "1:2",
            "folders",
            (remedy(Act.USE_COPY, "octo/x@v1"), remedy(Act.USE_COPY, "octo/y")),
        ),
        ("pysim.toml", "\nimages.'python:3' = 'mine'\n", "2:1", "images", (remedy(Act.USE_IMAGE, "python:3"),)),
        (
            "pyproject.toml",
            "[tool.pysim.images]\nubuntu = 'mine'\n",
            "1:13",
            "images",
            (remedy(Act.USE_IMAGE, "ubuntu"),),
        ),
        ("pyproject.toml", "[tool]\npysim = {images = 1}\n", "2:10", "images", ()),
    ],
)
def test_a_repository_names_nothing_of_this_machine(
    root: Path, name: str, text: str, place: str, machine: str, remedies: tuple[object, ...]
) -> None:
    (root / name).write_text(text)
    with pytest.raises(ConfigurationError) as error:
        load_configuration(root)
    table = "local-repositories" if machine == "folders" else "images"
    assert str(error.value) == (
        f"{name}:{place}: The rehearsed repository may not name {machine} of this machine: [{table}] counts in "
        "~/.config/pysim/config.toml alone, or on the command line."
    )
    assert error.value.hint == (
        f"Move it to [{table}] in ~/.config/pysim/config.toml, or name the {machine} when you ask for the rehearsal."
    )
    assert error.value.remedies == remedies


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[images]\nubuntu = 'mine'\n", "pysim.toml:1:2: The rehearsed repository may not name images"),
        ("[envronments.pypi]\n", "pysim.toml:1:2: There is no key envronments in the file."),
        ("[run]\nnumber = 0\n", "pysim.toml:2:10: number is to be a number from 1."),
        ("x = '''\n[vars]\n'''\n[vars]\n1A = 'x'\n", "pysim.toml:1:1: There is no key x in the file."),
        ("vars = {A = '''\n[run]\nnumber = 0'''}\nrun.number = '0'\n", "pysim.toml:4:14: number is to be a number"),
    ],
)
def test_the_plan_says_what_is_wrong(root: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "pysim.toml").write_text(text)
    assert main(["plan", "-C", str(root), "--tag", "v1"]) == ExitCode.USAGE
    assert f"error: {said}" in " ".join(capsys.readouterr().err.split())


def test_the_configured_copy_counts_for_a_plan(root: Path, users: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (users / "tool").mkdir()
    (users / "tool/action.yml").write_text("runs: {using: node18, main: x.js}")
    (root / ".github/workflows/release.yml").write_text(
        "on: {push: {tags: ['v*']}}\njobs: {a: {runs-on: ubuntu-latest, steps: [{uses: octo/tool@v1}]}}\n"
    )
    written(users, "[local-repositories]\n'octo/tool@v1' = 'tool'\n")
    assert main(["plan", "-C", str(root), "--tag", "v1"]) == ExitCode.GO
    assert "Fail to load octo/tool@v1: action.yml" in capsys.readouterr().err


def test_the_configured_image_counts_unless_another_one_is_asked_for(root: Path, users: Path) -> None:
    written(users, "[images]\n'docker://python:3' = 'mine'\nnode = 'ours'\n")
    request = Request(repository=root, images={"python:3": "other"})
    actions = read_actions(configured(request, root), unheard)
    assert actions.images == {"python:3": "other", "node": "ours"}
