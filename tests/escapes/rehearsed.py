"""Attempts at whoever reads what a run leaves, as files, each a job of one workflow that is rehearsed on each engine.

`job` is the text of the job, with words like @ESC@ for what printf(1) makes of characters that YAML cannot hold. A
`text` must stay one: nothing that a terminal is given has CONTROL in it, nothing that a browser is given MARKUP or one
of the regular expressions of `never`. Of a `secret` no form may be left in any place that the run leaves.
`says` must be in some place, which shows that the attempt was made; else the name of its job is.
"""

from __future__ import annotations

import base64
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

FOLDER: Final = Path(__file__).parent / "attempts/run"
SECRET: Final = "Zq7-Kept-Value-Qz"
SPACED: Final = 'p4ss "w0rd" +/ & {x}'
MULTILINE: Final = "first-kept-line-1\nsecond-kept-line-2"
SECRETS: Final = {"KEPT": SECRET, "SPACED": SPACED, "LINES": MULTILINE}
CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
MARKUP: Final = re.compile(
    r"(?i)<(?:script|img|svg|iframe|object|math|a(?! href=\"(?:logs/|#)))\b[^>]*(?:marker|onerror|javascript:)"
)
"""Of links, pysim's own lead to the logs of steps, whose names are in theirs."""
_WORDS: Final = {"@ESC@": r"\033", "@BEL@": r"\007", "@CSI@": r"\302\233", "@BIDI@": r"\342\200\256"}


@dataclass(frozen=True, kw_only=True, slots=True)
class RunAttempt:
    """One file; see the module."""

    name: str
    kind: Literal["text", "secret"]
    job: str
    says: Sequence[str] = ()
    never: Sequence[str] = ()

    @property
    def written(self) -> str:
        """The job in the workflow."""
        text = self.job
        for word, written in _WORDS.items():
            text = text.replace(word, written)
        lines = [f"    {line}" if line else "" for line in text.strip("\n").split("\n")]
        return "\n".join([f"  {self.name}:", "    runs-on: ubuntu-latest", *lines, ""])


def run_attempts() -> Sequence[RunAttempt]:
    """All of them, by name."""
    paths = sorted(FOLDER.glob("*.toml"))
    return [RunAttempt(name=path.stem, **tomllib.loads(path.read_text(encoding="utf-8"))) for path in paths]


def workflow() -> str:
    """The workflow that makes all attempts."""
    head = "name: attempts\non: {push: {tags: ['v*']}}\npermissions: write-all\njobs:\n"
    return head + "".join(attempt.written for attempt in run_attempts())


def secrets() -> str:
    """The file of secrets."""
    quoted = {
        name: value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for name, value in SECRETS.items()
    }
    return "".join(f'{name}="{value}"\n' for name, value in quoted.items())


def forms() -> Mapping[str, str]:
    """What of a secret must not be seen, by what it is."""
    found = {
        "as it is": SECRET,
        "in lower case": SECRET.lower(),
        "spaced": SPACED,
        "first line": MULTILINE.split("\n")[0],
    }
    found |= {"last line": MULTILINE.split("\n")[1], "in a URL": quote(SPACED, safe="")}
    found |= {"in base64": base64.b64encode(SECRET.encode()).decode().rstrip("=")}
    return found
