"""What tells people that an incident changed; used by tasks and by people's acts alike."""
