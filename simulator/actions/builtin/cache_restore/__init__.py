"""actions/cache/restore: restores files of earlier runs."""
