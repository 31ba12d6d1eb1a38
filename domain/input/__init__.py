"""What comes in: settings, lines and rows as others write them, read or refused by name."""
