"""Source kinds: how a source is asked and how its pages are read. Pure: no I/O.

A new kind is one module here and one line in KINDS.
"""

from __future__ import annotations

from typing import Any

from crawlers.kinds import api, board, feed
from crawlers.kinds.kind import Kind

KINDS: dict[str, Kind[Any]] = {
    "board": board.KIND,
    "api": api.KIND,
    "feed": feed.KIND,
}
