"""What is configured, by the repository and by the user: one declared model, with the place that each value is from."""
