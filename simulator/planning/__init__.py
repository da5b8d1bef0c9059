"""What will happen: needs graph, matrix, plan. Pure: no clock, no disk, no environment variables."""
