"""Second readings that a batch had no time for, made up for while the service runs.

A post in doubt is stored by its first reading, and its complaint waits for the second before it is
grouped; so the incidents come out as if there had been time. What has waited for long is grouped
by its first reading after all; its second changes its assessment then, not its incident.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine

from db import rescoring
from db.engine import grouping_lane, read, write
from db.rescoring import AssessedVersion
from db.unassessed import name_of
from domain.assessments import Assessment
from domain.clock import utc_now
from gridvoice.settings.configuration import Configuration
from gridvoice.tasks.aside import RESCORE, Failed
from gridvoice.tasks.rescore import group_late, read_anew

AT_ONCE = 16  # readings of one transaction: about half a second
LONGEST = timedelta(seconds=30)
_LOOKED_AT = 500


class SecondReadings:
    """One lane's memory: how far it has come, so that a post that cannot be read holds up none."""

    def __init__(
        self, engine: Engine, config: Configuration, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._engine, self._config, self._clock = engine, config, clock
        self._after = 0

    def __call__(self, go_on: Callable[[], bool]) -> None:
        while go_on() and self.round():
            pass

    def round(self, limit: int = AT_ONCE) -> int:
        """Read what waits, the oldest first; how many. 0: nothing waits behind those tried, and
        the next round begins anew."""
        unheard = self._config.assessing.assessor.unheard
        if unheard is None:
            return 0
        unreadable: dict[int, str] = {}
        with read(self._engine) as conn:
            waiting = rescoring.assessed_lately_by(
                conn, unheard, self._after, _LOOKED_AT, unreadable
            )
            failed = [Failed(RESCORE, v, name_of(conn, v), said) for v, said in unreadable.items()]
        if not waiting or not self._config.assessing.assessor.can_hear():
            self._after = 0
            return 0
        now, waiting, behind = self._clock(), waiting[:limit], waiting[limit:]
        self._group([one for one in behind if now - one.row.first_seen > LONGEST], now)
        self._after = waiting[-1].row.version_id
        read_anew(self._engine, self._config, waiting, failed, self._clock)
        return len(waiting)

    def _group(self, overdue: list[AssessedVersion], now: datetime) -> None:
        """What has waited for long, by its first reading."""
        complaints: list[tuple[AssessedVersion, Assessment]] = [
            (one, one.standing)
            for one in overdue
            if one.standing is not None and one.standing.complaint and one.row.incident_id is None
        ]
        if complaints:
            with write(self._engine) as conn:
                grouping_lane(conn)
                group_late(conn, self._config, complaints, now)
