"""What lies below the doors names no option and no command: each door spells in its own way what can be asked for."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import click
import pytest

from simulator.cli.main import cli
from simulator.cli.remedies import FORMS
from simulator.remedies import Act

PACKAGE: Final = Path(__file__).parent.parent / "simulator"
DOORS: Final = ("cli/", "__main__.py")
MODULES: Final = [
    path.relative_to(PACKAGE)
    for path in sorted(PACKAGE.rglob("*.py"))
    if not path.relative_to(PACKAGE).as_posix().startswith(DOORS)
]
# What another program is told, or told of, in a text of several words: by module, with the reason.
OF_OTHERS: Final[Mapping[str, Mapping[str, str]]] = {
    "actions/remote.py": {"-C": "git's, in a command that a person is told to run"},
    "triggers/snapshot.py": {"--all": "git's, in the docstrings of what runs `git add --all`"},
    "engines/policy.py": {"-v": "docker's, in what a job's docker is answered"},
    "rehearsal/install.py": {"-v": "the shell's, in the script of the install check", "-n": "head's, in the same"},
}


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with its words, the groups too."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*path, name))


@functools.cache
def options() -> frozenset[str]:
    """Every option that click has registered."""
    found = (each for _, command in commands(cli) for each in command.params if isinstance(each, click.Option))
    return frozenset(name for option in found for name in (*option.opts, *option.secondary_opts))


@functools.cache
def patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Options as words of a text, and commands."""
    names = "|".join(re.escape(name) for name in sorted(options(), key=len, reverse=True))
    words = "|".join(sorted({path[0] for path, _ in commands(cli) if path}))
    return re.compile(rf"(?<![^\s(\[`'\"])(?:{names})(?![\w-])"), re.compile(rf"\bpysim (?:{words})\b")


def strings(module: Path) -> Iterator[tuple[int, str]]:
    """The texts of a module with their lines; a formatted one has {} for each value in it."""
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    parts = {id(value) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for value in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            values = (v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
            yield node.lineno, "".join(map(str, values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.lineno, node.value


def is_argument(text: str) -> bool:
    """Whether a text is one word that begins as an option does: no reader sees it, but a program is given it."""
    return re.fullmatch(r"--?[\w-]+(=.*)?", text) is not None


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_no_text_names_an_option_or_a_command(module: Path) -> None:
    named, called = patterns()
    excused = OF_OTHERS.get(module.as_posix(), {})
    found = [
        f"{line}: {hit[0]!r} in {text[:80]!r}"
        for line, text in strings(module)
        if not is_argument(text)
        for hit in (*named.finditer(text), *called.finditer(text))
        if hit[0] not in excused
    ]
    assert not found


@pytest.mark.parametrize("module", OF_OTHERS)
def test_every_exception_is_one(module: str) -> None:
    named, _ = patterns()
    texts = [text for _, text in strings(Path(module)) if not is_argument(text)]
    assert {hit for text in texts for hit in named.findall(text)} >= OF_OTHERS[module].keys()


def test_the_command_line_spells_everything_that_can_be_asked_for() -> None:
    assert FORMS.keys() == set(Act)


@pytest.mark.parametrize("act", Act)
def test_what_is_spelled_is_there(act: Act) -> None:
    known = {" ".join(path) for path, _ in commands(cli)}
    words = FORMS[act][0].removeprefix("pysim ").replace(",", "").split()
    if FORMS[act][0].startswith("pysim "):
        assert any(" ".join(words[:count]) in known for count in range(1, len(words) + 1)), words
    spelled = [word.partition("=")[0] for word in words if word.startswith("-")]
    assert set(spelled) <= options()
