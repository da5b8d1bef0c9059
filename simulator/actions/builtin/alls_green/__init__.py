"""re-actors/alls-green, as pysim models it."""
