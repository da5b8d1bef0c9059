"""Why a workflow runs: events, payloads from a git repository, filters, and the reason of a match."""
