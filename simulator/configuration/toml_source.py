"""A TOML file with the places of its keys, read with the standard library, which tells no places.

Knows no key of pysim's; faults are `ConfigurationError`s that begin with file and line.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from simulator.errors import ConfigurationError
from simulator.spelling import suggest

Keys = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]")
_ASSIGNMENT = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_KEY = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def toml_key(name: str) -> str:
    """A key as TOML writes it."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_text(name)


def toml_text(text: str) -> str:
    """A text as TOML writes it: as JSON does, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@dataclass(frozen=True, kw_only=True, slots=True)
class TomlFile:
    """A parsed file: its name as the user knows it, its text, and the part of it that `prefix` leads to."""

    name: str
    text: str
    data: Mapping[str, object]
    prefix: tuple[str, ...] = ()

    def line(self, keys: Keys) -> int:
        """The line, from 1, of the key or table that leads the furthest to `keys` (below the prefix)."""
        wanted = (*self.prefix, *keys)
        best, found = 0, 1
        for number, place in _places(self.text):
            shared = _shared(place, wanted)
            if shared > best:
                best, found = shared, number
        return found

    def fault(self, message: str, keys: Keys, *, hint: str) -> ConfigurationError:
        """The error for a key."""
        return ConfigurationError(f"{self.name}:{self.line(keys)}: {message}", hint=hint)

    def require_known(self, table: Mapping[str, object], known: Iterable[str], keys: Keys) -> None:
        """Raise for the first key of a table that is not known."""
        names = list(known)
        for key in table:
            if key not in names:
                names_of_table = [part for part in (*self.prefix, *keys) if isinstance(part, str)]
                where = f"[{'.'.join(names_of_table)}]" if names_of_table else "the file"
                raise self.fault(f"There is no key {key} in {where}.", (*keys, key), hint=suggest(key, names))


def read_toml(file: Path, *, prefix: tuple[str, ...] = ()) -> TomlFile:
    """Read and parse a file. Raises ConfigurationError when it is not TOML, OSError when it cannot be read."""
    try:
        text = file.read_bytes().decode("utf-8")
        data: object = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file.name} is not UTF-8, as TOML is.", hint="Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        what, place = _told(str(error))
        raise ConfigurationError(f"{file.name}{place}: {what}, so it is not TOML.", hint="Mend the line.") from error
    for key in prefix:
        data = data.get(key, {}) if isinstance(data, dict) else {}
    return TomlFile(name=file.name, text=text, data=data if isinstance(data, dict) else {}, prefix=prefix)


def _told(message: str) -> tuple[str, str]:
    """What tomllib says, and the place in it as `:line:column`."""
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    if match is None:
        return message, ""
    return match[1], f":{match[2]}:{match[3]}" if match[2] else ""


def _places(text: str) -> Iterator[tuple[int, Keys]]:
    """Line numbers with the full keys that stand there; an entry of an array of tables counts from 0."""
    entries: Counter[tuple[str, ...]] = Counter()
    header: Keys = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _HEADER.match(line):
            names = _names(match[2])
            header = names
            if match[1] == "[[":
                header = (*names, entries[names])
                entries[names] += 1
            yield number, header
        elif match := _ASSIGNMENT.match(line):
            yield number, (*header, *_names(match[1]))


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(name.strip("\"'") for name in _KEY.findall(dotted))


def _shared(place: Keys, wanted: Keys) -> int:
    """How many leading keys a place shares with what is wanted; 0 when it leads elsewhere."""
    if len(place) > len(wanted) or place != wanted[: len(place)]:
        return 0
    return len(place)
