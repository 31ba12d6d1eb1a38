"""What pages read: a fixed number of statements a page, whatever it shows."""
