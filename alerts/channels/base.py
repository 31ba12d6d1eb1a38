"""A channel over HTTP: one POST, its answer understood. A vendor's module says what is its own."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar, Generic, TypeVar

from alerts.channel import UNLIMITED, ChannelSettings, RateLimit
from alerts.notice.notice import Notice
from alerts.sending.http import Endpoint, post, refused
from alerts.sending.secrets import Secrets, checked_url, read_secret
from domain.alerts import Outcome, Receipt, SendError
from domain.clock import utc_now

_ENV_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class HttpSettings(ChannelSettings):
    """Addresses and secrets are named here, never written here.

    `url_file` and `secret_file` are relative to the configuration folder. `hosts` are allowed
    besides those that the kind knows; empty and unknown to the kind: any host.
    """

    url_env: str | None = None
    url_file: Path | None = None
    secret_env: str | None = None
    secret_file: Path | None = None
    proxy_env: str | None = None
    ca_file: Path | None = None
    hosts: tuple[str, ...] = ()
    timeout: timedelta = timedelta(seconds=15)

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from ChannelSettings.problems(self)
        for key in ("url_env", "secret_env", "proxy_env"):
            value = getattr(self, key)
            if value is not None and not _ENV_NAME.fullmatch(value):
                # The value is not repeated: it may be the key itself, written in the wrong place.
                yield key, "不是环境变量名; 例: GRIDVOICE_X_URL"
        if not timedelta(seconds=1) <= self.timeout <= timedelta(seconds=60):
            yield "timeout", "须在 1s 与 60s 之间"

    def secrets(self, environ: Mapping[str, str], config_dir: Path) -> Secrets:
        """Raises NotConfigured or BadChannel."""
        proxy = environ.get(self.proxy_env, "").strip() if self.proxy_env else ""
        return Secrets(
            url=read_secret(self.url_env, self.url_file, environ, config_dir),
            secret=read_secret(self.secret_env, self.secret_file, environ, config_dir),
            proxy=proxy or None,
        )


@dataclass(frozen=True, slots=True)
class Request:
    """What is POSTed for one delivery."""

    body: bytes
    headers: Mapping[str, str]


def json_request(content: object, headers: Mapping[str, str] | None = None) -> Request:
    """Chinese goes as it is: \\uXXXX would double the length, and some vendors refuse it."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Request(body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


S = TypeVar("S", bound=HttpSettings)


class HttpChannel(ABC, Generic[S]):
    """A vendor writes `request` and `read_answer`, and sets what differs from the rest.

    `own_hosts`: where the vendor's receivers are; empty: anywhere.
    """

    Settings: ClassVar[type[HttpSettings]] = HttpSettings
    own_hosts: ClassVar[frozenset[str]] = frozenset()
    rate: ClassVar[RateLimit] = UNLIMITED
    reaches_people: ClassVar[bool] = True
    drops_repeats: ClassVar[bool] = False

    def __init__(
        self,
        settings: S,
        secrets: Secrets,
        data_dir: Path,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = settings.name
        self.settings = settings
        self.secrets = secrets
        self.clock = clock
        allowed = {*self.own_hosts, *settings.hosts}
        url = checked_url(secrets.url or "", allowed)
        self._endpoint = Endpoint(url, settings.timeout, secrets.proxy, settings.ca_file)

    @abstractmethod
    def request(self, notice: Notice, recipient: str, delivery_id: str) -> Request:
        """What is sent, made anew for each attempt. Raises SendError (TOO_LONG)."""

    @abstractmethod
    def read_answer(self, body: Any) -> Receipt:
        """What a 2xx answer says: `body` is its JSON, else its text. Raises SendError.

        Where code or text are left empty, the status and the answer's own words stand for them.
        """

    def shorter(self, notice: Notice, recipient: str) -> Request | None:
        """What is sent, once, after the whole was refused for its length or form; None: nothing."""
        return None

    def send(self, notice: Notice, recipient: str, delivery_id: str) -> Receipt:
        """Raises SendError."""
        began = monotonic()
        try:
            return self._exchange(self._endpoint, self.request(notice, recipient, delivery_id))
        except SendError as error:
            # Both together take no longer than one message may.
            left = self._endpoint.timeout - timedelta(seconds=monotonic() - began)
            short = self.shorter(notice, recipient)
            if error.outcome is not Outcome.TOO_LONG or short is None or left <= timedelta(0):
                raise
        return self._exchange(replace(self._endpoint, timeout=left), short)

    def _exchange(self, endpoint: Endpoint, request: Request) -> Receipt:
        answer = post(endpoint, request.body, request.headers)
        words = self.secrets.redact(answer.body.decode("utf-8", "replace"))
        if not answer.ok:
            raise refused(answer, words, self.clock())
        status = str(answer.status)
        try:
            receipt = self.read_answer(answer.read())
        except SendError as error:
            text = f"{error.text}：{words}" if error.text and words else error.text or words
            code = error.code or status
            raise SendError(error.outcome, code, text, error.retry_after_s) from None
        return Receipt(receipt.code or status, receipt.text or words)


Codes = Mapping[int, tuple[Outcome, float | None]]
"""A vendor's code → what it means and, for a quota, how many seconds the receiver stays shut."""


def read_code(body: Any, field: str, codes: Codes) -> Receipt:
    """An answer whose `field` is 0 where the message was taken. Raises SendError."""
    code = body.get(field) if isinstance(body, dict) else None
    if type(code) is not int:
        raise SendError(Outcome.UNKNOWN, "", f"应答里没有 {field}")
    if code == 0:
        return Receipt("0", "")
    outcome, wait = codes.get(code, (Outcome.RETRY, None))
    raise SendError(outcome, str(code), "", wait)
