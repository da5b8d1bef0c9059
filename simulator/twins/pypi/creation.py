"""Whether a project of a name may be created: the index's rules about names. Knows no token."""

from __future__ import annotations

import re
import sys
from typing import Final, Literal, TypeAlias, assert_never

from packaging.utils import canonicalize_name

from simulator.indexes import Index
from simulator.twins.pypi.catalogue import Catalogue, Flag
from simulator.twins.pypi.refusals import RequestRefusedError

NAME: Final = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE | re.ASCII)
PER_HOUR: Final = 20  # projects that a user may create by uploads
NameFault: TypeAlias = Literal["invalid", "standard library", "exists", "prohibited", "alike"]
PER_DAY: Final = 4  # of projects that are new to the real index (`RateLimit-Policy: q=4;w=86400`, since May 2026)
DAY: Final = 86_400.0  # seconds
_HOUR: Final = 3600.0
_ALIKE: Final = str.maketrans({"l": "1", "i": "1", "o": "0", ".": None, "_": None, "-": None})
_STANDARD_LIBRARY: Final = {canonicalize_name(name) for name in sys.stdlib_module_names}


def check_rate(catalogue: Catalogue, now: float) -> None:
    """Raise RequestRefusedError when the user created too many projects within the last hour.

    Which of them the real index has, nobody asks here; of those that are new there, the run tells in the end.
    """
    if catalogue.count_creations(now - _HOUR) >= PER_HOUR:
        raise RequestRefusedError(429, "Too many new projects created")


def error_of_new_name(catalogue: Catalogue, name: str) -> NameFault | None:
    """Why no project of that name may be created: the first reason in the index's order."""
    if not NAME.fullmatch(name):
        return "invalid"
    if canonicalize_name(name) in _STANDARD_LIBRARY:
        return "standard library"
    if catalogue.project(name):
        return "exists"
    if catalogue.is_prohibited(name):
        return "prohibited"
    if any(are_alike(project.name, name) for project in catalogue.projects()):
        return "alike"
    return None


def check_new_name(catalogue: Catalogue, index: Index, name: str) -> None:
    """Raise RequestRefusedError when no project of that name may be created."""
    see = f"See https://{index.main_host}/help/#project-name for more information."
    if catalogue.has(Flag.NO_PROJECTS):
        help_page = f"See https://{index.main_host}/help/#admin-intervention for more information."
        raise RequestRefusedError(403, f"New project registration temporarily disabled. {help_page}")
    match error_of_new_name(catalogue, name):
        case None:
            return
        case "invalid":
            raise RequestRefusedError(400, f"The name {name!r} is invalid.")
        case "standard library":
            text = f"The name {name!r} isn't allowed (conflict with Python Standard Library module name). {see}"
            raise RequestRefusedError(400, text)
        case "exists":
            raise RequestRefusedError(409, f"The name {name!r} conflicts with an existing project. {see}")
        case "prohibited":
            raise RequestRefusedError(400, f"The name {name!r} isn't allowed. {see}")
        case "alike":
            raise RequestRefusedError(400, f"The name {name!r} is too similar to an existing project. {see}")
        case other:
            assert_never(other)


def are_alike(one: str, other: str) -> bool:
    """Whether people take one name for the other."""
    return _confusable(one) == _confusable(other)


def _confusable(name: str) -> str:
    """One spelling for all names that people take for one another."""
    return name.lower().translate(_ALIKE)
