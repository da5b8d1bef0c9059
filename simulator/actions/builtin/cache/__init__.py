"""actions/cache: restores files of earlier runs, and saves them when the job succeeded."""
