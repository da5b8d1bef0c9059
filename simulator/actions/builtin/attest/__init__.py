"""actions/attest, as pysim models it, and what the actions around it share."""
