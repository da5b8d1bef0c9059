"""The arguments of each command, for click; what a command does is in `cli.commands`."""
