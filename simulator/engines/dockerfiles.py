"""A Dockerfile as pysim has it built: with pysim's certificates in every stage, and with the images that stand in.

Knows the lines of a Dockerfile that begin a stage or reach outside, and no daemon. Lines are read as Docker's classic
builder reads them, so that none is taken for the rest of another one.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Final

from simulator.engines.base import ContainerError
from simulator.engines.policy import BUNDLE

_FROM: Final = re.compile(r"(?i)^\s*FROM\s+((?:--\S+\s+)*)(\S+)(.*)$")
_CONTINUED: Final = re.compile(r"\\[ \t]*$")
_ARGUMENT: Final = re.compile(r"(?i)^\s*ARG\s+(\w+)(?:=[\"']?([^\"'\s]*))?")
_COPIED_FROM: Final = re.compile(r"(?i)^\s*COPY\s+(?:--\S+\s+)*?--from=(\S+)")
_ADD: Final = re.compile(r"(?i)^\W*(ONBUILD\W+)?ADD\b")
_ESCAPE: Final = re.compile(r"(?i)\W*escape\s*=\s*[^\\\s]")
_ELSEWHERE: Final = re.compile(r"://|git@")
# What the classic builder of Docker does not know.
_BUILDKIT: Final = re.compile(
    r"(?im)^\s*(RUN\s+--(mount|network|security)|(COPY|ADD)\s+--(link|chmod|exclude)|(RUN|COPY|ADD)\s.*<<-?[\"']?[A-Z])"
)


def check(text: str, name: str) -> None:
    """See that a Dockerfile can be built without the network of this machine. Raises ContainerError."""
    if _BUILDKIT.search(text) is not None:
        raise ContainerError(
            f"'{name}' needs BuildKit (RUN --mount, COPY --link or a here-document), which cannot be kept from the "
            "network; pysim builds with Docker's classic builder alone"
        )
    if any(_ESCAPE.match(line) for line in itertools.takewhile(lambda line: line.lstrip()[:1] == "#", _lines(text))):
        raise ContainerError(f"'{name}' begins with an escape directive, which pysim does not read")
    lines = [*_lines(text), *_joined(text)]
    starts = _joined(text)
    if any(_ADD.match(line) and _ELSEWHERE.search(line) for line in lines) or any(
        _ADD.match(line) and "$" in line for line in starts
    ):
        raise ContainerError(
            f"'{name}' has an ADD from an address, which the daemon would fetch past the job's network: use RUN with "
            "curl or git, or COPY for a file of the context"
        )


def bases(text: str, images: Mapping[str, str], given: Mapping[str, str] | None = None) -> Iterator[str]:
    """The images that it is built on, by the names that the daemon looks for; `given` are the build's arguments."""
    arguments: dict[str, str] = {}
    stages: set[str] = {"scratch"}
    for line in _joined(text):
        if (argument := _ARGUMENT.match(line)) is not None and len(stages) == 1:
            arguments[argument[1]] = (given or {}).get(argument[1], argument[2] or "")
        found, copied = _FROM.match(line), _COPIED_FROM.match(line)
        name = found[2] if found else copied[1] if copied else "scratch"
        name = re.sub(r"\$\{?(\w+)(:-[^}]*)?\}?", lambda match: arguments.get(match[1], match[0]), name)
        if name.lower() not in stages and not (copied and name.isdigit()):
            yield images.get(name, name)
        if found and (stage := re.match(r"(?i)\s+AS\s+(\S+)", found[3])) is not None:
            stages.add(stage[1].lower())


def prepare(text: str, *, certificates: str, variables: Mapping[str, str], images: Mapping[str, str]) -> str:
    """The Dockerfile to build.

    `certificates` is a file of the build's context that every stage copies, `variables` are there for RUN alone.
    """
    arguments = [f'ARG {name}="{value}"' for name, value in variables.items()]
    stages: set[str] = set()
    lines: list[str] = []
    for line, starts in _instructions(text):
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


def _lines(text: str) -> list[str]:
    return [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]


def _instructions(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it begins an instruction."""
    continued = False
    for line in _lines(text):
        comment = line.lstrip().startswith("#")
        yield line, not continued and not comment
        if not comment and (line.strip() or not continued):
            continued = _CONTINUED.search(line) is not None


def _joined(text: str) -> list[str]:
    """The instructions, each on one line."""
    joined: list[str] = []
    for line, starts in _instructions(text):
        if starts:
            joined.append(_CONTINUED.sub("", line))
        elif joined and not line.lstrip().startswith("#"):
            joined[-1] += " " + _CONTINUED.sub("", line)
    return joined
