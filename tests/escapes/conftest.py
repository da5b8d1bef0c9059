"""The repository of the run whose sandboxes are to be left."""

from __future__ import annotations

from tests.twins.fixtures import history

__all__ = ["history"]
