"""Shells are started with GitHub's command lines."""

from __future__ import annotations

import pytest

from simulator.runner.shells import ShellError, find_shell


def which(program: str) -> str | None:
    return None if program == "absent" else f"/bin/{program}"


@pytest.mark.parametrize(
    ("name", "argv"),
    [
        (None, ("/bin/bash", "-e", "s")),
        ("bash", ("/bin/bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "s")),
        ("sh", ("/bin/sh", "-e", "s")),
        ("python", ("/bin/python", "s")),
        ("", ("/bin/bash", "-e", "s")),
        ("bash ", ("/bin/bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "s")),
        ("pwsh", ("/bin/pwsh", "-command", ". 's'")),
        ("perl -w {0} end", ("/bin/perl", "-w", "s", "end")),
        ("bash -c 'source {0}'", ("/bin/bash", "-c", "'source", "s'")),
        ('bash -c "source {0}" it\'s', ("/bin/bash", "-c", "source s", "it's")),
        ('env "a b" "" \\"q\\" {0}', ("/bin/env", "a b", "", '"q"', "s")),
        ("bash -eEuo pipefail {0}", ("/bin/bash", "-eEuo", "pipefail", "s")),
    ],
)
def test_command_lines(name: str | None, argv: tuple[str, ...]) -> None:
    assert find_shell(name, which).argv("s") == argv


def test_sh_where_there_is_no_bash() -> None:
    assert find_shell(None, lambda name: "/bin/sh" if name == "sh" else None).argv("s") == ("/bin/sh", "-e", "s")


@pytest.mark.parametrize(
    ("name", "extension"), [(None, ".sh"), ("python -u {0}", ".py"), ("pwsh -NoLogo {0}", ".ps1"), ("perl {0}", "")]
)
def test_what_a_script_is_called(name: str | None, extension: str) -> None:
    shell = find_shell(name, which)
    assert shell.extension == extension
    assert ("$ErrorActionPreference = 'stop'" in shell.script("x")) is (extension == ".ps1")


@pytest.mark.parametrize(("name", "said"), [("perl -w", "format string"), ("absent {0}", "absent: command not found")])
def test_what_cannot_be_used(name: str, said: str) -> None:
    with pytest.raises(ShellError, match=said):
        find_shell(name, which)
