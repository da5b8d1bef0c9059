"""What a check found, as text, JSON or SARIF: one module a form, each a pure function."""
