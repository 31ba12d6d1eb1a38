"""The exchange as it is in service: over TLS, with a private authority, through a proxy."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from time import monotonic

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from machine import SOON_S
from wire import whole_request

from alerts.sending.http import Endpoint, post
from domain.alerts import Outcome, SendError

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
PATIENCE = timedelta(seconds=1)


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key, one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "centre.example.com")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "identity.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


Serve = Callable[[Callable[[socket.socket], None]], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a listener that hands each connection to a function; gives its port."""
    listeners: list[tuple[socket.socket, threading.Thread]] = []

    def start(handle: Callable[[socket.socket], None]) -> int:
        listener = socket.create_server(("127.0.0.1", 0))

        def loop() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    handle(connection)

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        listeners.append((listener, thread))
        port: int = listener.getsockname()[1]
        return port

    yield start
    for listener, thread in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


@pytest.fixture
def tls(identity: Path, serve: Serve) -> Callable[[Callable[[socket.socket], None]], int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity)

    def start(handle: Callable[[socket.socket], None]) -> int:
        def shaken(connection: socket.socket) -> None:
            with context.wrap_socket(connection, server_side=True) as secure:
                handle(secure)

        return serve(shaken)

    return start


def answer(connection: socket.socket) -> None:
    whole_request(connection)
    connection.sendall(ANSWER)


def hold(connection: socket.socket) -> None:
    """Reads until the other side gives up, and says nothing."""
    while connection.recv(65536):
        pass


def test_a_private_authority_is_trusted_where_it_is_named(tls: Serve, identity: Path) -> None:
    # Not PATIENCE: a busy machine may need more than its second for the handshake.
    line = Endpoint(f"https://127.0.0.1:{tls(answer)}/in", timedelta(seconds=20), ca_file=identity)
    assert post(line, b"{}", {}).status == 200


def test_a_certificate_that_nobody_vouches_for_gets_no_message(tls: Serve) -> None:
    seen: list[bytes] = []
    port = tls(lambda connection: seen.append(connection.recv(65536)))
    with pytest.raises(SendError) as caught:
        post(Endpoint(f"https://127.0.0.1:{port}/in", PATIENCE), b"{}", {})
    assert caught.value.outcome is Outcome.RETRY
    assert "SSLError" in caught.value.text
    assert not any(seen)


def test_a_hand_shake_that_never_ends_is_ended(serve: Serve) -> None:
    began = monotonic()
    with pytest.raises(SendError) as caught:
        post(Endpoint(f"https://127.0.0.1:{serve(hold)}/in", PATIENCE), b"{}", {})
    assert caught.value.outcome is Outcome.RETRY
    assert monotonic() - began < SOON_S


def test_silence_after_the_message_is_an_unknown_outcome_over_tls_too(
    tls: Serve, identity: Path
) -> None:
    line = Endpoint(f"https://127.0.0.1:{tls(hold)}/in", PATIENCE, ca_file=identity)
    began = monotonic()
    with pytest.raises(SendError) as caught:
        post(line, b"{}", {})
    assert caught.value.outcome is Outcome.UNKNOWN
    assert monotonic() - began < SOON_S


@pytest.mark.parametrize("secure", [False, True])
def test_headers_that_drip_are_ended(
    secure: bool, tls: Serve, serve: Serve, identity: Path
) -> None:
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        whole_request(connection)
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 600:
            connection.sendall(bytes([byte]))
            if stop.wait(0.1):
                return

    port = (tls if secure else serve)(drip)
    url = f"{'https' if secure else 'http'}://127.0.0.1:{port}/in"
    began = monotonic()
    try:
        with pytest.raises(SendError) as caught:
            post(Endpoint(url, PATIENCE, ca_file=identity), b"{}", {})
    finally:
        stop.set()
    assert caught.value.outcome is Outcome.UNKNOWN
    assert monotonic() - began < SOON_S


def test_a_proxy_is_used_where_it_is_named_and_only_there(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        asked.append(whole_request(connection).split(b"\r\n")[0])
        connection.sendall(ANSWER)

    address = f"http://127.0.0.1:{serve(proxy)}"
    line = Endpoint("http://centre.example.com/in", PATIENCE, proxy=address)
    assert post(line, b"{}", {}).status == 200
    assert asked == [b"POST http://centre.example.com/in HTTP/1.1"]
    # The environment's proxy is for downloads, not for keys.
    monkeypatch.setenv("http_proxy", address)
    port = serve(answer)
    assert post(Endpoint(f"http://127.0.0.1:{port}/in", PATIENCE), b"{}", {}).status == 200
    assert len(asked) == 1


def test_many_exchanges_leave_nothing_open(serve: Serve) -> None:
    port = serve(answer)
    before = {thread.name for thread in threading.enumerate()}
    for _ in range(30):
        post(Endpoint(f"http://127.0.0.1:{port}/in", timedelta(seconds=30)), b"{}", {})
    for thread in threading.enumerate():
        if thread.name not in before:
            thread.join(2)
    assert {thread.name for thread in threading.enumerate()} <= before
