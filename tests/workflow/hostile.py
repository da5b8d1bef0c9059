"""Text that is meant to hurt, read in a process of little memory: a line of JSON for each, with what was found.

Run as a program by `test_hostile.py`: what takes more than `MEGABYTES` ends in a MemoryError, what takes more than
`SECONDS` of processor time ends the process.
"""

from __future__ import annotations

import json
import math
import resource
import sys
from pathlib import Path

from simulator.workflow.loader import load_workflow

MEGABYTES = 100
SECONDS = 4

REFUSED: dict[str, str | bytes] = {
    "brackets": "[" * 50_000,
    "braces": "{" * 50_000,
    "pairs": "[[]," * 20_000,
    "dashes": "- " * 50_000,
    "questions": "? " * 50_000,
    "keys": "a: " * 50_000,
    "anchors": "&a " * 50_000,
    "tags": "!" * 100_000,
    "directive": "%YAML " + "9" * 5000 + ".1\n---\na",
    "escape": 'a: "\\UFFFFFFFF"',
    "laughs": "a: &a [x]\n"
    + "".join(
        f"{c}: &{c} [{'*' + p + ',*' + p}]\n"
        for p, c in zip("abcdefghijklmnopqrstuvw", "bcdefghijklmnopqrstuvwx", strict=True)
    ),
    "long laughs": "a: &a " + "x" * 500_000 + "\nb: [" + "*a," * 100 + "]\n",
    "deep aliases": "a: &a [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1 or ''}]\n" for i in range(1, 60)),
    "values": "- a\n" * 200_000,
    "alias of itself": "a: &a {b: *a}",
    "nul": "a: \0",
    "escape character": "a: \x1b[31m",
    "half a character": 'a: "\\ud800"',
    "lone surrogate": "a: \ud800",
    "not UTF-8": b"a: \xff",
    "UTF-16": "a: b".encode("utf-16"),
    "too large": "a" * 2_000_000,
}
"""What no YAML reader should have to read to its end: exactly one diagnostic."""


def _step(run: str) -> str:
    return f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n          {run}\n"


LARGE: dict[str, str | bytes] = {
    "a word": "x" * 1_000_000,
    "escapes": '"' + "x\\n" * 300_000 + '"',
    "blank lines": "\n" * 1_000_000,
    "tabs": "a\t" * 300_000,
    "unknown keys": "".join(f"key{number}: x\n" for number in range(20_000)),
    "wrong expressions": _step("${{x}}" * 150_000),
    "many expressions": _step("${{1}}" * 3_000),
    "lines in an expression": _step("${{" + "\n        " * 10_000 + "x }}" + "y" * 500_000),
    "brackets in an expression": _step("${{ " + "(" * 20_000 + " }}"),
    "open expressions": _step("${{" * 300_000),
    "open directives": _step(("${{ insert x" + " " * 500) * 1_800),
    "closed expressions": _step("}}" * 400_000),
    "wrong in every line": "on: push\nenv:\n" + "".join(f"  A{number}: ${{{{ nope }}}}\n" for number in range(5_000)),
    "needs": "on: push\njobs:\n"
    + "".join(
        f" j{number}: {{runs-on: x, needs: [{','.join(f'j{each}' for each in range(max(0, number - 40), number))}]}}\n"
        for number in range(900)
    ),
}
"""Long files whose every line is valid YAML: any number of diagnostics."""


def _address_space() -> int:
    """What this process has mapped, in bytes (proc(5), /proc/[pid]/statm)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def main() -> int:
    """Read all of it."""
    most = _address_space() + MEGABYTES * 1024 * 1024
    texts = {**REFUSED, **LARGE}
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for name, text in texts.items():
        used = resource.getrusage(resource.RUSAGE_SELF)
        resource.setrlimit(
            resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime) + SECONDS, resource.RLIM_INFINITY)
        )
        found = load_workflow(text, "f.yml").diagnostics
        answer = {"name": name, "count": len(found), "first": found[0].message if found else ""}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
