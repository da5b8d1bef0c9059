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
        ("perl -w {0} end", ("/bin/perl", "-w", "s", "end")),
        ("bash -eEuo pipefail {0}", ("/bin/bash", "-eEuo", "pipefail", "s")),
    ],
)
def test_command_lines(name: str | None, argv: tuple[str, ...]) -> None:
    assert find_shell(name, which).argv("s") == argv


def test_sh_where_there_is_no_bash() -> None:
    assert find_shell(None, lambda name: "/bin/sh" if name == "sh" else None).argv("s") == ("/bin/sh", "-e", "s")


@pytest.mark.parametrize(("name", "said"), [("perl -w", "format string"), ("absent {0}", "absent: command not found")])
def test_what_cannot_be_used(name: str, said: str) -> None:
    with pytest.raises(ShellError, match=said):
        find_shell(name, which)
