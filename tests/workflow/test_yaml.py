"""YAML text to nodes: values, places, and text that is meant to hurt."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.workflow.yaml_source import Mapping, Node, Scalar, Sequence, read


def root(text: str | bytes) -> Node:
    document = read(text, "f.yml")
    assert document.root is not None, document.diagnostics
    return document.root


def plain(node: Node) -> object:
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {entry.key.value: plain(entry.value) for entry in node}


def problem(text: str | bytes) -> str:
    document = read(text, "f.yml")
    assert document.diagnostics
    return str(document.diagnostics[0]).splitlines()[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("tRUE", "tRUE"),
        ("yes", "yes"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("null", None),
        ("NULL", None),
        ("nULL", "nULL"),
        ("~", None),
        ("12", 12),
        ("-12", -12),
        ("+12", 12),
        ("0755", 755),
        ("0o17", 15),
        ("0O17", "0O17"),
        ("-0o17", "-0o17"),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("12_345", "12_345"),
        ("12:30:45", "12:30:45"),
        ("2024-01-02", "2024-01-02"),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.5e-3", -0.0015),
        ("1e3", 1000.0),
        ("3.10", 3.1),
        ("1.2.3", "1.2.3"),
        ("0o8", "0o8"),
        (".", "."),
        ("--", "--"),
        ("1e", "1e"),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        (".Inf", math.inf),
        ("inf", "inf"),
        ("1" * 400, math.inf),
        ("0x" + "f" * 400, math.inf),
        ("12345678901234567890", 12345678901234567890.0),
        ("'12'", "12"),
        ('"true"', "true"),
        ("''", ""),
        ("!!str 12", "12"),
        ("!!str", ""),
        ("! 12", "12"),
        ("!!int 0x10", 16),
        ("!!float 1", 1),
        ("!!bool false", False),
        ("!!null ~", None),
        ("=", "="),
        ("a#b", "a#b"),
        ("a # b", "a"),
        ("${{ a }}", "${{ a }}"),
    ],
)
def test_scalar(text: str, value: object) -> None:
    node = root(f"- {text}\n")
    assert isinstance(node, Sequence)
    (item,) = node.items
    assert isinstance(item, Scalar)
    assert item.value == value
    assert type(item.value) is type(value)


def test_not_a_number() -> None:
    node = root(".NaN")
    assert isinstance(node, Scalar)
    assert isinstance(node.value, float)
    assert math.isnan(node.value)


def test_text_and_plain() -> None:
    node = root('[012, "012"]')
    assert isinstance(node, Sequence)
    first, second = node.items
    assert isinstance(first, Scalar)
    assert isinstance(second, Scalar)
    assert (first.text, first.plain, second.text, second.plain) == ("012", True, "012", False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: |\n  one\n   two\n\n", {"a": "one\n two\n"}),
        ("a: >-\n  one\n  two\n", {"a": "one two"}),
        ("a: |+\n  12\n\n", {"a": "12\n\n"}),
        ("a: one\n  two\n", {"a": "one two"}),
        ('a: "\\x41\\t\\u00e9"\n', {"a": "A\t\u00e9"}),
        ("{a: [1, {b: c}], }", {"a": [1, {"b": "c"}]}),
        ("? a\n: - b\n", {"a": ["b"]}),
        ("a:\nb:\n", {"a": None, "b": None}),
        ("a: &x [1]\nb: *x\n", {"a": [1], "b": [1]}),
        ("a: &x 1\nb: &x 2\nc: *x\n", {"a": 1, "b": 2, "c": 2}),
        ("&k a: 1\nb: *k\n", {"a": 1, "b": "a"}),
        ("--- \na: 1\n...\n", {"a": 1}),
        ("%YAML 1.2\n---\na: 1\n", {"a": 1}),
        ("\ufeffa: 1\n", {"a": 1}),
        ("a:\t1\t# c\nb: [1,\t2]\n\t\n\t# c\nc: 3\n", {"a": 1, "b": [1, 2], "c": 3}),
        ("a: 1\r\nb: |\r\n  x\r\n  y\r\n", {"a": 1, "b": "x\ny\n"}),
    ],
)
def test_structure(text: str, value: object) -> None:
    assert plain(root(text)) == value
    assert plain(root(text.encode())) == value


def test_empty() -> None:
    for text in ("", "\n", "# only a comment\n", b""):
        document = read(text, "f.yml")
        assert document.root is None
        assert document.diagnostics == ()


def test_places() -> None:
    node = root("on: push\njobs:\n  a:\n    needs: [b,  c]\n    if:\n")
    assert isinstance(node, Mapping)
    jobs = node.get("jobs")
    assert isinstance(jobs, Mapping)
    job = jobs.get("a")
    assert isinstance(job, Mapping)
    needs = job.get("needs")
    assert isinstance(needs, Sequence)
    empty = job.get("if")
    assert empty is not None
    places = [item.span for item in (node, node.entries[1].key, jobs, job, needs, needs.items[1], empty)]
    assert [(span.line, span.column) for span in places] == [(1, 1), (2, 1), (3, 3), (4, 5), (4, 12), (4, 17), (5, 8)]
    assert str(places[0]) == "f.yml:1:1"
    assert node.get("missing") is None


MARKED = [
    "a: ${{ @x }}",
    "a: '${{ @x }}'",
    "a: 'it''s ${{ ''a'' == @x }}'",
    'a: "\\t ${{ \\"b\\" @x }}"',
    "a: text ${{ a }} and\n  more ${{ b &&\n    @x }}",
    "a: |\n  one ${{ a }}\n    two ${{ b }} ${{ @x }}",
    "a: |2\n    one\n\n  two ${{ c ||\n\n      @x }}",
    "a: >-\n  one ${{\n    a\n    @x }}",
    "a: !!str ${{ @x }}",
    "a: &anchor '${{ @x }}'",
    "a: plain @x",
    "a: 'quoted @x'",
]


@pytest.mark.parametrize("text", MARKED)
def test_place_within_an_expression(text: str) -> None:
    node = root(text)
    assert isinstance(node, Mapping)
    scalar = node.entries[0].value
    assert isinstance(scalar, Scalar)
    span = scalar.place_of(scalar.text.index("@x"))
    before = text[: text.index("@x")]
    assert (span.line, span.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


def test_the_depth_that_github_reads() -> None:
    assert read("[" * 50 + "]" * 50, "f.yml").root is not None
    assert problem("[" * 51 + "]" * 51) == "f.yml:1:51: error: Maximum object depth exceeded [yaml-depth]"


PIECES = [
    "a",
    ": ",
    "- ",
    "\n",
    "  ",
    "\t",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "!!int ",
    "|",
    ">",
    "'",
    '"',
    "#",
    "<<",
    "? ",
    "---",
]


@settings(max_examples=300)
@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.binary()))
def test_no_text_raises(text: str | bytes) -> None:
    document = read(text, "f.yml")
    for found in document.diagnostics:
        assert found.span.line >= 1
        assert found.span.column >= 1
