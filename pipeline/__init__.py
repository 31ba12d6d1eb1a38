"""Posts in, assessment out: assess, locate, rate, group. Pure: no network, no database."""
