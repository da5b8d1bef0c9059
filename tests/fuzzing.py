"""How many examples the fuzz tests of the readers try: 200, or what PYSIM_FUZZ_EXAMPLES says."""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

fuzzed: Final = settings(
    max_examples=int(os.environ.get("PYSIM_FUZZ_EXAMPLES", "200")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
