"""Learning: labels in, a model out, and what it is worth. The only place that needs sklearn."""
