"""Posts that come without a lease, taken in: a recording, a file, another system."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from db import settings
from db.engine import write
from db.take_in import take_in
from domain.clock import utc_now
from domain.intake import FirstSeen, TakenIn
from domain.posts import FoundPost


def author_key(engine: Engine) -> bytes:
    """The secret of this store with which authors' names are hashed."""
    with write(engine) as conn:
        return bytes.fromhex(settings.get_or_create_secret(conn, "author_hash"))


class DatabaseIntake:
    """`domain.intake.Intake` on the store. `recorded`: what it is handed comes from a recording, of
    which machines alone are told."""

    def __init__(self, engine: Engine, recorded: bool = False) -> None:
        self._engine = engine
        self._recorded = recorded
        self._key = author_key(engine)

    def take_in(self, posts: Sequence[FoundPost], first_seen: FirstSeen | None = None) -> TakenIn:
        """Store them in a transaction of their own."""
        with write(self._engine) as conn:
            return take_in(conn, posts, utc_now(), self._key, first_seen, self._recorded)
