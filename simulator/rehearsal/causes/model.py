"""What a diagnosis is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from simulator.positions import Span
from simulator.rehearsal.causes.facts import Facts, RanStep

DISTRIBUTIONS: Final = (".whl", ".tar.gz", ".zip", ".egg")
_MOST_SHOWN: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A step that failed: `texts` are its error messages, then the last lines of its log."""

    step: RanStep
    texts: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """Why: `says` is a sentence without its dot, `where` the line to change; `shown` is what the release would show.

    Of several causes the one of the most `agreeing` facts is taken.
    """

    code: str
    says: str
    hint: str
    where: Span | None
    shown: str
    agreeing: int = 1


Diagnosis = Callable[[Failure, Facts], Iterator[Cause]]


def distributions_in(files: Iterable[str]) -> list[str]:
    """The distributions among paths."""
    return [path for path in files if path.endswith(DISTRIBUTIONS)]


def folders_of(paths: Iterable[str]) -> list[str]:
    """The folders of files, each once, as `dist/`; the workspace is `./`."""
    return list(dict.fromkeys(f"{path.rpartition('/')[0] or '.'}/" for path in paths))


def listing(names: Sequence[str]) -> str:
    """Some names in words: `a, b and 4 more`."""
    shown = list(names[:_MOST_SHOWN])
    left = len(names) - len(shown)
    if left:
        return f"{', '.join(shown)} and {left} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
