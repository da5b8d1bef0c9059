"""actions/setup-node, as pysim models it."""
