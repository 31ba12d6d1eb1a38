"""Logs: key=value, one line an event, on standard error, stamped with the offset of Shanghai."""

from __future__ import annotations

import logging
import sys
from datetime import datetime

from domain.clock import SHANGHAI
from domain.masking.mask import mask
from domain.masking.plain import seen


class _Stamped(logging.Formatter):
    """A record is one line, whatever it quotes, and nothing in it acts on a terminal. What raised
    may quote a post: those lines are masked."""

    def format(self, record: logging.LogRecord) -> str:
        first, *more = super().format(record).split("\n")
        return "\n".join([first, *(seen(mask(line)) for line in more)])

    def formatMessage(self, record: logging.LogRecord) -> str:
        return seen(super().formatMessage(record))

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        local = datetime.fromtimestamp(record.created, SHANGHAI)
        return local.isoformat(timespec="milliseconds")


def set_up(quiet: bool = False) -> None:
    """Our own events at INFO (`quiet`: trouble only), libraries' at WARNING."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Stamped("%(asctime)s %(levelname)s %(name)s %(message)s"))
    # Scrapy resets the level of its own loggers at every start.
    handler.addFilter(_ours_or_trouble)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("gridvoice", "crawlers"):
        logging.getLogger(name).setLevel(logging.WARNING if quiet else logging.INFO)
    # What of its talk matters to an operator is said by gridvoice/processes/scheduler.py.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)


def _ours_or_trouble(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or not record.name.startswith("scrapy")
