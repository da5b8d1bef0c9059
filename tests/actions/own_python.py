"""The interpreter that runs the tests, as a job gets it by setup-python."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path

from tests.actions.driving import Driver

SETUP = "actions/setup-python@v5"
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
EXECUTABLE = Path(os.path.realpath(sys.executable))


def offer_own_python(driver: Driver) -> None:
    listed = [{"version": platform.python_version(), "executable": str(EXECUTABLE), "prefix": sys.base_prefix}]
    (driver.tools / ".pysim-pythons.json").write_text(json.dumps(listed))
