"""astral-sh/setup-uv, as pysim models it."""
