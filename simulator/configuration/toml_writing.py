"""Changes of an array of tables in a TOML file that leave the rest of the file as it is, comments and all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import tomlkit

from simulator.errors import ConfigurationError
from simulator.toml_reading import parse_toml

Entry = Mapping[str, str | bool | date]


def append(file: Path, table: Sequence[str], name: str, entry: Entry) -> None:
    """Add an entry to the array `name` of a table, making what is not there. Raises ConfigurationError, OSError."""

    def change(inner: Any) -> None:
        if name not in inner:
            inner[name] = tomlkit.aot()
        inner[name].append(_table(entry, inline=not isinstance(inner[name], tomlkit.items.AoT)))

    _change(file, table, name, change, lambda before: [*before, dict(entry)])


def delete(file: Path, table: Sequence[str], name: str, number: int) -> None:
    """Remove an entry of the array; the array goes with its last. Raises ConfigurationError, OSError."""

    def change(inner: Any) -> None:
        del inner[name][number]
        if not inner[name]:
            del inner[name]

    _change(file, table, name, change, lambda before: [*before[:number], *before[number + 1 :]])


def _table(entry: Entry, *, inline: bool) -> Any:
    made = tomlkit.inline_table() if inline else tomlkit.table()
    for key, value in entry.items():
        made[key] = value
    return made


def _change(file: Path, table: Sequence[str], name: str, change: Any, expected: Any) -> None:
    """Write what `change` makes of the file, when that is all that is different in it."""
    text = file.read_bytes().decode() if file.exists() else ""
    document = tomlkit.parse(text)
    inner: Any = document
    for key in table:
        inner = inner[key]
    change(inner)
    written = tomlkit.dumps(document)
    before, after = parse_toml(text.encode()), parse_toml(written.encode())
    old, new = _inner(before, table), _inner(after, table)
    wanted, got = expected(old.pop(name, [])), new.pop(name, [])
    if (wanted, before) != (got, after):
        hint = f"Write the entries of [[{'.'.join((*table, name))}]] by hand."
        raise ConfigurationError(f"{file.name} cannot be changed without changing more of it.", hint=hint)
    _replace(file, written)


def _inner(data: dict[str, Any], table: Sequence[str]) -> dict[str, Any]:
    for key in table:
        data = data[key]
    return data


def _replace(file: Path, text: str) -> None:
    """Write the whole file or nothing, with the mode that it has."""
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode())
            os.fchmod(stream.fileno(), mode)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
