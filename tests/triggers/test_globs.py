"""GitHub's filter patterns; the first tables are the examples of its cheat sheet."""

from __future__ import annotations

import pytest

from simulator.triggers.globs import PatternError, compile_pattern, deciding, matches

CHEAT_SHEET = {
    # branches and tags
    "feature/*": ["feature/my-branch", "feature/your-branch"],
    "feature/**": ["feature/beta-a/my-branch", "feature/your-branch", "feature/mona/the/octocat"],
    "releases/mona-the-octocat": ["releases/mona-the-octocat"],
    "*": ["main", "releases", "README.md", "server.rb"],
    "**": ["all/the/branches", "every/tag", "all/the/files.md"],
    "*feature": ["mona-feature", "feature", "ver-10-feature"],
    "v2*": ["v2", "v2.0", "v2.9"],
    "v[12].[0-9]+.[0-9]+": ["v1.10.1", "v2.0.0"],
    # paths
    "*.jsx?": ["page.js", "page.jsx"],
    "*.js": ["app.js", "index.js"],
    "**.js": ["index.js", "js/index.js", "src/js/app.js"],
    "docs/*": ["docs/README.md", "docs/file.txt"],
    "docs/**": ["docs/README.md", "docs/mona/octocat.txt"],
    "docs/**/*.md": ["docs/README.md", "docs/mona/hello-world.md", "docs/a/markdown/file.md"],
    "**/docs/**": ["docs/hello.md", "dir/docs/my-file.txt", "space/docs/plan/space.doc"],
    "**/README.md": ["README.md", "js/README.md"],
    "**/*src/**": ["a/src/app.js", "my-src/code/js/app.js"],
    "**/*-post.md": ["my-post.md", "path/their-post.md"],
    "**/migrate-*.sql": ["migrate-10909.sql", "db/migrate-v1.0.sql", "db/sept/migrate-v1.sql"],
    "[CB]at": ["Cat", "Bat"],
    "[1-2]00": ["100", "200"],
}


@pytest.mark.parametrize(("pattern", "name"), [(p, name) for p, names in CHEAT_SHEET.items() for name in names])
def test_cheat_sheet(pattern: str, name: str) -> None:
    assert matches(pattern, name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("v*", "release-1.0"),
        ("v*", "v1/beta"),
        ("v*", "V1"),
        ("*", "a/b"),
        ("v1", "v1.0"),
        ("1", "v1"),
        ("v1.0", "v1x0"),
        ("feature/*", "feature/a/b"),
        ("v[12].[0-9]+.[0-9]+", "v3.0.0"),
        ("v[12].[0-9]+.[0-9]+", "v1.0"),
        ("[0-9a-c]", "d"),
        ("*.js", "js/index.js"),
        ("docs/**", "docs"),
        ("**/README.md", "aREADME.md"),
        ("v1\n", "v1"),
        ("v1", "v1\n"),
        ("[!a]", "b"),
        ("[^a]", "b"),
        ("refs/tags/v*", "v1"),
    ],
)
def test_no_match(pattern: str, name: str) -> None:
    assert not matches(pattern, name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (r"v\*", "v*"),
        (r"a\?b\+", "a?b+"),
        (r"\!x", "!x"),
        (r"\[a]", "[a]"),
        ("v1.?0", "v10"),
        ("v1.?0", "v1.0"),
        ("ab+", "abbb"),
        ("[ab]+", "abba"),
        ("x!", "x!"),
        ("(a|b)$", "(a|b)$"),
        ("[+._-]", "+"),
        ("v**-rc", "v1/2-rc"),
        ("ünï*", "ünïcode"),
        ("", ""),
    ],
)
def test_match(pattern: str, name: str) -> None:
    assert matches(pattern, name)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("v[1", "not closed"),
        ("v[]", "lists no character"),
        ("+v", "nothing before"),
        ("?", "nothing before"),
        ("v\\", "escapes nothing"),
        ("[9-0]", "no range"),
        ("[a-Z]", "no range"),
    ],
)
def test_not_a_pattern(pattern: str, words: str) -> None:
    with pytest.raises(PatternError, match=words):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("patterns", "name", "index"),
    [
        (["v*", "!v*-rc"], "v1", 0),
        (["v*", "!v*-rc"], "v1-rc", 1),
        (["v*", "!v*-rc", "v2-rc"], "v2-rc", 2),
        (["!v*-rc", "v*"], "v1-rc", 1),
        (["v*"], "x", None),
        ([], "x", None),
    ],
)
def test_the_last_match_decides(patterns: list[str], name: str, index: int | None) -> None:
    assert deciding(patterns, name) == index
