"""actions/attest-sbom, as pysim models it."""
