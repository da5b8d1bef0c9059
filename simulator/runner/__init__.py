"""Making it happen: run, job and step state machines, contexts, commands, masking. Knows no engine and no twin by name."""
