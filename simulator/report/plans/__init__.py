"""What a plan shows, as text, as a graph of needs, or as JSON: one module a form, each a pure function."""
