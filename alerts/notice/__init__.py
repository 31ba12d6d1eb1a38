"""What is said: one structured notice, masked; how channels lay it out and the outbox keeps it."""
