"""May it happen: protection rules, environment variables and secrets."""
