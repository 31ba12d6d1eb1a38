"""Addresses that came from outside: taken to pieces without ever raising."""

from __future__ import annotations

import ipaddress
import re
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

HostPort: TypeAlias = tuple[str, int]
_NO_HOST = frozenset(' \t\r\n<>"{}|\\^`%')
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_MAX_LENGTH = 4_000


def split_address(text: str) -> SplitResult | None:
    """The pieces of an address; None where there are none to be had (`http://[公告]/`, a port of
    99999): what a page or a request says is no reason to fail."""
    try:
        parts = urlsplit(text)
        _ = parts.hostname, parts.port  # both worked out on demand, and both may raise
    except ValueError:
        return None
    return parts


def host_and_port(text: str) -> HostPort | None:
    """Where an address leads to: its host in lower case, its port or that of its scheme; None where
    it has no host."""
    parts = split_address(text)
    if parts is None or not parts.hostname:
        return None
    usual = 443 if parts.scheme == "https" else 80
    return parts.hostname.lower(), usual if parts.port is None else parts.port


def is_web_address(text: str) -> bool:
    """Whether a browser could open it: http or https, a host, a port that there is."""
    parts = split_address(text)
    if parts is None or len(text) > _MAX_LENGTH or parts.scheme not in ("http", "https"):
        return False
    host = parts.hostname or ""
    return bool(host) and not _NO_HOST & set(host) and not _HALF_CHARACTER.search(text)


def is_loopback(host: str) -> bool:
    """Whether a host (no port) can only mean this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
