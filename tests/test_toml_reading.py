"""The one reader of TOML: what it takes, and what it refuses before anything grows."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from simulator.configuration.toml_source import read_toml
from simulator.errors import ConfigurationError
from simulator.planning.uploads import destinations_of_script
from simulator.rehearsal.git_version import git_version
from simulator.rehearsal.projects import Project, project_names, projects_of
from simulator.toml_places import toml_places
from simulator.toml_reading import LARGEST, MOST, TomlError, parse_toml
from tests.fuzzing import fuzzed

NAMED = b'[project]\nname = "demo"\n'
TOO_MUCH = {
    "size": (b"#" * (LARGEST + 1), r"more than 1048576 bytes \(1 MiB\)"),
    "lists": (b"x = " + b"[" * 5000 + b"]" * 5000, "nested more than 64 deep"),
    "tables": (b"x = " + b"{a = " * 5000 + b"1" + b"}" * 5000, "nested more than 64 deep"),
    "dotted key": (b"a" + b".a" * 9999 + b" = 1", "nested more than 64 deep"),
    "dotted header": (b"[a" + b".a" * 9999 + b"]", "nested more than 64 deep"),
    "dotted header and key": (b"[a" + b".a" * 40 + b"]\na" + b".a" * 40 + b" = 1", "nested more than 64 deep"),
    "digits": (b"[run]\nnumber = " + b"9" * 5000, "an integer has 5000 digits"),
    "hexadecimal digits": (b"number = 0x" + b"f" * 5000, "an integer has 5002 digits"),
    "values": (b"x = [" + b"1," * (MOST + 1) + b"]", "more than 50000 keys and values"),
    "not UTF-8": (b"x = '\xff'", "is not UTF-8"),
}


@pytest.mark.parametrize(("content", "message"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_is_refused_is_said_in_a_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "pysim.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=message) as caught:
        read_toml(file)
    assert str(caught.value).startswith("pysim.toml")
    assert caught.value.hint


@pytest.mark.parametrize("content", [content for content, _ in TOO_MUCH.values()], ids=TOO_MUCH)
def test_what_is_refused_is_the_affair_of_the_build(content: bytes) -> None:
    content = NAMED + content
    assert projects_of([("pyproject.toml", content)]) == {}
    assert project_names([("pyproject.toml", content)]) == ()
    assert git_version(content, ("setuptools-scm",)) is None
    (found,) = destinations_of_script("uv publish", {}, {"uv.toml": content}.get)
    assert found.index == "pypi"


def test_a_dotted_key_takes_no_memory() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TomlError):
            parse_toml(b"a" + b".a" * 20_000 + b" = 1")
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        "a = '" + "[" * 500 + "'",
        'a = """' + "a.b." * 500 + '"""',
        "a = 1 # " + "[" * 500,
        "a = [\n" + "  [1, 2.5],\n" * 500 + "]",
        "[[a]]\nb.c = 1\n" * 200,
        "[tool.a.b]\nx = {y = [1, 2], z.w = 'x'}\n",
        "a = 0.1234567890" + "1" * 200,
        "a = 1979-05-27T07:32:00.999999\n",
    ],
)
def test_what_is_within_bounds_is_taken(text: str) -> None:
    assert parse_toml(text.encode())


@pytest.mark.parametrize("text", ["project = 1", "project = []", "tool = []", "[project]\nname = 'x'\n[[tool]]"])
def test_tables_that_are_none(text: str) -> None:
    content = text.encode()
    assert git_version(b"build-system.requires = ['x']\n" + content, ("x",)) in {None, "x"}
    for project in projects_of([("pyproject.toml", content)]).values():
        assert project.readme is None


SNIPPETS = ("[", "]", "[[", "]]", "{", "}", ".", "=", ",", "\n", '"', '"""', "'", "'''", "\\", "#", "a", "1", "0x", " ")


@fuzzed
@given(st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(SNIPPETS)).map(lambda p: "".join(p).encode())))
def test_no_other_exception(content: bytes) -> None:
    try:
        data = parse_toml(content)
    except TomlError:
        return
    toml_places(content.decode())
    project = Project(name=canonicalize_name("x"), path="pyproject.toml", text=content.decode(), data=data)
    assert project.readme is None or project.readme
    git_version(content, ("x",))
