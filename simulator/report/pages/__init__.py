"""The report of a run as one HTML page: no script, nothing from elsewhere, readable as a file."""
