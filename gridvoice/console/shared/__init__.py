"""What all groups of pages share."""
