"""The grammar of workflow commands and of the command files."""

from __future__ import annotations

import pytest

from simulator.runner.commands import WorkflowCommand, parse_command
from simulator.runner.files import FileCommandError, decode_text, parse_pairs, parse_paths
from simulator.runner.log import COMMANDS


@pytest.mark.parametrize(
    ("line", "name", "properties", "data"),
    [
        ("::debug::hello", "debug", {}, "hello"),
        ("  ::Warning file=a.py,line=3::mind", "warning", {"file": "a.py", "line": "3"}, "mind"),
        ("::error title=a%2Cb%3Ac%25::x%0Ay%25", "error", {"title": "a,b:c%"}, "x\ny%"),
        ("::notice file=,line=1::x", "notice", {"line": "1"}, "x"),
        ("::endgroup::", "endgroup", {}, ""),
        ("::error Title=x,endLine=2::x", "error", {"title": "x", "endline": "2"}, "x"),
        ("text ##[error]boom", "error", {}, "boom"),
        ("##[set-output name=a;x=1]v%5D%3B", "set-output", {"name": "a", "x": "1"}, "v];"),
        ("::error  file=a, line=1 ::x", "error", {"file": "a", " line": "1"}, "x"),
        ("::error file==a=b,=c,d::x", "error", {"file": "a=b"}, "x"),
        ("::unknown::##[error]boom", "error", {}, "boom"),
        ("::error::a::b", "error", {}, "a::b"),
    ],
)
def test_commands(line: str, name: str, properties: dict[str, str], data: str) -> None:
    assert parse_command(line, COMMANDS) == WorkflowCommand(name=name, properties=properties, data=data)


@pytest.mark.parametrize(
    "line",
    [
        "plain",
        "x ::error::no",
        "::error",
        "::::",
        ":: ::x",
        "a :: b :: c",
        "::unknown::x",
        ":: error::x",
        "##[]x",
        "##[x",
    ],
)
def test_lines_that_are_no_command(line: str) -> None:
    assert parse_command(line, COMMANDS) is None


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", {}),
        ("a=1\n\nb=x=y\nc=\n", {"a": "1", "b": "x=y", "c": ""}),
        ("a<<END\none\ntwo\nEND\nb=2", {"a": "one\ntwo", "b": "2"}),
        ("a<<END\nEND", {"a": ""}),
        ("a=b<<c\n", {"a": "b<<c"}),
        ("a=keeps\r\n", {"a": "keeps\r"}),
        ("a=1\na=2", {"a": "2"}),
        ("=x", {"": "x"}),
    ],
)
def test_pairs(text: str, pairs: dict[str, str]) -> None:
    assert dict(parse_pairs(text)) == pairs


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nothing", "Invalid format 'nothing'"),
        ("<<END\nx\nEND", "Invalid format '<<END'. Name must not be empty and delimiter must not be empty"),
        ("a<<\nx", "Invalid format 'a<<'. Name must not be empty and delimiter must not be empty"),
        ("a<<END\nx\n", "Invalid value. Matching delimiter not found 'END'"),
        ("a<<END", "Invalid value. Matching delimiter not found 'END'"),
        ("a<<END\nx", "Invalid value. EOF marker missing new line."),
    ],
)
def test_refused_pairs(text: str, complaint: str) -> None:
    with pytest.raises(FileCommandError) as caught:
        list(parse_pairs(text))
    assert str(caught.value) == complaint


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_in_the_encodings_of_powershell(encoding: str) -> None:
    assert decode_text("NAME=wört\n".encode(encoding)) == "NAME=wört\n"


def test_paths() -> None:
    assert parse_paths("/a\n\n/b c\r\n/d") == ["/a", "/b c", "/d"]
