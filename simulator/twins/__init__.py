"""What jobs talk to: stand-ins for GitHub's services and for the package indexes. Knows no workflow, no engine."""
