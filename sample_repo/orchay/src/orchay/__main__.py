"""`python -m orchay`."""

from orchay.cli import run

run()
