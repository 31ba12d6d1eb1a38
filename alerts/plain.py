"""The plainest alert there is: what is said where the full message could not be made.

An incident that breaks the rendering is told of all the same: how grave, which, and where to look.
"""

from __future__ import annotations

from datetime import datetime

from domain.clock import iso
from domain.model import ALERT_REASON_TITLES, AlertReason, Incident, Message

_NOTE = "详情未能生成，请直接查看"


def render_plain(
    incident: Incident, reason: AlertReason, report_no: int, public_url: str | None, now: datetime
) -> Message:
    """The message of an alert from what cannot fail: no post, no title, no place is quoted."""
    heading = f"【{incident.severity.label}·{ALERT_REASON_TITLES[reason]}】"
    number = f"电力民声 {incident.number} 第{report_no}报"
    link = f"{public_url.rstrip('/')}/incidents/{incident.number}" if public_url else None
    way = f"查看：{link or '在值班电脑执行 gridvoice incidents show ' + incident.number}"
    text = "\n".join([heading, number, _NOTE, way])
    return Message(
        delivery_id="",
        title=f"{heading}{incident.number} 第{report_no}报",
        text=text,
        markdown=text,
        payload={
            "type": "incident.alert",
            "number": incident.number,
            "report_no": report_no,
            "reason": reason.value,
            "reason_title": ALERT_REASON_TITLES[reason],
            "at": iso(now),
            "title": _NOTE,
            "category": str(incident.category),
            "severity": incident.severity.value,
            "severity_title": incident.severity.label,
            "state": incident.state.value,
            "area": incident.area.value,
            "post_count": incident.post_count,
            "link": link,
            "resend": False,
        },
    )
