"""Scripts that the runner sends into a sandbox: standard library only, each on its own."""
