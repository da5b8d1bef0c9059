"""The names that jobs and steps may have, in GitHub's words."""

from __future__ import annotations

import re

_LONGEST = 100
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def problem_of_id(name: str) -> str | None:
    """What is wrong with `name` as the id of a job or a step, None when nothing is."""
    if not _IDENTIFIER.fullmatch(name) or len(name) >= _LONGEST:
        return (
            f"The identifier '{name}' is invalid. IDs may only contain alphanumeric characters, '_', and '-'. "
            f"IDs must start with a letter or '_' and must be less than {_LONGEST} characters."
        )
    if name.startswith("__"):
        return f"The identifier '{name}' is invalid. IDs starting with '__' are reserved."
    return None
