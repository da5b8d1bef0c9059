"""The commands of `pysim`: plain functions, typed arguments in, exit code out."""
