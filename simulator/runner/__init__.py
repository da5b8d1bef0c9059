"""Making it happen: the run, job and step state machines. Names no engine and no twin."""
