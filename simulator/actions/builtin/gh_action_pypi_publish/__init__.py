"""pypa/gh-action-pypi-publish, as pysim models it."""
