"""What a notice says of itself that is read long after it was written: of which day its words are,
and that newer ones came before it. Its own times (`21:10`, `昨天`) are those of its writing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.notice.notice import Notice
from domain.clock import SHANGHAI

LATE_AFTER = timedelta(hours=1)


def as_sent(
    notice: Notice, now: datetime, newer_report: int | None, zone: ZoneInfo = SHANGHAI
) -> Notice:
    """The notice as it is sent now, where `newer_report` of its matter came through before it."""
    said = []
    if now - notice.written_at >= LATE_AFTER:
        local = notice.written_at.astimezone(zone)
        year = f"{local.year}年" if local.year != now.astimezone(zone).year else ""
        said.append(f"写于{year}{local.month}月{local.day}日{local:%H:%M}")
    if newer_report is not None:
        said.append(f"此前已发第{newer_report}报，以其为准")
    return replace(notice, remark=f"〔{'；'.join(said)}〕") if said else notice
