"""Commands, one module a noun. Nothing heavy is imported before a command needs it."""
