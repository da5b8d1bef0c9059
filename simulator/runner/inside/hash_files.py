"""`hashFiles`: SHA-256 over the SHA-256 of every file that the patterns match, in path order; prints it, or nothing."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

FOLLOW_LINKS = "--follow-symbolic-links"


def pattern_to_regex(pattern: str) -> re.Pattern[str]:
    """A glob of GitHub's as a regular expression over paths relative to the workspace."""
    out = ""
    rest = pattern
    while rest:
        if rest.startswith("**/"):
            out, rest = out + "(?:.*/)?", rest[3:]
        elif rest.startswith("**"):
            out, rest = out + ".*", rest[2:]
        elif rest[0] == "*":
            out, rest = out + "[^/]*", rest[1:]
        elif rest[0] == "?":
            out, rest = out + "[^/]", rest[1:]
        elif rest[0] == "[" and "]" in rest[2:]:
            end = rest.index("]", 2)
            body = rest[1:end].replace("!", "^", 1) if rest[1] == "!" else rest[1:end]
            out, rest = out + "[" + body + "]", rest[end + 1 :]
        else:
            out, rest = out + re.escape(rest[0]), rest[1:]
    return re.compile(out + r"(?:/.*)?\Z", re.DOTALL)


def selected(root: Path, patterns: Sequence[str], *, follow_links: bool = False) -> Iterator[Path]:
    """Paths of regular files under root that the patterns select; a later pattern overrules an earlier one."""
    rules = []
    for pattern in patterns:
        wanted = not pattern.startswith("!")
        text = pattern.lstrip("!").strip()
        text = os.path.relpath(text, root) if text.startswith("/") else text
        rules.append((wanted, pattern_to_regex(text[2:] if text.startswith("./") else text)))
    for folder, folders, names in os.walk(root, followlinks=follow_links):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            relative = path.relative_to(root).as_posix()
            verdict = False
            for wanted, regex in rules:
                if regex.match(relative):
                    verdict = wanted
            if verdict and path.is_file():
                yield path


def main() -> None:
    """Arguments: the workspace, an option where one is given, then the patterns, one or more lines each."""
    root, words = Path(sys.argv[1]), sys.argv[2:]
    option = words.pop(0) if words and words[0].startswith("--") else None
    if option is not None and option.lower() != FOLLOW_LINKS:
        sys.exit(f"Invalid glob option {option}, avaliable option: '{FOLLOW_LINKS}'.")  # GitHub's own spelling
    patterns = [line for text in words for line in text.splitlines() if line.strip()]
    total, count = hashlib.sha256(), 0
    for path in selected(root, patterns, follow_links=option is not None):
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
        count += 1
    sys.stdout.write(total.hexdigest() if count else "")


if __name__ == "__main__":
    main()
