"""What people do: acts on incidents, words on posts. Each is one transaction, recorded with who."""
