"""What the built-in actions share inside a sandbox: the step's inputs and outputs, workflow commands, services."""
