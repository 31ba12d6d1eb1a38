"""预警: when people are told of an incident, who hears of it, what it says, how it gets there."""
