"""Deliveries of alerts, and trials of their channels, as objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.clock import iso
from domain.masking.mask import mask

if TYPE_CHECKING:
    from db.outbox import DeliveryRow
    from domain.alerts import Receipt, SendError


def delivery_object(row: DeliveryRow) -> dict[str, Any]:
    """A line of `alerts list`: one alert on its way through one channel.

    `at` is the alert's own time, `next_at` when it is tried next; code and text are the receiver's
    last words, null before the first answer; `resend`: it may have been accepted before;
    `withdrawn_for`: the number of the report that it was withdrawn for, else null.
    """
    return {
        "id": row.id,
        "incident": row.alert.incident_number,
        "reason": row.alert.reason,
        "report_no": row.alert.report_no,
        "severity": row.alert.severity,
        "title": row.alert.title,
        "channel": row.channel,
        "recipient": mask(row.recipient),
        "state": row.state,
        "attempts": row.attempts,
        "resend": row.resend,
        "at": iso(row.alert.at),
        "next_at": iso(row.next_at),
        "delivered_at": iso(row.delivered_at) if row.delivered_at else None,
        "code": row.last_code,
        "text": mask(row.last_text) if row.last_text else row.last_text,
        "withdrawn_for": row.withdrawn_for,
    }


def delivery_of_incident(row: DeliveryRow) -> dict[str, Any]:
    """A delivery among those of its incident."""
    return {
        "id": row.id,
        "channel": row.channel,
        "state": row.state,
        "reason": row.alert.reason,
        "report_no": row.alert.report_no,
        "attempts": row.attempts,
    }


def accepted_trial(channel: str, receipt: Receipt) -> dict[str, Any]:
    """The answer of `alerts test`: the receiver's own words."""
    return {"channel": channel, "ok": True, "code": receipt.code, "text": receipt.text}


def refused_trial(channel: str, refused: SendError) -> dict[str, Any]:
    """The answer of `alerts test` where the message did not arrive, and why."""
    return {
        "channel": channel,
        "ok": False,
        "outcome": refused.outcome,
        "code": refused.code,
        "text": refused.text,
    }


def requeued(delivery_ids: list[str]) -> dict[str, Any]:
    """The answer of `alerts retry`: the dead letters that will be sent again."""
    return {"retried": delivery_ids}
