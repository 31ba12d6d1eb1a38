"""Incidents 归并: which incident a post joins, and what the incident is after it. Pure."""
