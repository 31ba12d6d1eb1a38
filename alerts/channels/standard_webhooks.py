"""Standard Webhooks 1.0: how the centre knows that a message is ours, whole and new."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

_PREFIX = "whsec_"
_FORM = "写 whsec_ 加 24 到 64 个随机字节的 base64"
TOLERANCE_S = 300


class BadSecret(ValueError):
    """A signing secret that cannot be used. The text (Chinese) never holds the secret."""


def read_secrets(text: str) -> tuple[bytes, ...]:
    """`whsec_…` secrets, newest first, white space between them (two during a rotation).

    Raises BadSecret.
    """
    secrets = tuple(_read_secret(word) for word in text.split())
    if not secrets:
        raise BadSecret(f"密钥是空的；{_FORM}")
    return secrets


def _read_secret(word: str) -> bytes:
    try:
        secret = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecret(f"密钥不是 base64；{_FORM}") from None
    if not word.startswith(_PREFIX) or not 24 <= len(secret) <= 64:
        raise BadSecret(f"密钥的格式或长度不对；{_FORM}")
    return secret


def sign(secrets: Sequence[bytes], message_id: str, sent_at: datetime, body: bytes) -> str:
    """The `webhook-signature` header: one `v1,…` a secret. `sent_at` must be aware."""
    stamp = timestamp(sent_at)
    return " ".join(f"v1,{_digest(secret, message_id, stamp, body)}" for secret in secrets)


def timestamp(moment: datetime) -> str:
    """Unix seconds. A naive time would be signed hours wrong, so it is refused."""
    if moment.tzinfo is None:
        raise ValueError("a time without zone cannot be signed")
    return str(int(moment.timestamp()))


def verify(
    secrets: Sequence[bytes],
    message_id: str,
    stamp: str,
    signatures: str,
    body: bytes,
    now: datetime,
) -> str | None:
    """What is wrong with a received message, or None. What a receiver does; ours is the gateway."""
    if not message_id or not stamp.isascii() or not stamp.isdigit():
        return "webhook-id or webhook-timestamp is missing"
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_S:
        return "webhook-timestamp is more than 5 minutes away"
    wanted = [f"v1,{_digest(secret, message_id, stamp, body)}" for secret in secrets]
    given = signatures.split()
    if any(hmac.compare_digest(w.encode(), g.encode()) for w in wanted for g in given):
        return None
    return "webhook-signature does not match"


def _digest(secret: bytes, message_id: str, stamp: str, body: bytes) -> str:
    signed = f"{message_id}.{stamp}.".encode() + body
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
