"""Connections on which no exchange outlasts its deadline, however slowly the other side drips.

Every wait on the socket is given what is left of the whole time; no thread stands beside it. The
look-up of a name alone is the system's, and takes what its resolver is set to.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

CONNECT_S = 5.0


class BoundedCall:
    """One exchange: its deadline, how far it came, and how another thread ends it."""

    def __init__(self, limit_s: float) -> None:
        self.connected = False
        self.stopped = False
        self._ends = monotonic() + limit_s
        self._wire: socket.socket | None = None
        self._lock = threading.Lock()

    @property
    def is_over(self) -> bool:
        return self.stopped or monotonic() >= self._ends

    def left_s(self) -> float:
        """Raises TimeoutError when nothing is left."""
        left = self._ends - monotonic()
        if self.stopped or left <= 0:
            raise TimeoutError("the exchange has taken its time")
        return left

    def open(self, host: str, port: int, options: Any) -> socket.socket:
        """A socket that is connected to one of the host's addresses."""
        problem: OSError = OSError("the name has no address")
        for family, kind, proto, _, address in socket.getaddrinfo(host, port, 0, _STREAM):
            self.left_s()
            wire = _Socket(family, kind, proto)
            try:
                for option in options or ():
                    wire.setsockopt(*option)
                self._watch(wire)
                wire.settimeout(min(CONNECT_S, self.left_s()))
                wire.connect(address)
                return wire
            except OSError as error:
                wire.close()
                problem = error
        raise problem

    def _watch(self, wire: socket.socket) -> None:
        self.close()
        with self._lock:
            # A duplicate: TLS takes the socket itself over.
            self._wire = wire.dup()

    def stop(self) -> None:
        """End it from another thread, at once."""
        with self._lock:
            self.stopped = True
            if self._wire is not None:
                try:
                    self._wire.shutdown(socket.SHUT_RDWR)
                except OSError:
                    return  # already closed by the other side

    def close(self) -> None:
        with self._lock:
            if self._wire is not None:
                self._wire.close()
                self._wire = None


_STREAM = socket.SOCK_STREAM
_calls: set[BoundedCall] = set()
_calls_lock = threading.Lock()


class _Here(threading.local):
    call: BoundedCall | None = None


_here = _Here()


def current() -> BoundedCall | None:
    """The exchange that this thread is in."""
    return _here.call


def under_way() -> list[BoundedCall]:
    """The exchanges of all threads."""
    with _calls_lock:
        return list(_calls)


@contextmanager
def call(limit_s: float) -> Iterator[BoundedCall]:
    """The time in which this thread exchanges, by a session with `Adapter`, ends after that."""
    made = BoundedCall(limit_s)
    with _calls_lock:
        _calls.add(made)
    _here.call = made
    try:
        yield made
    finally:
        _here.call = None
        with _calls_lock:
            _calls.discard(made)
        made.close()


def _bound(wire: socket.socket) -> None:
    """Whatever is waited for next on the socket, no longer than what is left."""
    if _here.call is not None:
        wire.settimeout(_here.call.left_s())


class _Socket(socket.socket):
    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        _bound(self)
        return super().recv_into(buffer, nbytes, flags)

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        _bound(self)
        return super().recv(bufsize, flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        _bound(self)
        super().sendall(data, flags)


class _TLSSocket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        _bound(self)
        super().do_handshake(block)

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        _bound(self)
        return super().read(len, buffer)

    def send(self, data: Any, flags: int = 0) -> int:
        _bound(self)
        return super().send(data, flags)


def _tls(trusted_by_system: bool) -> ssl.SSLContext:
    context = create_urllib3_context()
    context.sslsocket_class = _TLSSocket
    if trusted_by_system:
        context.load_default_certs()
    return context


def _open(connection: HTTPConnection) -> socket.socket:
    made = _here.call
    assert made is not None, "only within a call"
    try:
        return made.open(connection._dns_host, connection.port, connection.socket_options)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, "no connection in time") from error
    except OSError as error:
        raise NewConnectionError(connection, str(error)) from error


def _connected() -> None:
    if _here.call is not None:
        _here.call.connected = True


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _open(self)

    def connect(self) -> None:
        super().connect()
        _connected()


class _TLSConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _open(self)

    def connect(self) -> None:
        named = self.ca_certs or self.ca_cert_dir or self.ca_cert_data
        self.ssl_context = _tls(trusted_by_system=not named)
        super().connect()
        _connected()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


_POOLS = {"http": _Pool, "https": _TLSPool}


class Adapter(HTTPAdapter):
    """What a session is mounted with to exchange within a `call`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        if proxy.lower().startswith("https:"):
            kwargs.setdefault("proxy_ssl_context", _tls(trusted_by_system=True))
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
