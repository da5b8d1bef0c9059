"""`python -m simulator` is `pysim`."""

from simulator.cli.main import run

run()
