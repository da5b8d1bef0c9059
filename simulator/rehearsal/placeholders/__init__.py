"""Files that stand for what jobs on macOS and Windows would have built."""
