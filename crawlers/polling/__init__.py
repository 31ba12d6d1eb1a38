"""Polling: one source from its lease to its outcome."""
