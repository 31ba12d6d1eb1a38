"""The application: configuration, tasks, scheduling, processes."""
