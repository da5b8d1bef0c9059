"""The image that attempts by Docker name."""

from __future__ import annotations

from tests.engines.conftest import image

__all__ = ["image"]
