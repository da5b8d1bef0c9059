"""Which index a publishing step uploads to, where that is none of those that pysim stands in for.

Works on a step as it is written and on its evaluated texts alike; an expression that is left hides its address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from simulator.indexes import indexes
from simulator.planning.outside import simple_commands
from simulator.planning.tools import action_name, code_of, commands, publishing_facts
from simulator.toml_reading import TomlError, parse_toml

_OPTION: Final = re.compile(r"""--?(?:repository-url|publish-url|repository|repo|r)[\s=]+["']?(https?://[^\s"']+)""")
_NAMED: Final = re.compile(r"""--?(?:repository|repo|index|r)[\s=]+["']?([\w.-]+)(?![\w.:/$-])""")
_OWN_NAMES: Final = frozenset({"pypi", "testpypi", "test-pypi", "test_pypi"})
# What twine, uv, flit, hatch, pdm and maturin read the address of the index from.
_VARIABLES: Final = frozenset({
    "TWINE_REPOSITORY_URL", "UV_PUBLISH_URL", "FLIT_INDEX_URL", "HATCH_INDEX_REPO", "PDM_PUBLISH_REPO",
    "MATURIN_REPOSITORY_URL",
})  # fmt: skip


def foreign_indexes_of_action(uses: str, inputs: Mapping[str, str]) -> Sequence[str]:
    """The hosts that a publishing action would upload to; the names of the inputs are in lower case."""
    facts = publishing_facts()["trusted_actions"].get(action_name(uses), {"index": ()})
    return _foreign(inputs[name] for name in facts["index"] if name in inputs)


def foreign_indexes_of_script(script: str, variables: Mapping[str, str]) -> Sequence[str]:
    """The hosts, and the indexes by name, that a script would upload to; nothing for one that does not publish."""
    table = publishing_facts()["commands"]
    if not any(commands(script, table)):
        return ()
    lines = [line for line in map(" ".join, simple_commands(script)) if any(commands(line, table))]
    named = (name for line in lines for name in _NAMED.findall(line) if name.lower() not in _OWN_NAMES)
    addresses = (
        *_OPTION.findall(code_of(script)),
        *(variables[name] for name in sorted(_VARIABLES & variables.keys())),
    )
    return (*_foreign(addresses), *dict.fromkeys(f"the index {name}" for name in named))


def foreign_indexes_of_project(script: str, read: Callable[[str], bytes | None]) -> Sequence[str]:
    """The hosts that the project's own settings send `uv publish` to; `read` gives a file of the step's folder."""
    if not any(commands(script, [["uv", "publish"]])):
        return ()
    named: list[str] = []
    for file, keys in (("uv.toml", ()), ("pyproject.toml", ("tool", "uv"))):
        try:
            table: Any = parse_toml((read(file) or b"").decode("utf-8", "replace").encode())
        except TomlError:
            continue
        for key in keys:
            table = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict) and "publish-url" in table:
            named.append(str(table["publish-url"]))
    return _foreign(named)


def _foreign(addresses: Iterable[str]) -> Sequence[str]:
    return tuple(dict.fromkeys(host for host in _hosts(addresses) if not _stays_here(host)))


def _hosts(addresses: Iterable[str]) -> Iterator[str]:
    for address in addresses:
        try:
            yield urlsplit(address.strip()).hostname or ""
        except ValueError:
            continue


def _stays_here(host: str) -> bool:
    """Whether an upload ends in pysim or in the sandbox itself; no host is known where it is an expression's."""
    name = host.rstrip(".")
    closed = (domain for index in indexes().values() for domain in index.hosts)
    own = name in {"", "localhost"} or name.startswith("127.") or "{" in name
    return own or any(name == domain or name.endswith(f".{domain}") for domain in closed)
