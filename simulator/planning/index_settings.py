"""The indexes that the settings of publishing tools name: `.pypirc`, and the tables of uv, hatch, poetry and pdm."""

from __future__ import annotations

import configparser
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from simulator.planning.outside import simple_commands
from simulator.planning.publish_commands import PublishCommand, expanded, values_of
from simulator.toml_reading import TomlError, parse_toml

Read = Callable[[str], bytes | None]
"""The content of a file by its path from the step's folder, or from the home folder (`~/`); None for no file."""
DEFAULT: Final = ""
"""The name of the index that a tool takes where nothing names one."""


def named_index(command: PublishCommand, name: str, read: Read, scripts: Sequence[str]) -> str | None:
    """The address that a tool's settings have for a name, or for DEFAULT; None where they have none.

    `scripts` are those that ran before and the command's own: they may write such settings.
    """
    match command.facts["settings"]:
        case "pypirc":
            return _pypirc(command, name, read)
        case "uv":
            return _uv(name, read)
        case "hatch":
            return _hatch(name, read, scripts)
        case "poetry":
            return _poetry(command, name, read, scripts)
        case "pdm":
            return _pdm(command, name, read, scripts)
        case _:
            return None


def _pypirc(command: PublishCommand, name: str, read: Read) -> str | None:
    """As twine and flit read it: the section of the name; the default is that of pypi."""
    chosen = next(values_of(["--config-file", "--pypirc"], command.words), "~/.pypirc")
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string((read(chosen) or b"").decode("utf-8", "replace"))
    except configparser.Error:
        return None
    return parser.get(name or "pypi", "repository", fallback=None)


def _uv(name: str, read: Read) -> str | None:
    """A uv.toml counts instead of the table in pyproject.toml (docs.astral.sh/uv/concepts/configuration-files)."""
    tables = [_toml(read("uv.toml")), _toml(read("pyproject.toml"), "tool", "uv"), _toml(read("~/.config/uv/uv.toml"))]
    table = next((each for each in tables if each), {})
    if name == DEFAULT:
        return _text(table, "publish-url")
    entries = table.get("index")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("name") == name:
            return _text(entry, "publish-url")
    return None


def _hatch(name: str, read: Read, scripts: Sequence[str]) -> str | None:
    """A name that hatch has no address for is taken for an address itself, which leads nowhere."""
    table = _toml(read("~/.config/hatch/config.toml"), "publish", "index")
    chosen = name or _text(table, "repo")
    if not chosen:
        return None
    written = _set_by(scripts, ["hatch", "config", "set", f"publish.index.repos.{chosen}"], url=f".{'url'}")
    found = _table(table, "repos").get(chosen)
    address = found if isinstance(found, str) else _text(_table(_table(table, "repos"), chosen), "url")
    return written or address


def _poetry(command: PublishCommand, name: str, read: Read, scripts: Sequence[str]) -> str | None:
    if not name:
        return None
    written = _set_by(scripts, ["poetry", "config", f"repositories.{name}"], url=".url")
    variable = command.variables.get(f"POETRY_REPOSITORIES_{_upper(name)}_URL")
    files = (_toml(read(file), "repositories", name) for file in ("poetry.toml", "~/.config/pypoetry/config.toml"))
    return variable or written or next((url for table in files if (url := _text(table, "url"))), None)


def _pdm(command: PublishCommand, name: str, read: Read, scripts: Sequence[str]) -> str | None:
    wanted = name or "pypi"
    written = _set_by(scripts, ["pdm", "config", f"repository.{wanted}"], url=".url")
    files = (_toml(read(file), "repository", wanted) for file in ("pdm.toml", "~/.config/pdm/config.toml"))
    return (
        expanded(written or next((url for table in files if (url := _text(table, "url"))), ""), command.variables)
        or None
    )


def _set_by(scripts: Sequence[str], wanted: Sequence[str], *, url: str) -> str | None:
    """The value that a command of the scripts sets for a key; options may stand between its words."""
    found = None
    for script in scripts:
        for words in simple_commands(script):
            plain = [word for word in words if not word.startswith("-")]
            if len(plain) > len(wanted) and plain[0].rpartition("/")[2] == wanted[0]:
                key = plain[len(wanted) - 1]
                if plain[1 : len(wanted) - 1] == list(wanted[1:-1]) and key in {wanted[-1], f"{wanted[-1]}{url}"}:
                    found = plain[len(wanted)]
    return found


def _upper(name: str) -> str:
    """How poetry spells a name in a variable."""
    return name.upper().replace("-", "_").replace(".", "_")


def _toml(content: bytes | None, *keys: str) -> Mapping[str, Any]:
    """A table of a file; an empty one where it is not there, or is no TOML."""
    try:
        table: Mapping[str, Any] = parse_toml((content or b"").decode("utf-8", "replace").encode())
    except TomlError:
        return {}
    for key in keys:
        table = _table(table, key)
    return table


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = table.get(key)
    return found if isinstance(found, dict) else {}


def _text(table: Mapping[str, Any], key: str) -> str | None:
    found = table.get(key)
    return found if isinstance(found, str) else None
