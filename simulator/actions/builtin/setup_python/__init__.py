"""actions/setup-python, as pysim models it."""
