"""Whether the real indexes have the projects that this run publishes: asked beforehand, in threads of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name

from simulator.errors import TwinError, UsageError
from simulator.indexes import IndexName, indexes
from simulator.twins.outside import Outside
from simulator.twins.pypi.project_sources import project_sources
from simulator.twins.pypi.real_index import Limits, read_project

PATIENCE: Final = 2.0  # seconds: publishing actions wait five for an upload token
_LIMITS: Final = Limits(size=64 << 20, seconds=15.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class RealLook:
    """Whether an index has a project, None where it did not answer; `urls` are those of its newest release."""

    there: bool | None = None
    urls: Sequence[str] = ()


class _Asked:
    def __init__(self) -> None:
        self.answered = threading.Event()
        self.look = RealLook()


class RealProjects:
    """Asks the index of each project once. Called from any thread."""

    def __init__(self, outside: Outside, index_url: str | None, extra_index_urls: Sequence[str]) -> None:
        self._outside, self._urls = outside, (index_url, extra_index_urls)
        self._asked: dict[tuple[IndexName, str], _Asked] = {}
        self._lock = threading.Lock()

    def ask(self, index: IndexName, project: str) -> None:
        """Begin to ask, unless that was done; nobody is asked offline."""
        key = index, canonicalize_name(project)
        with self._lock:
            if self._outside.offline or key in self._asked:
                return
            asked = self._asked[key] = _Asked()
        threading.Thread(target=self._read, args=(*key, asked), daemon=True).start()

    def known(self, index: IndexName, project: str, *, patience: float = PATIENCE) -> RealLook:
        """What was answered so far; waits for it for so many seconds."""
        with self._lock:
            asked = self._asked.get((index, canonicalize_name(project)))
        return asked.look if asked is not None and asked.answered.wait(patience) else RealLook()

    def _read(self, name: IndexName, project: str, asked: _Asked) -> None:
        index = indexes()[name]
        try:
            found = read_project(self._outside, index, project_sources(index, *self._urls), project, limits=_LIMITS)
            told = found.info.get("project_urls")
            links = [*(told.values() if isinstance(told, dict) else ()), found.info.get("home_page")]
            asked.look = RealLook(there=True, urls=tuple(str(link) for link in links if link))
        except UsageError:
            asked.look = RealLook(there=False)
        except (TwinError, RuntimeError):  # the latter where this process is ending
            pass
        finally:
            asked.answered.set()
