"""Progress: what of a list is known, and what was left unread. Pure."""
