"""What the command prints, and its exit codes."""

import io
import json
from pathlib import Path

import pytest

from orchay.cli import main


@pytest.fixture
def release(tmp_path: Path) -> str:
    file = tmp_path / "release.tasks"
    file.write_text("publish: wheel docs\nwheel: lint test\ndocs: lint\n", encoding="utf-8")
    return str(file)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], "1. lint test\n2. docs wheel\n3. publish\n"),
        (["--flat", "--for", "docs"], "lint\ndocs\n"),
        (["--for", "docs", "--for", "wheel"], "1. lint test\n2. docs wheel\n"),
    ],
)
def test_the_order(release: str, options: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([release, *options]) == 0
    assert capsys.readouterr().out == expected


def test_json(release: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([release, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [["lint", "test"], ["docs", "wheel"], ["publish"]]


def test_a_circle_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("egg: hen\nhen: egg\n"))
    assert main(["-"]) == 1
    assert capsys.readouterr().err in {"orchay: egg needs hen needs egg\n", "orchay: hen needs egg needs hen\n"}


@pytest.mark.parametrize(("options", "words"), [(["--for", "nothing"], "'nothing'"), ([], "No such file")])
def test_input_that_cannot_be_used(
    release: str, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = release if options else f"{release}.missing"
    assert main([file, *options]) == 2
    assert words in capsys.readouterr().err
