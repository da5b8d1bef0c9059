"""Parsing and rendering of what strangers wrote: by other people's code, in a process of its own that has limits."""
