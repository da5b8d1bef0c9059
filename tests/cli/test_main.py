"""The `pysim` command itself: what it says of wrong arguments, and what becomes of outputs that are closed or full."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from simulator.cli.main import COMMANDS, main

ROOT = Path(__file__).parent.parent.parent

USAGE = [
    (["rum"], "There is no command rum.", "Did you mean run?"),
    (["zzz"], "There is no command zzz.", "There is: "),
    (["run", "--tga", "v1"], "pysim run has no option --tga.", "Did you mean --tag?"),
    (["--verison"], "pysim has no option --verison.", "Did you mean --version?"),
    (["clean", "--zzz"], "pysim clean has no option --zzz.", "pysim clean --help lists"),
    (["run", "--tag"], "'--tag' requires an argument", "--help"),
    (["run", "--engine", "dokcer", "--tag", "v1"], "'dokcer' is not one of", "pysim run --help lists"),
    (["run", "extra", "--tag", "v1"], "extra argument (extra)", "pysim run --help lists"),
    (["image", "biuld"], "Did you mean 'build'?", "pysim image --help lists"),
    (["run", "--tag", "v1", "--var", "x"], "'x' is not NAME=VALUE", "--help"),
    (["run"], "no tag was given", "(--tag v1.2.3, or --branch main)"),
    (["run", "--event", "release"], "A release belongs to a tag", "--tag"),
    (["run", "--tag", "v1", "--prerelease"], "--prerelease belongs to --event release", "Add --event release"),
    (["run", "--tag", "v1", "--input", "a=b"], "--input belongs to", "Add --event workflow_dispatch"),
    (["run", "--tag", "v1", "--branch", "main"], "exclude each other", "Give the one"),
    (["run", "--tag", "v1", "--json", "--plain"], "--json and --plain exclude", "every line"),
    (["run", "--tag", "v1", "-C", "/nowhere/at/all"], "/nowhere/at/all is not a folder", "Name the folder"),
]


@pytest.mark.parametrize(("arguments", "message", "hint"), USAGE, ids=lambda value: " ".join(value)[:30])
def test_wrong_arguments(
    arguments: Sequence[str], message: str, hint: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(list(arguments)) == 2
    out, said = capsys.readouterr()
    first, second, *rest = said.splitlines()
    assert first.startswith("error: ")
    assert message in first
    assert second.startswith("  hint: ")
    assert hint in second
    assert (out, rest) == ("", [])


def test_a_folder_without_workflows_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("x")
    assert main(["run", "-C", str(tmp_path), "--tag", "v1"]) == 2
    assert f"no workflow in .github/workflows of {tmp_path}" in capsys.readouterr().err
    assert main(["run", "-C", str(tmp_path / "file"), "--tag", "v1"]) == 2
    assert "is not a folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_rehearsal_that_never_began_leaves_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workflow = tmp_path / ".github/workflows/pypi.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text("on: psuh\njobs: {}\n")
    assert main(["run", "-C", str(tmp_path), "--tag", "v1"]) == 3
    said = capsys.readouterr().err
    assert f"{workflow.relative_to(tmp_path)}:1:5: error: " in said
    assert "Did you mean 'push'?" in said
    assert not (tmp_path / ".pysim").exists()


def test_no_arguments_show_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert all(f"  {name} " in capsys.readouterr().err for name in list(COMMANDS)[:1])


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS)], ids=str)
def test_every_command_has_help_that_costs_no_import(words: list[str]) -> None:
    code = (
        "import sys\nfrom simulator.cli.main import main\n"
        f"assert main({[*words, '--help']!r}) == 0\n"
        "heavy = {'docker', 'rich', 'httpx', 'yaml', 'starlette', 'cryptography', 'packaging', 'twine'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    assert "Usage: pysim" in done.stdout


def pysim(redirections: str) -> subprocess.CompletedProcess[str]:
    words = f"'{sys.executable}' -m simulator {redirections}"
    return subprocess.run(["bash", "-c", words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("redirections", ["--help >&-", "--help | true", "run --help | head -n 1", "rum 2>&-"])
def test_an_output_that_is_gone_is_no_traceback(redirections: str) -> None:
    done = pysim(redirections)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
