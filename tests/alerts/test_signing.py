"""Standard Webhooks 1.0 against the vector of its own test suite."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest

from alerts.channels.standard_webhooks import BadSecret, read_secrets, sign, timestamp, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
GOLDEN = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_golden_vector() -> None:
    assert sign(read_secrets(SECRET), ID, AT, BODY) == GOLDEN


def test_the_zone_of_the_time_does_not_matter() -> None:
    shanghai = AT.astimezone(timezone(timedelta(hours=8)))
    assert sign(read_secrets(SECRET), ID, shanghai, BODY) == GOLDEN
    with pytest.raises(ValueError, match="without zone"):
        timestamp(AT.replace(tzinfo=None))


def test_during_a_rotation_both_secrets_sign_and_either_verifies() -> None:
    newer = "whsec_" + base64.b64encode(b"n" * 32).decode()
    both = read_secrets(f"{newer} {SECRET}")
    header = sign(both, ID, AT, BODY)
    assert header.split()[1] == GOLDEN
    for secret in (newer, SECRET):
        assert verify(read_secrets(secret), ID, timestamp(AT), header, BODY, AT) is None


@pytest.mark.parametrize(
    "text",
    ["", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64!", base64.b64encode(b"x" * 32).decode()],
)
def test_a_bad_secret_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(BadSecret) as caught:
        read_secrets(text)
    assert not any(len(word) > 8 and word in str(caught.value) for word in text.split())


@pytest.mark.parametrize(
    ("message_id", "stamp", "signatures", "body", "now"),
    [
        ("other", timestamp(AT), GOLDEN, BODY, AT),
        (ID, timestamp(AT), GOLDEN, BODY + b" ", AT),
        (ID, timestamp(AT), GOLDEN[:-2] + "A=", BODY, AT),
        (ID, timestamp(AT), GOLDEN, BODY, AT + timedelta(minutes=6)),
        (ID, timestamp(AT), GOLDEN, BODY, AT - timedelta(minutes=6)),
        (ID, "", GOLDEN, BODY, AT),
        ("", timestamp(AT), GOLDEN, BODY, AT),
        (ID, timestamp(AT), "", BODY, AT),
    ],
)
def test_a_receiver_refuses_what_was_changed_or_is_old(
    message_id: str, stamp: str, signatures: str, body: bytes, now: datetime
) -> None:
    assert verify(read_secrets(SECRET), message_id, stamp, signatures, body, now)
