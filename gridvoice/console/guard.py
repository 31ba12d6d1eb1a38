"""What every answer and every request must keep to: headers, own host, own pages, small bodies.

There is no log-in yet, so the console trusts the machine it runs on and nothing else: a foreign
web page must neither read it (DNS rebinding → Host check) nor act in it (cross-site POST).
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.addresses import is_loopback, split_address

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_SAFE_METHODS = ("GET", "HEAD")
_BODY_LIMIT_BYTES = 64 * 1024


class Guard:
    """ASGI middleware around the whole console."""

    def __init__(self, app: ASGIApp, own_hosts: Collection[str] = ()) -> None:
        self.app = app
        self.own_hosts = frozenset(h.lower() for h in own_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        app = self.app if refusal is None else refusal
        await app(scope, receive, send_with_headers)

    def _refusal(self, method: str, headers: Headers) -> PlainTextResponse | None:
        host = headers.get("host", "")
        if not self._is_own(host):
            return PlainTextResponse(
                "此地址不属于本系统，已拒绝。请用启动时显示的地址打开控制台。", 421
            )
        if method in _SAFE_METHODS:
            return None
        if not _comes_from_own_page(host, headers):
            return PlainTextResponse("请求不是从本系统页面发出的，已拒绝。请回到控制台操作。", 403)
        length = headers.get("content-length", "")
        if not length.isdecimal() or int(length) > _BODY_LIMIT_BYTES:
            return PlainTextResponse("提交的内容过大或长度不明，已拒绝。", 413)
        return None

    def _is_own(self, host: str) -> bool:
        parts = split_address(f"//{host}")
        if parts is None or parts.username is not None:  # evil.example@127.0.0.1
            return False
        name = parts.hostname or ""
        return is_loopback(name) or name in self.own_hosts


def _comes_from_own_page(host: str, headers: Headers) -> bool:
    """Browsers say so by Sec-Fetch-Site; older ones by Origin. Neither: refused."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = split_address(headers.get("origin", ""))
    return bool(host) and origin is not None and origin.netloc.lower() == host.lower()
