"""What a client pushes, before git sees it: the commands of `git-receive-pack`, and an answer where some are declined.

Format from Git's documentation (gitprotocol-pack, gitprotocol-common). Knows no rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

FLUSH: Final = b"0000"
_LONGEST: Final = 65_500  # of a packet, less what frames it
_PROGRESS, _DATA = b"\x02", b"\x01"


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A change of a ref that is asked for; zeros stand for no object."""

    before: str
    after: str
    ref: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """A push: its commands, what the client can, and what follows (options, and a pack).

    `shallow` are the lines before the commands that say where the client's history ends.
    """

    shallow: Sequence[bytes]
    commands: Sequence[Command]
    capabilities: str
    rest: bytes

    @property
    def pack(self) -> bytes:
        """The objects that it brings; empty where it only deletes."""
        at = self.rest.find(b"PACK")
        return self.rest[at:] if at >= 0 else b""

    def without(self, refs: Mapping[str, object]) -> bytes:
        """The request without the commands for some refs; empty where none is left."""
        left = [each for each in self.commands if each.ref not in refs]
        lines = [f"{each.before} {each.after} {each.ref}" for each in left]
        if not lines:
            return b""
        first = f"{lines[0]}\0{self.capabilities}"
        told = [*self.shallow, *(line.encode() for line in (first, *lines[1:]))]
        return b"".join(map(packet, told)) + FLUSH + self.rest


def read_push(body: bytes) -> Push | None:
    """The push in the body of a request; None for what is none, as the empty one that asks whether it may."""
    commands, capabilities, shallow = [], "", []
    lines, end = _packets(body)
    for line in lines:
        if line.startswith(b"shallow "):
            shallow.append(line)
            continue
        text, _, said = line.decode(errors="surrogateescape").rstrip("\n").partition("\0")
        capabilities = capabilities or said
        parts = text.split(" ", 2)
        if len(parts) != 3:
            return None  # a certificate: such a push is git's to judge
        commands.append(Command(before=parts[0], after=parts[1], ref=parts[2]))
    if not commands:
        return None
    return Push(shallow=shallow, commands=commands, capabilities=capabilities, rest=body[end:])


def _packets(body: bytes) -> tuple[list[bytes], int]:
    """The packets before the first flush, and where what follows it begins."""
    found: list[bytes] = []
    at = 0
    while at + 4 <= len(body):
        try:
            size = int(body[at : at + 4], 16)
        except ValueError:
            return [], 0
        if size < 4:
            return found, at + 4
        found.append(body[at + 4 : at + size])
        at += size
    return [], 0


def packet(data: bytes) -> bytes:
    """A packet of the protocol."""
    return b"%04x" % (len(data) + 4) + data


def with_declined(answer: bytes, push: Push, declined: Mapping[str, str], said: str) -> bytes:
    """git's answer to what was left of a push (empty: nothing was), with what was declined: the reason by ref."""
    banded = "side-band" in push.capabilities
    report = _report(answer, banded=banded) if answer else packet(b"unpack ok\n")
    report += b"".join(packet(f"ng {ref} {reason}\n".encode()) for ref, reason in declined.items()) + FLUSH
    if not banded:
        return report
    told = b"".join(packet(_PROGRESS + part) for part in _parts(said.encode()))
    return told + b"".join(packet(_DATA + part) for part in _parts(report)) + FLUSH


def _report(answer: bytes, *, banded: bool) -> bytes:
    """The packets of git's report, without the flush at its end."""
    data = b"".join(line[1:] for line in _packets(answer)[0] if line[:1] == _DATA) if banded else answer
    return b"".join(map(packet, _packets(data)[0]))


def _parts(data: bytes) -> Iterator[bytes]:
    yield from (data[at : at + _LONGEST] for at in range(0, len(data), _LONGEST))
