"""actions/checkout, as pysim models it."""
