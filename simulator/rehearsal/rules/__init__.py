"""Release rules: what is valid in a workflow and still breaks a release. One small function a rule, no run needed."""
