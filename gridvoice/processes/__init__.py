"""Processes: what keeps them alive, what they do every so often, who they are."""
