"""Other programs that check workflows, where they are installed; their findings become diagnostics."""
