"""A Dockerfile as pysim has it built: read as Docker reads it, and written anew so that the daemon fetches nothing.

What is written has each instruction on one line of its own, its word in capitals, without comments; images are ids
without their algorithm, which no registry can be asked for, or stages. Knows no daemon.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simulator.engines.base import ContainerError, ContainerImage
from simulator.engines.dockerfile_words import WordError, expand

_SPACE: Final = re.compile(r"[\t\v\f\r ]+")
_DIRECTIVE: Final = re.compile(r"\s*#[ \t]*([a-zA-Z][\w-]*)[ \t]*=[ \t]*(.+?)[ \t]*", re.ASCII)
# The language of this frontend is Docker's own; what the classic builder lacks of it is refused where it is used.
_STANDARD_SYNTAX: Final = re.compile(r"(docker\.io/)?docker/dockerfile(:[\w.-]+)?(@sha256:[0-9a-f]{64})?")
_FLAG: Final = re.compile(r"--([a-z-]+)(?:=([\w.:/@${}+,-]*))?", re.ASCII)
_FLAGS: Final = {"FROM": {"platform"}, "ADD": {"chown"}, "COPY": {"chown", "from"}, "RUN": set[str]()}
_HEREDOC: Final = re.compile(r"<<-?[\"']?[A-Za-z]|(?:^|\s)\d*<<-?[\"'\\]?\w")
_STAGE_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]*", re.ASCII)
_ELSEWHERE: Final = re.compile(r"://|git@|^[\w.+-]+:/|^[^/]+@[^/]+:|^(?i:github\.com/)")
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
_OTHER_WORDS: Final = frozenset(
    {
        "ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "SHELL",
        "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    }
)  # fmt: skip
ImageByName = Callable[[str], ContainerImage]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Instruction:
    """`word` is in capitals; `rest` is the one line behind it."""

    word: str
    rest: str


def rewrite(text: str, name: str, *, image: ImageByName, arguments: Mapping[str, str], first: Sequence[str]) -> str:
    """The Dockerfile to build. Raises ContainerError for one that needs the daemon to fetch something, or BuildKit.

    `image` has an image ready that is asked for, `arguments` are the build's, and `first` are instructions that every
    stage begins with.
    """
    escape, instructions = _read(text, name)
    lines: list[str] = []
    for look_up in (_unseen, image):  # no image is had for a file that is refused
        writer = _Writer(name=name, escape=escape, image=look_up, arguments=arguments, first=first)
        lines = [line for instruction in instructions for line in writer.written(instruction)]
    for line in lines:
        if _continues(line, escape):
            raise ContainerError(f"'{name}' has an instruction that ends in {escape}, with nothing behind it")
    return "\n".join([*(["# escape=`"] if escape == "`" else []), *lines, ""])


def _unseen(name: str) -> ContainerImage:
    return ContainerImage(id=name, environment={})


def check_platform(asked: str) -> None:
    """See that a platform is that of this machine: images are had for no other. Raises ContainerError."""
    own = f"linux/{_ARCHITECTURES.get(platform.machine(), platform.machine())}"
    if asked and asked != "linux" and "/".join(asked.split("/")[:2]) != own:
        raise ContainerError(f"The platform {asked} cannot be built for: this machine is {own}")


# ---- reading


def _read(text: str, name: str) -> tuple[str, list[_Instruction]]:
    """The character that continues a line, and the instructions. Raises ContainerError."""
    lines = [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")]
    escape = _escape_of(lines, name)
    instructions: list[_Instruction] = []
    rest = iter(lines)
    for line in rest:
        if _says_nothing(line):
            continue
        joined = line.lstrip()
        while _continues(joined, escape):
            if re.search(rf"{re.escape(escape) * 2}[ \t]*$", joined):
                raise ContainerError(
                    f"'{name}' has a line that ends in {escape * 2}, which versions of Docker read differently"
                )
            joined = _without_end(joined, escape)
            following = next((line for line in rest if not _says_nothing(line)), None)
            if following is None:
                break
            joined += following
        if joined.strip():
            instructions.append(_split(joined))
    return escape, instructions


def _escape_of(lines: Sequence[str], name: str) -> str:
    """What the directives at the top say of the escape character. Raises ContainerError."""
    escape: str | None = None
    for line in lines:
        found = _DIRECTIVE.fullmatch(line)
        word = found[1].lower() if found else ""
        if found is None or word not in {"escape", "syntax", "check"}:
            break
        if word == "syntax" and not _STANDARD_SYNTAX.fullmatch(found[2]):
            raise _needs_buildkit(name, f"the syntax of {found[2]}")
        if word == "escape":
            if escape is not None or found[2] not in {"\\", "`"}:
                raise ContainerError(f"'{name}' has an escape directive that Docker does not take: {line.strip()}")
            escape = found[2]
    return escape or "\\"


def _says_nothing(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _continues(line: str, escape: str) -> bool:
    return line.rstrip(" \t").endswith(escape)


def _without_end(line: str, escape: str) -> str:
    return line.rstrip(" \t").removesuffix(escape)


def _split(line: str) -> _Instruction:
    word, *rest = _SPACE.split(line.strip(), maxsplit=1)
    return _Instruction(word=word.upper(), rest=rest[0].strip() if rest else "")


# ---- writing


class _Writer:
    """Writes one Dockerfile; it knows the stages so far."""

    def __init__(
        self, *, name: str, escape: str, image: ImageByName, arguments: Mapping[str, str], first: Sequence[str]
    ) -> None:
        self._name, self._escape, self._image, self._first = name, escape, image, first
        self._given = arguments
        self._arguments: dict[str, str] = {}  # those before the first stage
        self._stages: list[str] = []  # their names, empty for none
        self._triggers: list[list[str]] = []  # what is behind ONBUILD, by stage

    def written(self, instruction: _Instruction) -> Iterator[str]:
        """The lines for an instruction. Raises ContainerError."""
        word = instruction.word
        if word == "FROM":
            yield from self._from(instruction)
            return
        if word == "ARG" and not self._stages:
            self._note_argument(instruction.rest)
        elif word == "ONBUILD":
            line = self._trigger(_split(instruction.rest))
            if self._triggers:
                self._triggers[-1].append(line)
            yield f"ONBUILD {line}"
            return
        yield self._plain(instruction)

    def _trigger(self, instruction: _Instruction) -> str:
        """What is behind ONBUILD; what a COPY is from is judged where it is carried out."""
        if instruction.word == "COPY" and any(flag == "from" for flag, _ in self._flags(instruction)[0]):
            return f"COPY {instruction.rest}"
        if instruction.word == "ONBUILD":
            raise ContainerError(f"'{self._name}' has an ONBUILD behind another, which Docker does not take")
        return self._plain(instruction)

    def _plain(self, instruction: _Instruction) -> str:
        word = instruction.word
        if word in {"RUN", "ADD", "COPY"}:
            flags, rest = self._flags(instruction)
            if _HEREDOC.search(rest):
                raise self._buildkit("a here-document")
            said = [f"--chown={value}" for flag, value in flags if flag == "chown"]
            said += [f"--from={self._source_of(value)}" for flag, value in flags if flag == "from"]
            rest = self._added(rest) if word == "ADD" else rest
            return " ".join([word, *said, rest])
        if word not in _OTHER_WORDS:
            raise ContainerError(f"'{self._name}' has the instruction {word}, which Docker does not know here")
        return f"{word} {instruction.rest}"

    def _flags(self, instruction: _Instruction) -> tuple[list[tuple[str, str]], str]:
        """The flags of an instruction, and what is behind them."""
        flags: list[tuple[str, str]] = []
        rest = instruction.rest
        while rest.startswith("--"):
            flag, *behind = _SPACE.split(rest, maxsplit=1)
            found = _FLAG.fullmatch(flag)
            if found is None or found[1] not in _FLAGS[instruction.word]:
                raise self._buildkit(f"{instruction.word} {flag}")
            flags.append((found[1], found[2] or ""))
            rest = behind[0].lstrip() if behind else ""
        return flags, rest

    def _from(self, instruction: _Instruction) -> Iterator[str]:
        flags, rest = self._flags(instruction)
        for _, value in flags:
            check_platform(self._expanded(value))
        words = _SPACE.split(rest)
        if len(words) not in {1, 3} or (len(words) == 3 and words[1].lower() != "as"):
            raise ContainerError(f"'{self._name}' has a FROM that Docker does not take: FROM {rest}")
        stage = words[2].lower() if len(words) == 3 else ""
        if stage and not _STAGE_NAME.fullmatch(stage):
            raise ContainerError(f"'{self._name}' has a stage whose name Docker does not take: {words[2]}")
        base = self._base(self._expanded(words[0]))
        self._stages.append(stage)
        self._triggers.append([])
        yield f"FROM {base}{f' AS {stage}' if stage else ''}"
        yield from self._first

    def _base(self, wanted: str) -> str:
        """What a stage is begun from: a stage before it, or an image by its id."""
        if wanted.lower() in filter(None, self._stages):
            number = len(self._stages) - 1 - self._stages[::-1].index(wanted.lower())
            for inner in self._triggers[number]:
                self._check_trigger(inner, wanted)
            return wanted.lower()
        if wanted.lower() == "scratch":
            return "scratch"
        image = self._image(wanted)
        for line in image.triggers:
            self._check_trigger(line, wanted)
        return image.id.removeprefix("sha256:")

    def _source_of(self, wanted: str) -> str:
        """The stage, by its number, or the image that a COPY is from."""
        name = wanted.lower()
        if name in filter(None, self._stages[:-1]):
            return str(len(self._stages) - 2 - self._stages[:-1][::-1].index(name))
        if name.isdecimal() and name.isascii():
            if int(name) >= len(self._stages) - 1:
                raise ContainerError(f"'{self._name}' copies from stage {name}, which is none before it")
            return str(int(name))
        if not wanted or "$" in wanted:
            raise ContainerError(f"'{self._name}' has a COPY from {wanted!r}, which Docker takes for no image or stage")
        return self._image(wanted).id.removeprefix("sha256:")

    def _added(self, rest: str) -> str:
        """What an ADD says, with its sources as they are."""
        *sources, target = self._words(rest)
        if not sources:
            raise ContainerError(f"'{self._name}' has an ADD without a source or a place: ADD {rest}")
        plain: list[str] = []
        for source in sources:
            try:
                known = None if "$" in source else expand(source, {}, self._escape)
            except WordError:
                known = None
            if known is None or re.search(r"[$\"'\\`]", known) or _ELSEWHERE.search(known):
                raise ContainerError(
                    f"'{self._name}' has an ADD from an address, or from what may be one, which the daemon would fetch "
                    "past the job's network: use RUN with curl or git, or COPY for a file of the context"
                )
            plain.append(known)
        return json.dumps([*plain, target])

    @staticmethod
    def _words(rest: str) -> list[str]:
        """The words of a list, as JSON or with spaces between them."""
        if rest.startswith("["):
            try:
                listed = json.loads(rest)
            except (ValueError, RecursionError):
                listed = None
            if isinstance(listed, list) and listed and all(isinstance(word, str) for word in listed):
                return listed
        return _SPACE.split(rest)

    def _check_trigger(self, line: str, image: str) -> None:
        """See that an instruction of an image, which the daemon reads as it is, fetches nothing."""
        instruction = _split(line)
        refused = ContainerError(f"'{self._name}' is built on {image}, whose ONBUILD {line} pysim does not carry out")
        if re.search(r"[\r\n]", line) or _says_nothing(line) or _continues(line, "\\"):
            raise refused
        if instruction.word == "COPY":
            for flag, value in self._flags(instruction)[0]:
                number = value.isdecimal() and value.isascii() and int(value) < len(self._stages)
                if flag == "from" and not number and value.lower() not in filter(None, self._stages):
                    raise refused
        elif instruction.word == "ADD" and any(
            re.search(r"[\\\"'`]", word) for word in self._words(self._flags(instruction)[1])
        ):
            raise refused
        if not (instruction.word == "COPY" and self._flags(instruction)[0]):
            self._plain(instruction)

    def _note_argument(self, rest: str) -> None:
        """An ARG before the first stage, which FROM can name."""
        for word in _SPACE.split(rest):
            key, equals, default = word.partition("=")
            if (given := self._given.get(key)) is not None:  # null in a request for none
                self._arguments[key] = given
            elif equals:
                self._arguments[key] = self._expanded(default)

    def _expanded(self, word: str) -> str:
        try:
            return expand(word, self._arguments, self._escape)
        except WordError as error:
            raise ContainerError(f"'{self._name}' has {word}, which pysim cannot read: {error}") from error

    def _buildkit(self, what: str) -> ContainerError:
        return _needs_buildkit(self._name, what)


def _needs_buildkit(name: str, what: str) -> ContainerError:
    return ContainerError(
        f"'{name}' needs BuildKit for {what}, which cannot be kept from the network; pysim builds with Docker's "
        "classic builder alone"
    )
