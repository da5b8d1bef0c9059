"""actions/attest-build-provenance, as pysim models it."""
