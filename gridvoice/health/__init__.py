"""Health: what is wrong with the system, and who was told of it."""
