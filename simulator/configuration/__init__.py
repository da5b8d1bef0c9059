"""What is configured: `pysim.toml` or `[tool.pysim]`, `.secrets` and `.vars`; one declared model, with the places of keys."""
