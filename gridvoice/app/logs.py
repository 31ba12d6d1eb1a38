"""Logs: key=value, one line an event, on standard error."""

from __future__ import annotations

import logging
import sys


def set_up(verbose: bool = False) -> None:
    """Our own events at INFO, libraries' at WARNING."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        force=True,
    )
    logging.getLogger("gridvoice").setLevel(logging.DEBUG if verbose else logging.INFO)
