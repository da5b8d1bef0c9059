"""What a file says: workflows and action manifests as frozen models with positions. Knows no run."""
