"""Where commands run: sandboxes in Docker or in namespaces of this machine. Knows no workflow."""
