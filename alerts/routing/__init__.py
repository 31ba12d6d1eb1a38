"""When people are told of an incident, and who: decisions over values, nothing is sent here."""
