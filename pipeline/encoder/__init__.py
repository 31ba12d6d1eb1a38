"""A small sentence encoder, frozen: a text in, a vector of its meaning out. Loaded when needed."""
