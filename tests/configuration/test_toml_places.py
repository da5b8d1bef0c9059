"""The places of keys and values in TOML files, beside what the standard library reads of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.toml_places import Keys, dotted, names_of, toml_key, toml_places, toml_text

NAMES = st.sampled_from(["a", "b", "a-b", "1", "a.b", "", 'q"q', "[x]", "# no", "ü", "x = 1", "\\", "tab\t", "'"])
SCALARS = st.sampled_from(
    [
        "1",
        "-2.5e3",
        "true",
        "1979-05-27 07:32:00",
        "1979-05-27",
        "'[a]'",
        '"#\\"]"',
        "inf",
        "''",
        '""',
        '"""""a\\""""""',
        '"""\n[a]\na = 1 # ""\n"""',
        "'''\n[[b]]\nb = 'x'\n'''",
        "''",
    ]
)
GAPS = st.sampled_from(["", " ", "\t", "  "])
LINES = st.sampled_from(["", "\n", "# [a] = 1\n", "  # x\n", "\r\n"])


@st.composite
def written_names(draw: st.DrawFn, most: int = 3) -> str:
    """A dotted key in one of the ways to write it."""

    def one(name: str) -> str:
        forms = [toml_text(name)]
        forms += [name] if toml_key(name) == name else []
        forms += [f"'{name}'"] if "'" not in name and name.isprintable() else []
        forms += [f'"\\u{ord(name[0]):04x}{toml_text(name[1:])[1:]}'] if name else []
        return draw(GAPS) + draw(st.sampled_from(forms)) + draw(GAPS)

    return ".".join(map(one, draw(st.lists(NAMES, min_size=1, max_size=most))))


@st.composite
def written_values(draw: st.DrawFn, depth: int = 2) -> str:
    kind = draw(st.sampled_from(["scalar", "array", "table"] if depth else ["scalar"]))
    if kind == "scalar":
        return draw(SCALARS)
    if kind == "array":
        items = draw(st.lists(written_values(depth=depth - 1), max_size=3))
        between = draw(st.sampled_from([", ", ",", ",\n  ", " , # ], [a]\n "]))
        return f"[{draw(LINES)}{between.join(items)}{draw(st.sampled_from(['', ',', chr(10)])) if items else ''}]"
    pairs = draw(st.lists(st.tuples(written_names(2), written_values(depth=0)), max_size=3))
    return "{ " + ", ".join(f"{name.strip()}={value}" for name, value in pairs if "\n" not in value) + " }"


@st.composite
def written_files(draw: st.DrawFn) -> str:
    statements = []
    for _ in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(["pair", "pair", "[", "[["]))
        names = draw(written_names())
        end = draw(st.sampled_from(["\n", "\r\n", "  # [c]\n", "\n\n# d = 1\n"]))
        if kind == "pair":
            statements.append(f"{draw(GAPS)}{names}={draw(GAPS)}{draw(written_values())}{end}")
        else:
            statements.append(f"{draw(GAPS)}{kind}{names}{kind.replace('[', ']')}{end}")
    kept = ""
    for statement in statements:  # those that are TOML behind the ones before
        try:
            tomllib.loads(kept + statement)
        except tomllib.TOMLDecodeError:
            continue
        kept += statement
    return kept


def paths(value: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*keys, key), item
        yield from paths(item, (*keys, key))


def is_written(rest: str, key: str) -> bool:
    """Whether a text begins with a key: up to some end of it, it is that key, and of no key more."""
    for end in range(1, len(rest) + 1):
        try:
            if list(tomllib.loads(f"{rest[:end]} = 0")) == [key]:
                return rest[end : end + 1].strip(" \t.=]\r\n") == ""
        except tomllib.TOMLDecodeError:
            continue
    return False


def holds(rest: str, value: Any) -> bool:
    """Whether a text begins with a value."""
    for end in range(len(rest), 0, -1):
        try:
            found = tomllib.loads(f"x = {rest[:end]}")
        except tomllib.TOMLDecodeError:
            continue
        if found == {"x": value} or (found.keys() == {"x"} and str(found["x"]) == str(value)):
            return True
    return False


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(written_files())
def test_every_key_has_a_place_where_it_is_written(text: str) -> None:
    data = tomllib.loads(text)
    places = toml_places(text)
    expected = dict(paths(data))
    assert places.keys() == expected.keys()
    lines = text.split("\n")
    for keys, value in expected.items():
        place = places[keys]
        line = lines[place.line - 1]
        if isinstance(keys[-1], str):
            assert is_written(line[place.column - 1 :], keys[-1]), (keys, place)
        if place.value_column != place.column and not isinstance(value, dict):
            rest = "\n".join([line[place.value_column - 1 :], *lines[place.line :]])
            assert holds(rest, value), (keys, place)


@given(st.lists(NAMES, min_size=1))
def test_keys_in_one_text(names: list[str]) -> None:
    assert names_of(dotted(names)) == tuple(names)


@pytest.mark.parametrize(
    ("text", "keys", "line", "column", "value"),
    [
        ("a = 1\n", ("a",), 1, 1, 5),
        ('x = """\n[a]\nb = 1\n"""\n[a]\nb = 2\n', ("a", "b"), 6, 1, 5),
        ("[[a]]\nb = 1\n[[a]]\nb = 2\n", ("a", 1, "b"), 4, 1, 5),
        ("[[a]]\n[a.c]\nd=1\n[[a]]\n[a.c]\nd = 2\n", ("a", 1, "c", "d"), 6, 1, 5),
        ("[ a . 'b.c' ]\n  'd' . e = 2\n", ("a", "b.c", "d", "e"), 2, 9, 13),
        ("a = { b = [\n  1,\n  { c = 2 },\n] }\n", ("a", "b", 1, "c"), 3, 5, 9),
        ("# a = 1\r\n\r\na = 1\r\n", ("a",), 3, 1, 5),
        ("[a.b]\n", ("a",), 1, 2, 2),
        ("a = '\x85'\nb = 1", ("b",), 2, 1, 5),
    ],
)
def test_places(text: str, keys: Keys, line: int, column: int, value: int) -> None:
    place = toml_places(text)[keys]
    assert (place.line, place.column, place.value_column) == (line, column, value)


@pytest.mark.parametrize("fault", ["b", "b = ", "[b", "b = [1", "b = {c", '"\\x" = 1', "= 1", "b = 1 2,", "[" * 5000])
def test_a_file_that_is_not_toml_has_places_up_to_its_fault(fault: str) -> None:
    places = toml_places(f"[a]\nx = 1\n{fault}")
    assert places["a", "x"].line == 2


def test_deep_arrays_end_the_places() -> None:
    assert toml_places(f"a = 1\nb = {'[' * 5000}")[("a",)].line == 1
