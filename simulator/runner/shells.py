"""How a `run:` script is started: GitHub's command line for each `shell:` on Linux."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_BUILT_IN: Final = {
    "bash": ("bash --noprofile --norc -e -o pipefail {0}", ".sh"),
    "sh": ("sh -e {0}", ".sh"),
    "python": ("python {0}", ".py"),
    "pwsh": ("pwsh -command \". '{0}'\"", ".ps1"),
}


_PWSH_END: Final = "if ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }"


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
        return (self.program, *shlex.split(self.template.replace("{0}", script)))

    def script(self, text: str) -> str:
        """The file's content for a `run:` text."""
        if self.extension == ".ps1":
            return f"$ErrorActionPreference = 'stop'\n{text}\n{_PWSH_END}\n"
        return text if text.endswith("\n") else f"{text}\n"


def find_shell(name: str | None, which: Callable[[str], str | None]) -> Shell:
    """The shell of a step; without a name `bash -e`, or `sh -e` where there is no bash. Raises ShellError."""
    if name is None:
        program = which("bash") or which("sh")
        if program is None:
            raise ShellError("Neither bash nor sh was found")
        return Shell(program=program, template="-e {0}", extension=".sh")
    line, extension = _BUILT_IN.get(name, (name, ""))
    word, _, template = line.strip().partition(" ")
    if "{0}" not in template:
        raise ShellError(
            f"Invalid shell option. Shell must be a valid built-in (bash, sh, cmd, powershell, pwsh) "
            f"or a format string containing '{{0}}', not '{name}'"
        )
    program = which(word)
    if program is None:
        raise ShellError(f"{word}: command not found")
    return Shell(program=program, template=template, extension=extension)
