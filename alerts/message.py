"""A message on its way through the outbox: to JSON, back, and marked where it is sent again."""

from __future__ import annotations

import dataclasses
from typing import Any

from domain.model import Message

RESEND_MARK = "〔重发：可能已收到〕"


def to_body(message: Message) -> dict[str, Any]:
    """What the alert's row keeps: one body for all deliveries of the alert, never marked."""
    return {
        "title": message.title,
        "text": message.text,
        "markdown": message.markdown,
        "payload": message.payload,
    }


def from_body(body: dict[str, Any], delivery_id: str, resend: bool = False) -> Message:
    """The message of one delivery; `resend` after an attempt whose outcome is not known."""
    message = Message(
        delivery_id=delivery_id,
        title=body["title"],
        text=body["text"],
        markdown=body["markdown"],
        payload=dict(body["payload"]),
    )
    return mark_resend(message) if resend else message


def mark_resend(message: Message) -> Message:
    """The same report, number and id, marked 重发 so that the reader knows it for a twin.

    The mark stands behind the line with the number; `render` leaves room for it.
    """
    if message.resend:
        return message
    return dataclasses.replace(
        message,
        title=message.title + RESEND_MARK,
        text=_marked(message.text),
        markdown=_marked(message.markdown),
        payload={**message.payload, "resend": True},
        resend=True,
    )


def _marked(text: str) -> str:
    first, newline, rest = text.partition("\n")
    second, newline_2, rest = rest.partition("\n")
    return f"{first}{newline}{second}{RESEND_MARK}{newline_2}{rest}"
