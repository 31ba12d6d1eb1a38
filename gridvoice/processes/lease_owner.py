"""Who holds a lease: a name that tells, on the same machine, whether its process still lives."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

_NAME = re.compile(r"\w+@(?P<host>.+):(?P<pid>\d+)(?:\.(?P<start>\d+))?")


def owner(role: str) -> str:
    """`relay@host:1234.56789` for this process: its number, and when it was started."""
    start = _started(os.getpid())
    return f"{role}@{socket.gethostname()}:{os.getpid()}" + (f".{start}" if start else "")


def is_dead(name: str) -> bool:
    """Whether the owner was a process of this machine that is gone.

    Of other machines nothing is known: their leases run out by time. A number given to another
    process since (in a container it is the same after each start) is told by the time of its start.
    """
    match = _NAME.fullmatch(name)
    if match is None or match["host"] != socket.gethostname():
        return False
    try:
        os.kill(int(match["pid"]), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass  # somebody else's, but alive
    return bool(match["start"]) and _started(int(match["pid"])) not in ("", match["start"])


def _started(pid: int) -> str:
    """When a process was started, in the kernel's own count; "" where that cannot be read."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return told.rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
