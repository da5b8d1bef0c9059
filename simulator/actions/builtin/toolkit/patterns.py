"""Path patterns as @actions/glob reads them, and artifact name patterns as minimatch does.

Knows no action; touches the disk only to list folders.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.actions.builtin.toolkit.step import ActionError


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """One line of a `path` input, made absolute; `search_path` is its part before the first wildcard."""

    exclude: bool
    segments: tuple[str, ...]  # without the root
    folders_only: bool

    @property
    def search_path(self) -> Path:
        """Where to begin looking."""
        literal: list[str] = []
        for segment in self.segments:
            name = literal_name(segment)
            if name is None:
                break
            literal.append(name)
        return Path("/", *literal)

    def matches(self, file: Path) -> bool:
        """Whether a file is meant: by itself, or as something inside a folder that is meant."""
        parts = file.parts[1:]
        itself = not self.folders_only and _matches(self.segments, parts)
        return itself or _matches((*self.segments, "**", "*"), parts)

    def names(self, path: Path, *, folder: bool) -> bool:
        """Whether a file or folder is meant by itself."""
        return (folder or not self.folders_only) and _matches(self.segments, path.parts[1:])

    def may_name_inside(self, folder: Path) -> bool:
        """Whether something inside a folder can be meant by itself."""
        return not self.exclude and _matches(self.segments, folder.parts[1:], partial=True)

    def may_match_inside(self, folder: Path) -> bool:
        """Whether something inside a folder can be meant."""
        return not self.exclude and _matches((*self.segments, "**", "*"), folder.parts[1:], partial=True)


def parse(text: str, *, cwd: Path, home: Path) -> list[Pattern]:
    """The patterns of a `path` input: a line each, `#` begins a comment line, `!` excludes. Raises ActionError."""
    lines = (line.strip() for line in text.split("\n"))
    return [_pattern(line, cwd=cwd, home=home) for line in lines if line and not line.startswith("#")]


def search_paths(patterns: Sequence[Pattern]) -> list[Path]:
    """Where to look, in the order of the patterns; folders inside another one are left out."""
    wanted = [pattern.search_path for pattern in patterns if not pattern.exclude]
    roots = [path for path in wanted if not any(other in path.parents for other in wanted)]
    return list(dict.fromkeys(roots))


def find(patterns: Sequence[Pattern], *, hidden: bool) -> list[Path]:
    """The files that the patterns mean, links followed; later lines win over earlier ones."""
    found: dict[Path, None] = {}
    for root in search_paths(patterns):
        for path in _walk(root, patterns, hidden=hidden, chain=()):
            found.setdefault(path)
    return list(found)


def find_named(patterns: Sequence[Pattern]) -> list[Path]:
    """The files and folders that the patterns name themselves, hidden ones too, and not for lying inside of one.

    That is @actions/glob without implicit descendants, as @actions/cache uses it.
    """
    found: dict[Path, None] = {}
    for root in search_paths(patterns):
        for path in _walk_named(root, patterns, chain=()):
            found.setdefault(path)
    return list(found)


def name_matches(pattern: str, name: str) -> bool:
    """Whether an artifact's name matches a pattern of `*`, `?`, `[set]` and `{a,b}`; a leading `!` turns it round."""
    if pattern.startswith("!"):
        return not name_matches(pattern[1:], name)
    return any(
        _segment(choice).fullmatch(name) and (choice.startswith(".") or not name.startswith("."))
        for choice in _braces(pattern)
    )


def _pattern(line: str, *, cwd: Path, home: Path) -> Pattern:
    bare = line.lstrip("!")
    exclude = (len(line) - len(bare)) % 2 == 1
    bare = bare.strip()
    segments = [segment for segment in bare.split("/") if segment]
    if ".." in segments or "." in segments[0 if bare.startswith("/") else 1 :]:
        raise ActionError(f"Invalid pattern '{bare}'. Relative pathing '.' and '..' is not allowed.")
    if bare.startswith("/"):
        base: Path = Path("/")
    elif segments[:1] == ["~"]:
        base, segments = home, segments[1:]
    else:
        base, segments = cwd, segments[1:] if segments[:1] == ["."] else segments
    escaped = [re.sub(r"([*?\[\\])", r"\\\1", part) for part in base.parts[1:]]
    return Pattern(exclude=exclude, segments=(*escaped, *segments), folders_only=bare.endswith("/"))


def _walk(path: Path, patterns: Sequence[Pattern], *, hidden: bool, chain: tuple[str, ...]) -> Iterator[Path]:
    if not hidden and path.name.startswith("."):
        return
    if path.is_dir():
        real = os.path.realpath(path)
        if real in chain or not any(pattern.may_match_inside(path) for pattern in patterns):
            return
        for child in sorted(path.iterdir()):
            yield from _walk(child, patterns, hidden=hidden, chain=(*chain, real))
    elif path.exists() and _wanted(path, patterns):
        yield path


def _walk_named(path: Path, patterns: Sequence[Pattern], *, chain: tuple[str, ...]) -> Iterator[Path]:
    folder = path.is_dir()
    if not folder and not path.exists():
        return
    meant = [not pattern.exclude for pattern in patterns if pattern.names(path, folder=folder)]
    if meant and meant[-1]:
        yield path
    if folder and any(pattern.may_name_inside(path) for pattern in patterns):
        real = os.path.realpath(path)
        if real not in chain:
            for child in sorted(path.iterdir()):
                yield from _walk_named(child, patterns, chain=(*chain, real))


def _wanted(path: Path, patterns: Sequence[Pattern]) -> bool:
    wanted = False
    for pattern in patterns:
        if pattern.matches(path):
            wanted = not pattern.exclude
    return wanted


def _matches(segments: Sequence[str], parts: Sequence[str], *, partial: bool = False) -> bool:
    """Whether path parts match pattern segments; with `partial`, whether more parts could make them match."""
    if not parts:
        return partial or all(segment == "**" for segment in segments)
    if not segments:
        return False
    if segments[0] == "**":
        return _matches(segments[1:], parts, partial=partial) or _matches(segments, parts[1:], partial=partial)
    return bool(_segment(segments[0]).fullmatch(parts[0])) and _matches(segments[1:], parts[1:], partial=partial)


TOKEN = re.compile(r"\\(?P<escaped>.)|(?P<many>\*+)|(?P<one>\?)|\[(?P<set>!?\]?[^\]]+)\]|(?P<plain>.)", re.DOTALL)


def literal_name(segment: str) -> str | None:
    """The name that a segment without wildcards stands for, else None."""
    name = ""
    for token in TOKEN.finditer(segment):
        plain = token["escaped"] or token["plain"] or (token["set"] if len(token["set"] or "") == 1 else None)
        if plain is None:
            return None
        name += plain
    return name


@functools.cache
def _segment(segment: str) -> re.Pattern[str]:
    return re.compile("".join(_regex(token) for token in TOKEN.finditer(segment)), re.DOTALL)


def _regex(token: re.Match[str]) -> str:
    if token["many"]:
        return "[^/]*"
    if token["one"]:
        return "[^/]"
    if token["set"]:
        body = token["set"]
        negated = body[0] in "!^"
        escaped = re.sub(r"([\\\]\[&|~])", r"\\\1", body[negated:])
        return f"[{'^' if negated else ''}{escaped}]"
    return re.escape(token["escaped"] or token["plain"])


def _braces(pattern: str) -> list[str]:
    found = re.search(r"\{([^{}]*,[^{}]*)\}", pattern)
    if not found:
        return [pattern]
    before, after = pattern[: found.start()], pattern[found.end() :]
    return [text for choice in found[1].split(",") for text in _braces(f"{before}{choice}{after}")]
