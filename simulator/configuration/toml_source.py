"""A TOML file with the places of its keys.

Knows no key of pysim's; errors are `ConfigurationError`s that begin with file, line and column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.errors import ConfigurationError
from simulator.remedies import Remedy
from simulator.toml_places import Keys, TomlPlace, dotted, toml_places
from simulator.toml_reading import LARGEST, TomlError, parse_toml


@dataclass(frozen=True, kw_only=True, slots=True)
class TomlFile:
    """A parsed file: its name as the user knows it, its folder, and the part of it that `prefix` leads to.

    `places` are those of the whole file, by the way from its top.
    """

    name: str
    folder: Path
    data: Mapping[str, object]
    places: Mapping[Keys, TomlPlace]
    prefix: tuple[str, ...] = ()

    def line(self, keys: Keys) -> int:
        """The line, from 1, of the key or table that leads the furthest to `keys` (below the prefix)."""
        return self._place(keys)[1].line

    def header(self, keys: Keys) -> str:
        """How the table at `keys` is called in the file, without brackets: `tool.pysim.environments.pypi`."""
        return dotted(name for name in (*self.prefix, *keys) if isinstance(name, str))

    def error(
        self, message: str, keys: Keys, *, hint: str, of_key: bool = False, remedies: Sequence[Remedy] = ()
    ) -> ConfigurationError:
        """The error for the value that `keys` lead to, or for the key."""
        found, place = self._place(keys)
        column = place.value_column if found and not of_key else place.column
        return ConfigurationError(f"{self.name}:{place.line}:{column}: {message}", hint=hint, remedies=remedies)

    def _place(self, keys: Keys) -> tuple[bool, TomlPlace]:
        """Whether the very key has a place, and that place, or the one of the table that leads the furthest to it."""
        way = (*self.prefix, *keys)
        for length in range(len(way), 0, -1):
            if place := self.places.get(way[:length]):
                return length == len(way), place
        return False, TomlPlace(line=1, column=1, value_column=1)


def read_toml(file: Path, *, name: str | None = None, prefix: tuple[str, ...] = ()) -> TomlFile:
    """Read and parse a file. Raises ConfigurationError when it is not TOML within bounds, OSError."""
    name = name or file.name
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
        data: object = parse_toml(content)
    except TomlError as error:
        raise ConfigurationError(f"{name}{error.place}{error}", hint=error.hint) from error
    for key in prefix:
        data = data.get(key, {}) if isinstance(data, dict) else {}
    table = data if isinstance(data, dict) else {}
    places = toml_places(content.decode()) if table else {}
    return TomlFile(name=name, folder=file.parent, data=table, places=places, prefix=prefix)
