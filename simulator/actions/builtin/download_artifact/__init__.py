"""actions/download-artifact, as pysim models it."""
