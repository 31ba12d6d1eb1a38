"""What a receiver is: it checks a request as the real one does, and answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in. Header names are lower case."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any] | None:
        """The body where it is a JSON object."""
        return as_object(self.body)


@dataclass(frozen=True, slots=True)
class ReceiverReply:
    """An answer: status, body, headers."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that a receiver took. `id` is the webhook-id ("" for a robot, which knows none)."""

    path: str
    id: str
    at: str
    body: dict[str, Any]


class Books(Protocol):
    """What a receiver may ask and write while it answers; no other is answered meanwhile."""

    duplicates: int

    def now(self) -> datetime: ...

    def accepted_at(self, path: str) -> list[Accepted]: ...

    def known(self, message_id: str) -> Accepted | None: ...

    def take(self, path: str, message_id: str, body: dict[str, Any]) -> None:
        """The message is accepted, on disk where there is a record."""
        ...


class Receiver(Protocol):
    """Stands for what channels of a `kind` send to. `address` is its path with what else must stand
    there, `secret` what messages must be signed with, `refusal` its way of saying no with a 200."""

    kind: ClassVar[str]
    path: ClassVar[str]
    refusal: ClassVar[ReceiverReply]

    @property
    def address(self) -> str: ...

    @property
    def secret(self) -> str | None: ...

    def answer(self, received: Received, books: Books) -> ReceiverReply: ...


def as_object(raw: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def json_reply(status: int, content: Mapping[str, Any]) -> ReceiverReply:
    return ReceiverReply(status, json.dumps(content, ensure_ascii=False).encode())
