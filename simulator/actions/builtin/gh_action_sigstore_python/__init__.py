"""sigstore/gh-action-sigstore-python, as pysim models it."""
