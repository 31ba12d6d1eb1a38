"""What a service does: `gridvoice run --role`."""

from __future__ import annotations

from enum import StrEnum


class ServiceRole(StrEnum):
    """One of the works of a service; by default it does all of them."""

    CLOCK = "clock"
    CRAWLER = "crawler"
    ASSESSOR = "assessor"
    RELAY = "relay"
    CONSOLE = "console"
