"""What `uses:` means: references, manifests, resolution; the built-in actions are folders of `builtin/`."""
