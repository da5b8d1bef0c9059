"""pysim rehearses a PyPI release on this machine before its tag is pushed."""

__version__ = "0.1.0"
