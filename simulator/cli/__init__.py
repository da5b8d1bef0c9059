"""Where the parts are joined: one file a command."""
