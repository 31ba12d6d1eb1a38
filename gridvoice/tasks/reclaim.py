"""What a dead process of this machine held is free at once, not when its lease runs out."""

from __future__ import annotations

import logging

from sqlalchemy import Engine

from db import leases, sources
from db.engine import read, write
from domain.clock import utc_now
from gridvoice.processes.lease_owner import is_dead

log = logging.getLogger("gridvoice.reclaim")


def reclaim(engine: Engine) -> int:
    """End the leases of dead owners; how many."""
    with read(engine) as conn:
        owners = leases.lease_owners(conn) | sources.lease_owners(conn)
    dead = sorted(name for name in owners if is_dead(name))
    if not dead:
        return 0
    freed = 0
    with write(engine) as conn:
        for name in dead:
            freed += leases.end_leases(conn, name, utc_now()) + sources.end_leases(conn, name)
    log.info("reclaimed leases=%d owners=%s", freed, ",".join(dead))
    return freed
