"""How a request gets to a receiver: one bounded exchange, secrets, pauses and new attempts."""
