"""Masking 脱敏: what may be shown, sent or exported of a text written by the public."""
