"""Reading: from bytes to entries and posts. Pure: no network, no store."""
