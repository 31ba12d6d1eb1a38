"""Who stands behind the vendor that is none."""

from __future__ import annotations

from typing import ClassVar

from gridvoice.demo.receivers.receiver import Books, Received, ReceiverReply, json_reply


class ToyReceiver:
    kind: ClassVar[str] = "toy"
    path: ClassVar[str] = "/toy"
    refusal: ClassVar[ReceiverReply] = json_reply(200, {"code": 7})
    address = path
    secret = None

    def answer(self, received: Received, books: Books) -> ReceiverReply:
        body = received.json()
        if body is None or not body.get("words") or len(str(body["words"]).encode()) > 500:
            return self.refusal
        books.take(self.path, "", body)
        return json_reply(200, {"code": 0})
