"""Addresses and keys of channels: read from where they may lie, kept out of every text."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from domain.masking.mask import mask


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


def read_secret(
    env: str | None, file: Path | None, environ: Mapping[str, str], config_dir: Path
) -> str | None:
    """An address or key from the environment, else from a file that its owner alone may read.

    None: neither is named. Raises NotConfigured where it is named and not there, BadChannel for a
    file that others may read.
    """
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


def checked_url(url: str, allowed: Collection[str] = ()) -> str:
    """The address, if it is http(s) and its host is allowed (empty: any). Raises BadChannel."""
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
