"""Programs that run inside a sandbox: standard library only, Python 3.8 or newer, each file on its own."""
