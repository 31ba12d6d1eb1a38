"""What a 2xx answer may say, where the settings name no field of success."""

from __future__ import annotations

import pytest

from alerts.channels.webhook import refusal_in
from alerts.sending.http import Answer


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"ok",
        b"{}",
        b"[1]",
        b'{"code": 0}',
        b'{"code": "200", "msg": "ok"}',
        b'{"errcode": 0, "errmsg": "ok"}',
        b'{"success": true, "error": null}',
        b'{"code": "OK"}',
    ],
)
def test_an_answer_that_does_not_say_no_is_a_yes(body: bytes) -> None:
    assert refusal_in(Answer(200, {}, body).json()) is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"code": 1, "msg": "refused"}', "code=1"),
        (b'{"code": 500}', "code=500"),
        (b'{"errcode": 45009}', "errcode=45009"),
        (b'{"errcode": "-1"}', "errcode=-1"),
        (b'{"success": false}', "success=false"),
        (b'{"ok": false}', "ok=false"),
        (b'{"error": "no such tenant"}', "error"),
    ],
)
def test_an_answer_that_says_no_is_named(body: bytes, said: str) -> None:
    assert refusal_in(Answer(200, {}, body).json()) == said
