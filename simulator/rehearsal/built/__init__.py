"""Rules about built distributions: what an index would take, and users would get. One small function a rule."""
