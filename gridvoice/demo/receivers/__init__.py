"""Receivers on loopback that stand for those of each channel, one module each, and misbehave to
order. `gateway.py` runs them."""
