"""actions/upload-artifact, as pysim models it."""
