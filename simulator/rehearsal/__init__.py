"""What it means: version agreement, publisher, install check, verdict."""
