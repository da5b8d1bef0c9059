"""The publishing commands of a script with what their options and variables say. Facts are in publishing.json."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from simulator.planning.outside import assignments, simple_commands
from simulator.planning.tools import publishing_facts

Part = Literal["address", "name", "user", "credential"]
_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)(?::?-[^}]*)?\}|(\w+))")
_SAYING: Final = frozenset({"echo", "printf", "#"})


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishCommand:
    """A command that publishes: `tool` is its program and verb, `words` what stands behind the verb.

    `variables` are those that it sees: of the step, and of the script itself.
    """

    tool: str
    words: Sequence[str]
    variables: Mapping[str, str]

    @property
    def facts(self) -> Mapping[str, Any]:
        """The row of the tool."""
        row: Mapping[str, Any] = publishing_facts()["tools"][self.tool]
        return row

    def option(self, part: Part) -> str | None:
        """What the command line says of a part, its variables in place of their names; None for nothing."""
        return next((expanded(value, self.variables) for value in self.written(part)), None)

    def variable(self, part: Part) -> str | None:
        """What the variables say of a part; an empty one says nothing."""
        found = (self.variables[name] for name in self.variable_names(part))
        return next((expanded(value, self.variables) for value in found if value), None)

    def variable_names(self, part: Part) -> Sequence[str]:
        """The variables of this command that say something of a part."""
        patterns = self.facts[part]["variables"]
        return [name for name in self.variables if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]

    def written(self, part: Part) -> Iterator[str]:
        """The values of the options of a part as they are written."""
        yield from values_of(self.facts[part]["options"], self.words)


def publish_commands(script: str, variables: Mapping[str, str]) -> Sequence[PublishCommand]:
    """Those of a script, evaluated or with expressions; `variables` are what its step sees."""
    return tuple(_commands(script, {**variables, **assignments(script)}))


def values_of(options: Sequence[str], words: Sequence[str]) -> Iterator[str]:
    """The values of options in the words of a command: `-r x`, `-rx`, `--repo x` and `--repo=x`."""
    for at, word in enumerate(words):
        for option in options:
            if word == option:
                yield from words[at + 1 : at + 2]
            elif word.startswith(f"{option}="):
                yield word.partition("=")[2]
            elif len(option) == len("-r") and word.startswith(option) and not word.startswith("--"):
                yield word[len(option) :]


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """A text with the values of the variables that are known; what is not known stays."""
    return _VARIABLE.sub(lambda found: variables.get(found[1] or found[2], found[0]), text)


def is_known(text: str) -> bool:
    """Whether a text is written out: neither an expression nor a variable nor a command is left in it."""
    return not re.search(r"\$|`|\{\{", text)


def _commands(script: str, variables: Mapping[str, str]) -> Iterator[PublishCommand]:
    """Of the script, and of the scripts that other programs are given as one word."""
    for words in simple_commands(script):
        if not words or words[0] in _SAYING:
            continue
        found = _command(words, variables)
        if found is not None:
            yield found
        for word in words:
            if re.search(r"\s", word) and word != script:
                yield from _commands(word, variables)


def _command(words: Sequence[str], variables: Mapping[str, str]) -> PublishCommand | None:
    for tool in publishing_facts()["tools"]:
        program, verb = tool.split(" ")
        for at, word in enumerate(words):
            if word.rpartition("/")[2].partition("==")[0].partition("@")[0] != program:
                continue
            behind = _behind(words[at + 1 :], verb, among_others=program == "setup.py")
            if behind is not None:
                return PublishCommand(tool=tool, words=behind, variables=variables)
    return None


def _behind(words: Sequence[str], verb: str, *, among_others: bool) -> Sequence[str] | None:
    """What stands behind the verb: the first word that is no option and no option's value, or one `among_others`."""
    for at, word in enumerate(words):
        if word == verb:
            return words[at + 1 :]
        if not among_others and not word.startswith("-") and (at == 0 or not words[at - 1].startswith("-")):
            return None
    return None
