"""Where a publishing step uploads to, as its tool would find out: the address, by its options, variables and settings.

Works on a step as it is written and on its evaluated texts alike; an expression that is left hides its address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from simulator.indexes import IndexName, indexes
from simulator.planning.index_settings import DEFAULT, Read, named_index
from simulator.planning.publish_commands import PublishCommand, expanded, is_known, publish_commands
from simulator.planning.tools import action_name, publishing_facts

_OWN_NAMES: Final = frozenset({"pypi", "testpypi", "test-pypi", "test_pypi"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where a command or an action uploads to. `said` is the address or the name that it is given, "" for none.

    `tool` is the command's program and verb, or the action's name. `own` is the index where the tool itself knows its
    address; else `written` is the address, None where it is not known: for an expression, and for a name that no
    settings have.
    """

    tool: str
    said: str
    written: str | None = None
    own: IndexName | None = None

    @property
    def address(self) -> str | None:
        """The address that the tool uses, as far as it is known."""
        return self.written if self.own is None else indexes()[self.own].upload_url

    @property
    def host(self) -> str:
        """The host of the address in lower case; "" where none is known."""
        return host_of(self.address or "")

    @property
    def port(self) -> int | None:
        """The port that the address names."""
        try:
            return urlsplit(self.address or "").port
        except ValueError:
            return None

    @property
    def index(self) -> IndexName | None:
        """Which of the two indexes it is, as far as that is known."""
        return self.own or index_of_host(self.host)

    @property
    def is_foreign(self) -> bool:
        """Whether it is known to be another index, which is no server of the sandbox itself."""
        name = self.host if self.own is None else ""
        return bool(name) and self.index is None and name != "localhost" and not name.startswith("127.")

    @property
    def is_unknown_name(self) -> bool:
        """Whether a name is given that no settings have, and that people do not use for PyPI or TestPyPI either."""
        return self.own is None and self.written is None and is_known(self.said) and self.said.lower() not in _OWN_NAMES


def destinations_of_action(
    uses: str, inputs: Mapping[str, str], variables: Mapping[str, str], read: Read
) -> Sequence[Destination]:
    """Of an action with its inputs, by their names in lower case; none for one that does not publish."""
    name = action_name(uses)
    facts = publishing_facts()
    if name in facts["action_inputs"]:
        keys = facts["action_inputs"][name]["address"]
        url = expanded(next((inputs[key] for key in keys if inputs.get(key)), ""), variables)
        return (_of_address(name, url) if url else _default(name),)
    asked: Mapping[str, Sequence[str]] = next(
        (row for known, row in facts["actions_with"].items() if known.lower() == name), {}
    )
    if any(inputs.get(key) in values for key, values in asked.items()):
        return destinations_of_script(f"maturin {inputs['command']} {inputs.get('args', '')}", variables, read)
    return ()


def destinations_of_script(
    script: str, variables: Mapping[str, str], read: Read, before: Sequence[str] = ()
) -> Sequence[Destination]:
    """Of each publishing command of a script. `before` are the scripts that ran before it in its job."""
    scripts = (*before, script)
    found = (_of_command(command, read, scripts) for command in publish_commands(script, variables))
    return tuple(dict.fromkeys(found))


def nothing_read(_path: str) -> bytes | None:
    """A `Read` that knows no file."""
    return None


def host_of(address: str) -> str:
    """The host of an address in lower case; "" where there is none, or an expression in its place."""
    try:
        host = urlsplit(address.strip()).hostname or ""
    except ValueError:
        return ""
    return host.rstrip(".") if is_known(host) and "{" not in host else ""


def index_of_host(host: str) -> IndexName | None:
    """The index that a host is of, or would be: those below its main host are closed, too.

    What takes long to find out is asked last: the hosts of files and of former times.
    """
    if not host:
        return None
    for index in sorted(indexes().values(), key=lambda each: -len(each.main_host)):
        if host == index.main_host or host.endswith(f".{index.main_host}"):
            return index.name
    every = indexes().values()
    return next((each.name for each in every if host in each.hosts or host == each.files_host), None)


def foreign(destinations: Iterable[Destination]) -> Sequence[Destination]:
    """Those that are known to be other indexes, each host once."""
    found = {each.host: each for each in destinations if each.is_foreign}
    return tuple(found.values())


def _of_command(command: PublishCommand, read: Read, scripts: Sequence[str]) -> Destination:
    address = command.option("address") or command.variable("address")
    name = command.option("name")
    if name is None and address is None:
        name = command.variable("name")
    if name and "://" in name and not address:
        address, name = name, None
    if address and not (name and command.facts.get("named_first")):
        return _of_address(command.tool, address)
    if not name:
        default = named_index(command, DEFAULT, read, scripts)
        return _of_address(command.tool, expanded(default, command.variables)) if default else _default(command.tool)
    found = named_index(command, name, read, scripts) if is_known(name) else None
    own = command.facts["names"].get(name)
    if own and (found is None or command.facts["settings"] == "hatch"):  # hatch lets nobody change its own
        return Destination(tool=command.tool, said=name, own=own)
    found = expanded(found, command.variables) if found else None
    return Destination(tool=command.tool, said=name, written=found if found and is_known(found) else None)


def _of_address(tool: str, address: str) -> Destination:
    known = address if is_known(address) else None
    return Destination(tool=tool, said=address, written=known or (address if host_of(address) else None))


def _default(tool: str) -> Destination:
    return Destination(tool=tool, said="", own="pypi")
