"""What a script or an action would write to systems that pysim does not stand in for: in a rehearsal, for real.

The names are in resources/outside.json. Sees the words that are written; a script of the repository and a program's
own files are not seen through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlsplit

from simulator.dated_facts import read_facts
from simulator.indexes import indexes
from simulator.planning.tools import action_name, code_of

_EXPRESSION: Final = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_GITHUB_ADDRESS: Final = re.compile(
    r"github\.(api_url|server_url|graphql_url)|GITHUB_(API|SERVER|GRAPHQL)_URL|ACTIONS_ID_TOKEN"
)
TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r]+|\\\n)|(?P<comment>\#[^\n]*)|(?P<end>[;|&\n()`])"""
    r"""|(?P<word>(?:\\.|'[^']*'|"(?:[^"\\]|\\.)*"|\$\{[^}\n]*\}|[^\s;|&()`'"\\])+)|(?P<odd>.)""",
    re.DOTALL,
)
_QUOTED_COMMAND: Final = re.compile(r"\$\((.*)\)|`(.*)`", re.DOTALL)
_SENDING: Final = re.compile(
    r"-[a-zA-Z]*[dFT](\b|$).*|--(data|json|form|upload-file|post-data|post-file|body-data|body-file)\b.*", re.DOTALL
)
_METHOD: Final = re.compile(r"(-[a-zA-Z]*X|--request=|--method=)(POST|PUT|PATCH|DELETE)", re.IGNORECASE)
_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_CLIENTS: Final = frozenset({"curl", "wget", "http", "https", "xh"})
_SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh"})
_GITHUB: Final = frozenset({"github.com", "api.github.com", "uploads.github.com"})  # other hosts of it are real


def _facts() -> Mapping[str, Any]:
    return read_facts("outside")


def action_writes_outside(uses: str, inputs: Mapping[str, str]) -> str | None:
    """What an action would do outside, such as "uses X, which pushes an image to a registry"; None for nothing.

    `inputs` are as written or evaluated, by their names in lower case.
    """
    known = _facts()["actions"].get(action_name(uses))
    if known is None or any(inputs.get(name, "").lower() in idle for name, idle in known["inputs"].items()):
        return None
    return f"uses {uses}, which {known['does']}"


def script_writes_outside(script: str) -> Sequence[str]:
    """What a script would do outside, such as "runs npm publish, which publishes to an npm registry".

    Before or after its expressions are evaluated.
    """
    found = (said for words in _commands(_plain(script)) if (said := _judge(words)) is not None)
    return tuple(dict.fromkeys(found))


def simple_commands(script: str) -> Sequence[Sequence[str]]:
    """The program and the words of each command of a script, without quotes; expressions are the word `$_`."""
    return tuple(tuple(map(_unquoted, _started(words))) for words in _commands(_plain(script)))


def assignments(script: str) -> Mapping[str, str]:
    """The variables that a script sets by words of its own, before a command or with `export`; the last one counts."""
    found: dict[str, str] = {}
    for words in _commands(_plain(script)):
        for word in words[1:] if words[0] == "export" else words:
            name, equals, value = word.partition("=")
            if not equals or not re.fullmatch(r"\w+", name):
                break
            found[name] = _unquoted(value)
    return found


def _plain(script: str) -> str:
    """The script without expressions: GitHub's own addresses stay addresses, the rest becomes one odd word."""
    return _EXPRESSION.sub(
        lambda found: "$GITHUB_API_URL" if _GITHUB_ADDRESS.search(found[0]) else "$_", code_of(script)
    )


def _commands(script: str) -> Iterator[Sequence[str]]:
    """The words of each simple command, also of those in substitutions and behind `sh -c`."""
    words: list[str] = []
    for token in TOKEN.finditer(f"{script}\n"):
        if token.lastgroup == "end":
            if words:
                yield words
                yield from _inner(words)
            words = []
        elif token.lastgroup == "word":
            words.append(token["word"])
            if inner := _QUOTED_COMMAND.search(token["word"]):
                yield from _commands(inner[1] or inner[2] or "")


def _inner(words: Sequence[str]) -> Iterator[Sequence[str]]:
    bare = _started(words)
    if bare and _program(bare[0]) in _SHELLS and "-c" in bare[:-1]:
        yield from _commands(_unquoted(bare[bare.index("-c") + 1]))


def _judge(words: Sequence[str]) -> str | None:
    started = [_unquoted(word) for word in _started(words)]
    if not started:
        return None
    program, *rest = [_program(started[0]), *started[1:]]
    if program in _CLIENTS:
        return _request(program, rest)
    if program == "git":
        return _push(rest)
    if any(word in _facts()["harmless"] for word in rest):
        return None
    for known in _facts()["commands"]:
        if _is(known, program, rest, words):
            return f"runs {' '.join(known['words'])}, which {known['does']}"
    return None


def _is(known: Mapping[str, Any], program: str, rest: Sequence[str], words: Sequence[str]) -> bool:
    first, *verbs = known["words"]
    if first != program or not _begins(rest, verbs):
        return False
    if "through" in known and _program(_unquoted(words[0])) not in known["through"]:
        return False
    if "to" in known and not any(part in rest[-1] for part in known["to"]):
        return False
    return "with" not in known or any(part in word for word in rest for part in known["with"])


def _begins(rest: Sequence[str], verbs: Sequence[str]) -> bool:
    """Whether the verbs come first among the words; options may stand between, with their values."""
    wanted, after_option = list(verbs), False
    for word in rest:
        if not wanted:
            return True
        if word.startswith("-"):
            after_option = "=" not in word
        elif word == wanted[0]:
            wanted.pop(0)
            after_option = False
        elif after_option:
            after_option = False
        else:
            return False
    return not wanted


def _started(words: Sequence[str]) -> Sequence[str]:
    """The words without assignments and without programs that only start another one."""
    left = list(words)
    while left:
        if re.match(r"\w+\+?=", left[0]):
            del left[0]
            continue
        bare = [_program(_unquoted(left[0])), *left[1:]]
        wrapper = max((each for each in _facts()["wrappers"] if bare[: len(each)] == each), key=len, default=None)
        if wrapper is None or (len(wrapper) == 1 and _is_own_command(bare)):
            break
        del left[: len(wrapper)]
        while left and left[0].startswith("-"):
            del left[0]
    return left


def _is_own_command(words: Sequence[str]) -> bool:
    """Whether a program that can start another one is known to write by itself, as in `yarn publish`."""
    known = (each["words"] for each in _facts()["commands"])
    return any(len(each) > 1 and each[0] == words[0] and _begins(words[1:], each[1:]) for each in known)


def _program(word: str) -> str:
    return word.rpartition("/")[2]


def _unquoted(word: str) -> str:
    return re.sub(
        r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)""", lambda m: m[1] or m[2] or m[3] or "", word, flags=re.DOTALL
    )


def _request(program: str, rest: Sequence[str]) -> str | None:
    sends = any(_SENDING.fullmatch(word) or _METHOD.fullmatch(word) for word in rest)
    named = any(word in {"-X", "--request", "--method"} and value.upper() in _METHODS for word, value in pairwise(rest))
    plain = program in {"http", "https", "xh"} and any(word in _METHODS for word in rest)
    reads = any(word in {"-G", "--get"} for word in rest)
    if not (sends or named or plain) or reads:
        return None
    addresses = [word for word in rest if "://" in word or "$" in word]
    if any(_is_here(word) for word in addresses):
        return None
    host = next((host for word in addresses if (host := _host(word))), None)
    return f"runs {program}, which sends data to {host or 'an address that is not written here'}"


def _push(rest: Sequence[str]) -> str | None:
    if not _begins(rest, ["push"]):
        return None
    hosts = [host for word in rest if "://" in word and (host := _host(word)) and not _is_here(word)]
    return f"runs git push, which pushes to {hosts[0]}" if hosts else None


def _is_here(address: str) -> bool:
    """Whether an address is of a host that pysim stands in for, or of the sandbox itself."""
    if _GITHUB_ADDRESS.search(address):
        return True
    host = _host(address)
    own = ("actions.githubusercontent.com", *(domain for index in indexes().values() for domain in index.hosts))
    local = host in {"localhost", "0.0.0.0", "[::1]", "::1"} or host.startswith("127.")  # noqa: S104 - a name to compare
    return local or host in _GITHUB or any(host == domain or host.endswith(f".{domain}") for domain in own)


def _host(address: str) -> str:
    found = re.search(r"https?://[^\s'\"]+", address)
    try:
        host = urlsplit(found[0]).hostname if found else None
    except ValueError:
        return ""
    return host if host and "$" not in host else ""
