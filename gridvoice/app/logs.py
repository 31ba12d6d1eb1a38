"""Logs: key=value, one line an event, on standard error."""

from __future__ import annotations

import logging
import sys


def set_up(quiet: bool = False) -> None:
    """Our own events at INFO (`quiet`: trouble only), libraries' at WARNING."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        force=True,
    )
    for handler in logging.getLogger().handlers:
        # Scrapy resets the level of its own loggers at every start.
        handler.addFilter(_ours_or_trouble)
    for name in ("gridvoice", "crawlers"):
        logging.getLogger(name).setLevel(logging.WARNING if quiet else logging.INFO)


def _ours_or_trouble(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or not record.name.startswith("scrapy")
