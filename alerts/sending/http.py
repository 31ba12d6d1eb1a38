"""One HTTP POST and its answer, told apart by what may have reached the receiver.

No redirects, no environment proxies, no connection kept for later (a stale one makes every failure
ambiguous), a limit on the answer and on the whole time. No error or log line holds the address: a
robot's address is its key.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import requests
import urllib3

from alerts.sending import bounded
from alerts.sending.outage import STOPPED
from domain.alerts import Outcome, SendError

_ANSWER_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is what there is of it, `whole` whether that is all; header names are
    lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool = True

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def read(self) -> Any:
        """The body as JSON, else as the text that it is."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return self.body.decode("utf-8", "replace").strip()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How to reach a receiver: address, patience, proxy and private certificate authority."""

    url: str
    timeout: timedelta
    proxy: str | None = None
    ca_file: Path | None = None


class _Discreet(logging.Filter):
    """urllib3 logs whole addresses; while a message of ours is under way it says nothing."""

    def filter(self, record: logging.LogRecord) -> bool:
        return bounded.current() is None


for _name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.poolmanager"):
    logging.getLogger(_name).addFilter(_Discreet())


def post(endpoint: Endpoint, body: bytes, headers: Mapping[str, str]) -> Answer:
    """The receiver's answer, whatever its status.

    Raises SendError: RETRY where nothing can have been accepted, UNKNOWN where the request may have
    arrived (a 2xx that breaks off before it has said all is no yes yet), BAD_CONFIG for an unusable
    address.
    """
    limit_s = endpoint.timeout.total_seconds()
    with bounded.call(limit_s) as call:
        try:
            answer = _exchange(endpoint, body, headers, limit_s)
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, ValueError):
            raise SendError(Outcome.BAD_CONFIG, "url", "地址不是有效的网址") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _failure(error, call) from None
        if answer.ok and not answer.whole:
            raise _broken_off(call)
        return answer


def expire_all() -> None:
    """End every exchange that is under way, in whatever thread: the process is to stop.

    Each comes back at once, as not sent or as unknown. Cheap: call it again while waiting, for one
    that was about to begin.
    """
    for call in bounded.under_way():
        call.stop()


def _exchange(
    endpoint: Endpoint, body: bytes, headers: Mapping[str, str], limit_s: float
) -> Answer:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", bounded.Adapter())
        session.mount("https://", bounded.Adapter())
        with session.post(
            endpoint.url,
            data=body,
            headers={"Accept-Encoding": "identity", "Connection": "close", **headers},
            timeout=(min(bounded.CONNECT_S, limit_s), limit_s),
            allow_redirects=False,
            stream=True,
            proxies={"http": endpoint.proxy, "https": endpoint.proxy} if endpoint.proxy else None,
            verify=str(endpoint.ca_file) if endpoint.ca_file else True,
        ) as response:
            names = {name.lower(): value for name, value in response.headers.items()}
            body, whole = _read(response)
            return Answer(response.status_code, names, body, whole)


def _read(response: requests.Response) -> tuple[bytes, bool]:
    """The body, no more of it than we look at, and whether it came to its end."""
    try:
        body: bytes = response.raw.read(_ANSWER_LIMIT + 1, decode_content=True)
    except (urllib3.exceptions.HTTPError, OSError):
        return b"", False
    return body[:_ANSWER_LIMIT], True


def _failure(error: Exception, call: bounded.BoundedCall) -> SendError:
    # Only the kind of error is told: its text holds the address.
    kind = type(error).__name__
    if not call.connected:
        code = STOPPED if call.stopped else "connect"
        return SendError(Outcome.RETRY, code, f"连不上对方（{kind}）")
    if call.stopped:
        return SendError(Outcome.UNKNOWN, STOPPED, "本系统停机，发送中断，对方可能已收到")
    if call.is_over or isinstance(error, requests.exceptions.Timeout):
        return SendError(Outcome.UNKNOWN, "timeout", "对方没有及时应答，可能已收到")
    return SendError(Outcome.UNKNOWN, "broken", f"发出后连接中断（{kind}），对方可能已收到")


def _broken_off(call: bounded.BoundedCall) -> SendError:
    code = STOPPED if call.stopped else "timeout" if call.is_over else "broken"
    return SendError(Outcome.UNKNOWN, code, "应答没有说完，对方可能已收到")


def refused(answer: Answer, words: str, now: datetime) -> SendError:
    """The error that a status other than 2xx means, with `words` of the receiver (redacted)."""
    code = str(answer.status)
    status = answer.status
    wait = retry_after_s(answer.headers.get("retry-after"), now)
    if 300 <= status < 400:
        hint = "对方要转到别的地址；不跟随转向，请直接写最终的地址"
        return SendError(Outcome.BAD_CONFIG, code, hint)
    if status == 413:
        return SendError(Outcome.TOO_LONG, code, words)
    if status in (408, 409, 425, 429, 500, 503):
        return SendError(Outcome.RETRY, code, words, wait)
    if status >= 500:
        # 502 and 504 speak for a gateway: what stood behind it may have taken the message.
        return SendError(Outcome.UNKNOWN, code, words, wait)
    if status in (400, 422):
        return SendError(Outcome.BAD_RECEIVER, code, f"对方拒收这一条：{words}")
    if status == 410:
        return SendError(Outcome.BAD_CONFIG, code, "对方已停用（410），请停用此通道")
    return SendError(Outcome.BAD_CONFIG, code, words)


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """`Retry-After` in seconds or as an HTTP date; None where there is none that can be read."""
    if not header:
        return None
    header = header.strip()
    if header.isascii() and header.isdigit():
        return float((header.lstrip("0") or "0")[:9])
    try:
        moment = parsedate_to_datetime(header)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, OverflowError, TypeError, IndexError):
        return None  # a receiver's nonsense is no wait
