"""Values of a request as people write them, for doors that take text: each raises ValueError or UsageError."""

from __future__ import annotations

from simulator.actions.choice import parse_kind
from simulator.actions.repositories import parse_local_repository
from simulator.twins.injection.faults import parse_faults

__all__ = ["parse_faults", "parse_kind", "parse_local_repository"]
