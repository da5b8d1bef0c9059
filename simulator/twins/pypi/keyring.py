"""The issuer's keys as an index knows them: fetched when a name is unknown, and not again within a minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from simulator.twins.oidc import Issuer
from simulator.twins.records import Clock

PATIENCE: Final = 60  # seconds


@dataclass(kw_only=True, slots=True)
class Keyring:
    """The keys of one issuer."""

    issuer: Issuer
    clock: Clock
    _keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _fetched: float | None = None

    def key(self, name: str) -> Mapping[str, Any]:
        """A key by its name. Raises KeyError for one that is not known, though the issuer may just have made it."""
        if name not in self._keys and (self._fetched is None or self.clock() >= self._fetched + PATIENCE):
            self._keys = {key["kid"]: key for key in self.issuer.keys["keys"]}
            self._fetched = self.clock()
        return self._keys[name]
