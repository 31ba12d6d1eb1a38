"""Posts in, judgement out: assess, locate, rate, group. Pure: no network, no database."""
