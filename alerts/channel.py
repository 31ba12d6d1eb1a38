"""Alert channels as they are configured: names and limits in YAML, keys never."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol
from urllib.parse import unquote, urlsplit

from alerts.pace import Pace
from domain.masking import mask
from domain.model import Message, Receipt

_ENV_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class SuccessWhen:
    """The field of the answer's JSON body (dots go deeper) that must equal one of `equals`."""

    field: str
    equals: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """One entry of channels.yaml. Addresses and secrets are named here, never written here.

    `path` is relative to the data folder, `url_file` and `secret_file` to the configuration folder.
    `hosts` are allowed besides those that the kind knows; empty and unknown to the kind: any host.
    """

    name: str
    kind: str
    title: str = ""
    url_env: str | None = None
    url_file: Path | None = None
    secret_env: str | None = None
    secret_file: Path | None = None
    proxy_env: str | None = None
    ca_file: Path | None = None
    hosts: tuple[str, ...] = ()
    path: Path = Path("alerts.jsonl")
    stream: str = "stderr"
    form: str = "text"
    timeout: timedelta = timedelta(seconds=15)
    success_when: SuccessWhen | None = None

    def problems(self) -> Iterator[tuple[str, str]]:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            yield "name", f"{self.name!r}: lower-case letters, digits and _ only"
        for key in ("url_env", "secret_env", "proxy_env"):
            value = getattr(self, key)
            if value is not None and not _ENV_NAME.fullmatch(value):
                # The value is not repeated: it may be the key itself, written in the wrong place.
                yield key, "is not the name of an environment variable, such as GRIDVOICE_X_URL"
        if self.stream not in ("stdout", "stderr"):
            yield "stream", f"{self.stream!r}: stdout or stderr"
        if self.form not in ("text", "markdown"):
            yield "form", f"{self.form!r}: text or markdown"
        if not timedelta(seconds=1) <= self.timeout <= timedelta(seconds=60):
            yield "timeout", "between 1s and 60s"


@dataclass(frozen=True, slots=True)
class Channels:
    """config/channels.yaml."""

    channels: tuple[ChannelSettings, ...]

    def problems(self) -> Iterator[tuple[str, str]]:
        names = [c.name for c in self.channels]
        for name in sorted({n for n in names if names.count(n) > 1}):
            yield "channels", f"{name!r} is named twice"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.channels)


class NotConfigured(Exception):
    """未配置: the environment variable or file that a channel needs is not there."""


class BadChannel(Exception):
    """A channel that is configured and cannot work. The text never holds an address or key."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The address and keys of one channel, and how to keep them out of every text."""

    url: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    proxy: str | None = field(default=None, repr=False)

    def redact(self, text: str, limit: int = 200) -> str:
        """`text` as it may be stored and logged: one line, masked, without any part of a secret."""
        text = " ".join(text.split())
        for part in sorted(self._parts(), key=len, reverse=True):
            text = text.replace(part, "***")
        # Masking costs the square of the length on hostile text; no more than shows is masked.
        return mask(text[: 4 * limit])[:limit]

    def _parts(self) -> set[str]:
        parts = set((self.secret or "").split())
        for url in (self.url, self.proxy):
            if not url:
                continue
            pieces = urlsplit(url)
            parts.update({url, f"{pieces.path}?{pieces.query}", pieces.query, pieces.netloc})
            parts.update(re.split(r"[/&=?@:]", url.split("://")[-1]))
        parts |= {unquote(part) for part in parts}
        # Short parts are words such as "send", not secrets; covering them would garble the text.
        return {part for part in parts if len(part) >= 12}


class Channel(Protocol):
    """A way to people or to the centre. `drops_repeats`: whether its receiver knows a message that
    comes a second time by its id, so that people see it once."""

    name: str
    pace: Pace
    reaches_people: ClassVar[bool]
    drops_repeats: ClassVar[bool]

    def send(self, message: Message, recipient: str = "") -> Receipt:
        """Returns when the receiver confirmed the message. Raises SendError."""
        ...


class Kind(Protocol):
    """What makes a channel of one kind. `reaches_people`: whether a message sent this way comes to
    somebody's eyes by itself, as no file and no log does."""

    @property
    def reaches_people(self) -> bool: ...

    def __call__(self, settings: ChannelSettings, secrets: Secrets, data_dir: Path) -> Channel:
        """Raises NotConfigured or BadChannel."""
        ...


class Standing(StrEnum):
    """Whether a channel can be used."""

    READY = "ready"
    NOT_CONFIGURED = "not_configured"
    BROKEN = "broken"

    @property
    def label(self) -> str:
        return {"ready": "可用", "not_configured": "未配置", "broken": "配置有误"}[self.value]


@dataclass(frozen=True, slots=True)
class Opened:
    """A channel after start-up: usable, not configured, or broken with the reason and mend."""

    name: str
    kind: str
    title: str
    standing: Standing
    problem: str = ""
    channel: Channel | None = None
    reaches_people: bool = False

    @property
    def is_way_to_people(self) -> bool:
        """Whether it can be used now and what it sends comes to people."""
        return self.reaches_people and self.standing is Standing.READY


def read_secrets_of(
    settings: ChannelSettings, environ: Mapping[str, str], config_dir: Path
) -> Secrets:
    """Address and keys from the environment, else from files readable by their owner only.

    Raises NotConfigured for an address that is named and not there, BadChannel for a file that
    others may read.
    """
    proxy = environ.get(settings.proxy_env, "").strip() if settings.proxy_env else ""
    return Secrets(
        url=_secret(settings.url_env, settings.url_file, environ, config_dir),
        secret=_secret(settings.secret_env, settings.secret_file, environ, config_dir),
        proxy=proxy or None,
    )


def _secret(
    env: str | None, file: Path | None, environ: Mapping[str, str], config_dir: Path
) -> str | None:
    if env is None and file is None:
        return None
    if env is not None and environ.get(env, "").strip():
        return environ[env].strip()
    if file is None:
        raise NotConfigured(f"未配置：环境变量 {env} 为空")
    path = config_dir / file
    try:
        with path.open(encoding="utf-8-sig") as opened:
            if os.name == "posix" and stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077:
                raise BadChannel(f"{path} 可被其他用户读取；请执行 chmod 600 {path}")
            text = opened.read().strip()
    except FileNotFoundError:
        raise NotConfigured(f"未配置：没有文件 {path}") from None
    except OSError as error:
        raise BadChannel(f"{path} 无法读取：{error.strerror}") from None
    if not text:
        raise NotConfigured(f"未配置：文件 {path} 为空")
    return text


def checked_url(secrets: Secrets, allowed: Collection[str] = ()) -> str:
    """The address, if it is http(s) and its host is allowed (empty: any). Raises BadChannel."""
    url = secrets.url or ""
    try:
        pieces = urlsplit(url)
        host, _ = pieces.hostname or "", pieces.port
    except ValueError:
        raise BadChannel("地址不是有效的网址") from None
    if pieces.scheme not in ("http", "https") or not host:
        raise BadChannel("地址应以 https:// 或 http:// 开头")
    if pieces.username or "\\" in url or any(c.isspace() for c in url):
        raise BadChannel("地址中不能有用户名、反斜杠或空白")
    if allowed and host not in allowed:
        raise BadChannel(
            f"地址的主机 {host} 不在允许之列（{'、'.join(sorted(allowed))}）；确需使用请写入 hosts"
        )
    return url
