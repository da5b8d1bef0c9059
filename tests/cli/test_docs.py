"""What README and docs say is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from rich.console import Console

from simulator.cli.main import COMMANDS, cli
from simulator.configuration.reading import load_configuration
from simulator.errors import ExitCode
from simulator.report.codec import read_events
from simulator.report.go_no_go import report
from simulator.report.state import replay
from tests.cli.commands_page import page

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
EXIT_CODE = re.compile(r"\b(\d+) ([a-z][a-z -]*[a-z])")


def block(language: str, text: str = README) -> str:
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]


def mentioned(text: str) -> list[list[str]]:
    """The `pysim ...` command lines in code."""
    return [words.split() for words in re.findall(r"`pysim ([^`\n]+)`", text)]


def command_of(words: list[str]) -> click.Command:
    context = click.Context(cli)
    found: click.Command = cli
    for word in words:
        inner = found.get_command(context, word) if isinstance(found, click.Group) else None
        if inner is None:
            break
        found = inner
    return found


def test_the_table_names_every_command() -> None:
    rows = re.findall(r"^\| (`pysim .*?) \|", README, re.MULTILINE)
    named = {words[0] for row in rows for words in mentioned(row)}
    assert named == set(COMMANDS)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_commands_and_options_exist(path: Path) -> None:
    for words in mentioned(path.read_text(encoding="utf-8")):
        assert words[0] in COMMANDS, words
        known = {name for option in command_of(words).params for name in option.opts} | {"--help"}
        assert {word for word in words if word.startswith("-")} <= known, words


def exit_codes(text: str) -> dict[int, str]:
    listed = re.search(r"Exit codes?:(.*?)\.", text, re.DOTALL)
    assert listed
    return {int(code): words for code, words in EXIT_CODE.findall(" ".join(listed[1].split()))}


def test_exit_codes() -> None:
    told = exit_codes(README)
    assert told == exit_codes(command_of(["run"]).help or "")
    assert set(told) == set(ExitCode)


def test_the_report_is_what_a_run_prints() -> None:
    state = replay(read_events(ROOT / "tests/report/cases/sample/events.jsonl"))
    console = Console(width=100, color_system=None, force_terminal=True, _environ={})
    printed = iter([line.plain.rstrip() for line in report(state, console, whole=False)])
    for line in block("text").splitlines():
        assert line in printed, f"{line!r} is not printed, or not there"


def test_the_configuration_is_one_that_is_read(tmp_path: Path) -> None:
    (tmp_path / "pysim.toml").write_text(block("toml"), encoding="utf-8")
    found = load_configuration(tmp_path)
    assert found.publishers
    assert found.environments


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_make_targets_exist_and_are_explained() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    explained = set(re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE))
    targets = {word for line in re.findall(r"^\.PHONY:(.*)$", makefile, re.MULTILINE) for word in line.split()}
    assert explained == targets
    assert set(re.findall(r"`?make ([a-z-]+)", README)) <= targets


def test_the_page_of_commands_names_all() -> None:
    """In whatever words the installed version of click has the rest."""
    told = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    made = page()
    headings = re.findall(r"^## (.*)$", made, re.MULTILINE)
    assert headings == re.findall(r"^## (.*)$", told, re.MULTILINE)
    flags = re.compile(r"^\| (`-.*?)[` ]", re.MULTILINE)
    assert flags.findall(made) == flags.findall(told)


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 80
