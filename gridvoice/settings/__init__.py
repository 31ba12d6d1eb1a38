"""Settings: everything under config/, loaded and checked as a whole."""
