"""actions/cache/save: saves files for later runs."""
