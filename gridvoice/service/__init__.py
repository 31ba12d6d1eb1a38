"""The service: tasks, calendar, console and crawl child together; and a replay."""
