"""What is configured: `pysim.toml` or `[tool.pysim]`, `.secrets` and `.vars`, with the places of keys."""
