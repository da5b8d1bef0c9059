"""Scripts that pysim's own steps run in a sandbox, of the standard library alone."""
