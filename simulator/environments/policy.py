"""Name patterns of deployment policies: Ruby's `File.fnmatch` with FNM_PATHNAME, not the patterns of `on.push`.

`*` and `?` take no slash, `**/` takes any folders, `[a-z]` and `[^a-z]` one character, a backslash escapes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from simulator.triggers.globs import Atom, accepts, anything, no_slash, one_of

_ANY_FOLDERS = (Atom(one_of(""), optional=True, skips=3), Atom(anything, optional=True, many=True), Atom(one_of("/")))
_TOKEN = re.compile(
    r"(?P<folders>(?:(?<=/)|^)(?:\*\*/)+)|(?P<stars>\*+)|(?P<any>\?)|\[(?P<set>[^\]]+)\]|\\(?P<escaped>.)|(?P<plain>.)",
    re.DOTALL,
)


def may_deploy(pattern: str, name: str) -> bool:
    """Whether a policy's pattern takes the short name of a branch or a tag."""
    return accepts(_atoms(pattern), name)


@functools.lru_cache(maxsize=256)
def _atoms(pattern: str) -> tuple[Atom, ...]:
    atoms: list[Atom] = []
    for token in _TOKEN.finditer(pattern):
        if token["folders"]:
            atoms += _ANY_FOLDERS
        elif token["stars"]:
            atoms.append(Atom(no_slash, optional=True, many=True))
        elif token["any"]:
            atoms.append(Atom(no_slash))
        elif token["set"]:
            atoms.append(Atom(_set(token["set"])))
        else:
            atoms.append(Atom(one_of(token["escaped"] or token["plain"])))
    return tuple(atoms)


def _set(inside: str) -> Callable[[str], bool]:
    negated = inside[0] in "^!" and len(inside) > 1
    ranges = [(first, last or first) for first, last in re.findall(r"(.)(?:-(.))?", inside[negated:], re.DOTALL)]

    def takes(character: str) -> bool:
        return character != "/" and negated != any(first <= character <= last for first, last in ranges)

    return takes
