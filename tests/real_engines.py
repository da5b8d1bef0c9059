"""The engines that run real programs, as parameters of fixtures and tests."""

from __future__ import annotations

import pytest

ENGINES = [pytest.param("local", marks=pytest.mark.local), pytest.param("docker", marks=pytest.mark.docker)]
