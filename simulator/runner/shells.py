"""How a `run:` script is started: GitHub's command line for each `shell:` on Linux (actions/runner, ScriptHandler)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

# What follows the program where `shell:` names it alone, and the end of a script's name for it.
_ARGUMENTS: Final = {
    "bash": "--noprofile --norc -e -o pipefail {0}",
    "sh": "-e {0}",
    "python": "{0}",
    "pwsh": "-command \". '{0}'\"",
    "powershell": "-command \". '{0}'\"",
}
_EXTENSIONS: Final = {"bash": ".sh", "sh": ".sh", "python": ".py", "pwsh": ".ps1", "powershell": ".ps1"}
_PWSH_END: Final = "if ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }"
_WORD: Final = re.compile(r'(?:\\"|"(?:\\"|[^"])*(?:"|$)|[^ \t"])+')
_QUOTE: Final = re.compile(r'\\?"')


class ShellError(ValueError):
    """A `shell:` that cannot be used; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shell:
    """A shell ready to use: `program` is an absolute path, `template` the arguments with `{0}` for the script."""

    program: str
    template: str
    extension: str

    @property
    def display(self) -> str:
        """As GitHub shows it in a step's log."""
        return f"{self.program} {self.template}"

    def argv(self, script: str) -> tuple[str, ...]:
        """The command that runs a script file."""
        return (self.program, *split(self.template.replace("{0}", script)))

    def script(self, text: str) -> str:
        """The file's content for a `run:` text."""
        if self.extension == ".ps1":
            return f"$ErrorActionPreference = 'stop'\n{text}\n{_PWSH_END}\n"
        return text if text.endswith("\n") else f"{text}\n"


def find_shell(name: str | None, which: Callable[[str], str | None]) -> Shell:
    """The shell of a step; without a name `bash -e`, or `sh -e` where there is no bash. Raises ShellError."""
    if not name:
        program = which("bash") or which("sh")
        if program is None:
            raise ShellError("sh: command not found")
        return Shell(program=program, template=_ARGUMENTS["sh"], extension=".sh")
    word, _, given = name.partition(" ")
    program = which(word)
    if program is None:
        raise ShellError(f"{word}: command not found")
    template = given.lstrip() or _ARGUMENTS.get(word.lower(), "")
    if "{0}" not in template:
        raise ShellError(
            "Invalid shell option. Shell must be a valid built-in (bash, sh, cmd, powershell, pwsh) "
            "or a format string containing '{0}'"
        )
    return Shell(program=program, template=template, extension=_EXTENSIONS.get(word.lower(), ""))


def split(line: str) -> list[str]:
    """The words of a command line as .NET starts a process with it: double quotes alone hold words together.

    A backslash before one makes it a plain character, and is itself anywhere else.
    """
    return [_QUOTE.sub(lambda quote: quote[0][1:], word) for word in _WORD.findall(line)]
