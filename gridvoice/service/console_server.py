"""The console's server on the service's own loop, and the socket that it listens on."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import uvicorn

from domain.trouble import os_trouble

_FINISH_S = 2


class PortTaken(OSError):
    """The console's port is in use; the text says what to do."""


class ConsoleServer:
    """Serves an ASGI application on an open socket."""

    def __init__(self, app: Any, listener: socket.socket) -> None:
        self._listener = listener
        host, port = listener.getsockname()[:2]
        self.address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self._server = _Server(
            uvicorn.Config(
                app,
                log_level="warning",
                log_config=None,
                lifespan="off",  # nothing to start or stop; its task would be torn down mid-wait
                timeout_graceful_shutdown=_FINISH_S,
            )
        )

    async def serve(self, stop: asyncio.Event) -> None:
        """Until `stop`. Ending by itself is an error: the console would be gone in silence."""
        serving = asyncio.ensure_future(self._server.serve(sockets=[self._listener]))
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
            if serving.done() and not stop.is_set():
                raise RuntimeError("the console's server ended") from serving.exception()
        finally:
            stopping.cancel()
            self._server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    """Leaves the process's signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def open_listener(host: str, port: int, patience_s: float = 0.0) -> socket.socket:
    """A socket that listens there; port 0: any free one. Raises PortTaken.

    `patience_s`: a port that is taken is tried again so long; a process of ours that has lost its
    supervisor may be finishing.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + patience_s
    while True:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(64)
        except OSError as error:
            listener.close()
            if time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            raise PortTaken(
                f"控制台端口 {host}:{port} 无法使用({os_trouble(error)}); "
                "在 gridvoice.yaml 的 console.port 换一个"
            ) from None
        return listener
