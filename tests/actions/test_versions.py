"""Version ranges of setup-python, compared with what npm's semver answers."""

from __future__ import annotations

import pytest

from simulator.actions.builtin.setup_python.versions import best, from_python, parse_range, parse_version

HAVE = ("3.9.18", "3.10.13", "3.11.7", "3.12.1", "3.12.4", "3.13.0", "3.14.0-rc.1")

# python-version, prereleases allowed, the version of HAVE that is taken
CASES: list[tuple[str, bool, str | None]] = [
    ("3.12", False, "3.12.4"),
    ("3.12.1", False, "3.12.1"),
    ("3.12.9", False, None),
    ("3.x", False, "3.13.0"),
    ("3", False, "3.13.0"),
    ("*", False, "3.13.0"),
    ("3.12.x", False, "3.12.4"),
    ("~3.12.0", False, "3.12.4"),
    ("~3.12.2", False, "3.12.4"),
    ("~=3.12.1", False, "3.12.4"),
    ("^3.9", False, "3.13.0"),
    (">=3.9 <3.12", False, "3.11.7"),
    (">= 3.9 < 3.12", False, "3.11.7"),
    ("<3.12", False, "3.11.7"),
    ("<=3.12", False, "3.12.4"),
    ("<=3.12.1", False, "3.12.1"),
    (">3.12", False, "3.13.0"),
    (">3.12.1 <3.13", False, "3.12.4"),
    ("3.9 - 3.11", False, "3.11.7"),
    ("3.10 || 3.9", False, "3.10.13"),
    ("==3.12.*", False, "3.12.4"),
    ("v3.11", False, "3.11.7"),
    ("3.14", False, None),
    ("3.14", True, "3.14.0-rc.1"),
    ("3.14-dev", False, "3.14.0-rc.1"),
    ("3.14.0-rc.1", False, "3.14.0-rc.1"),
    ("3.14.0-rc.2", False, None),
    ("~3.14.0-0", False, "3.14.0-rc.1"),
    (">=3.14.0-alpha.1", False, "3.14.0-rc.1"),
    (">=3.13", False, "3.13.0"),
    ("3.8", False, None),
    ("latest", False, None),
    ("!=3.11.*", False, None),
]


@pytest.mark.parametrize(("spec", "prereleases", "expected"), CASES, ids=[case[0] for case in CASES])
def test_best(spec: str, prereleases: bool, expected: str | None) -> None:
    have = [version for text in HAVE if (version := parse_version(text))]
    semantic, _ = from_python(spec, allow_prereleases=prereleases)
    found = best(parse_range(semantic) or [], have)
    assert (str(found) if found else None) == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("3.13t", ("3.13", True)),
        ("3.13t-dev", ("~3.13.0-0", True)),
        ("3.13.1t", ("3.13.1", True)),
        ("3.13", ("3.13", False)),
    ],
)
def test_free_threaded(spec: str, expected: tuple[str, bool]) -> None:
    assert from_python(spec, allow_prereleases=False) == expected


def test_pythons_own_spelling_of_a_prerelease() -> None:
    assert str(parse_version("3.14.0rc1")) == "3.14.0-rc.1"
    assert parse_version("3.14") is None
