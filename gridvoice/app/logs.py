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
    for name in ("gridvoice", "crawlers"):
        logging.getLogger(name).setLevel(logging.WARNING if quiet else logging.INFO)
