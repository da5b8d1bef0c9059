"""Whether a project of a name may be created: the index's rules about names. Knows no token."""

from __future__ import annotations

import re
import sys
from typing import Final

from packaging.utils import canonicalize_name

from simulator.indexes import Index
from simulator.twins.pypi.catalogue import Catalogue
from simulator.twins.pypi.refusals import RefusedError

NAME: Final = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE | re.ASCII)
_ALIKE: Final = str.maketrans({"l": "1", "i": "1", "o": "0", ".": None, "_": None, "-": None})
_STANDARD_LIBRARY: Final = {canonicalize_name(name) for name in sys.stdlib_module_names}


def check_new_name(catalogue: Catalogue, index: Index, name: str) -> None:
    """Raise RefusedError when no project of that name may be created."""
    see = f"See https://{index.main_host}/help/#project-name for more information."
    if not NAME.fullmatch(name):
        raise RefusedError(400, f"The name {name!r} is invalid.")
    if canonicalize_name(name) in _STANDARD_LIBRARY:
        text = f"The name {name!r} isn't allowed (conflict with Python Standard Library module name). {see}"
        raise RefusedError(400, text)
    if catalogue.project(name):
        raise RefusedError(409, f"The name {name!r} conflicts with an existing project. {see}")
    if any(_confusable(project.name) == _confusable(name) for project in catalogue.projects()):
        raise RefusedError(400, f"The name {name!r} is too similar to an existing project. {see}")


def _confusable(name: str) -> str:
    """One spelling for all names that people take for one another."""
    return name.lower().translate(_ALIKE)
