"""The centre: a webhook that checks signature and time, and knows what it has taken already."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from alerts.channels.standard_webhooks import read_secrets, verify
from gridvoice.demo.receivers.receiver import Books, Received, ReceiverReply, json_reply

CENTRE = "/centre"
# Known to everybody and worth nothing: it opens the fake centre only.
DEMO_SECRET = "whsec_Z3JpZHZvaWNlLWRlbW8tY2VudHJlLXNlY3JldC0wMQ=="
_LIMIT_BYTES = 20_000
_TAKEN = json_reply(200, {"code": 0, "msg": "ok"})
_ANOTHER = json_reply(422, {"code": 422, "msg": "another body under a known webhook-id"})


class Centre:
    """`secret` is what messages must be signed with."""

    kind: ClassVar[str] = "webhook"
    path: ClassVar[str] = CENTRE
    refusal: ClassVar[ReceiverReply] = json_reply(200, {"code": 1, "msg": "refused"})

    def __init__(self, secret: str = DEMO_SECRET) -> None:
        self.address = self.path
        self.secret = secret
        self._keys = read_secrets(secret)

    def answer(self, received: Received, books: Books) -> ReceiverReply:
        message_id = received.headers.get("webhook-id", "")
        wrong = verify(
            self._keys,
            message_id,
            received.headers.get("webhook-timestamp", ""),
            received.headers.get("webhook-signature", ""),
            received.body,
            books.now(),
        )
        if wrong:
            return json_reply(401, {"code": 401, "msg": wrong})
        if len(received.body) >= _LIMIT_BYTES:
            return json_reply(413, {"code": 413, "msg": "body of 20 KB or more"})
        body = received.json()
        if body is None:
            return json_reply(400, {"code": 400, "msg": "body is not a JSON object"})
        known = books.known(message_id)
        if known is not None:
            books.duplicates += 1
            return _TAKEN if _essence(known.body) == _essence(body) else _ANOTHER
        books.take(CENTRE, message_id, body)
        return _TAKEN


def _essence(body: dict[str, Any]) -> str:
    """The body without the mark of a resend: that alone may differ under one id."""
    return json.dumps({k: v for k, v in body.items() if k != "resend"}, sort_keys=True)
