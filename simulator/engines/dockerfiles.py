"""A Dockerfile as pysim has it built: with pysim's certificates in every stage, and with the images that stand in.

Knows the lines of a Dockerfile that begin a stage, and no daemon.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from simulator.engines.policy import BUNDLE

_FROM: Final = re.compile(r"(?i)^\s*FROM\s+((?:--\S+\s+)*)(\S+)(.*)$")
_HEREDOC: Final = re.compile(r"<<-?\s*([\"']?)(\w+)\1")
# What the classic builder of Docker does not know.
_BUILDKIT: Final = re.compile(
    r"(?im)^\s*(RUN\s+--(mount|network|security)|(COPY|ADD)\s+--(link|chmod|exclude)|(RUN|COPY|ADD)\s.*<<-?[\"']?[A-Z])"
)


def needs_buildkit(text: str) -> bool:
    """Whether a Dockerfile says what only BuildKit understands."""
    return _BUILDKIT.search(text) is not None


def prepare(text: str, *, certificates: str, variables: Mapping[str, str], images: Mapping[str, str]) -> str:
    """The Dockerfile to build.

    `certificates` is a file of the build's context that every stage copies, `variables` are there for RUN alone.
    """
    arguments = [f'ARG {name}="{value}"' for name, value in variables.items()]
    stages: set[str] = set()
    lines: list[str] = []
    for line, starts in _instructions(text.splitlines()):
        found = _FROM.match(line) if starts else None
        if found is None:
            lines.append(line)
            continue
        image = found[2] if found[2].lower() in stages else images.get(found[2], found[2])
        lines += [f"FROM {found[1]}{image}{found[3]}", f"COPY {certificates} {BUNDLE}", *arguments]
        name = re.match(r"(?i)\s+AS\s+(\S+)", found[3])
        if name is not None:
            stages.add(name[1].lower())
    return "\n".join([*lines, ""])


def _instructions(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it begins an instruction."""
    continued, here = False, ""
    for line in lines:
        if here:
            here = "" if line.strip() == here else here
            yield line, False
            continue
        comment = line.lstrip().startswith("#")
        yield line, not continued and not comment
        if comment:
            continue
        heredoc = _HEREDOC.search(line)
        here = heredoc[2] if heredoc else ""
        continued = line.rstrip().endswith("\\")
