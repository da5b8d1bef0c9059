"""What the user sees: renderers of run events. Knows no runner."""
