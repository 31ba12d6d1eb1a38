"""Who holds a lease: a name that tells, on the same machine, whether its process still lives."""

from __future__ import annotations

import os
import re
import socket

_NAME = re.compile(r"\w+@(?P<host>.+):(?P<pid>\d+)")


def owner(role: str) -> str:
    """`relay@host:1234` for this process."""
    return f"{role}@{socket.gethostname()}:{os.getpid()}"


def is_dead(name: str) -> bool:
    """Whether the owner was a process of this machine that is gone.

    Of other machines nothing is known: their leases run out by time. A number given to another
    process since reads as alive, and waits for the same.
    """
    match = _NAME.fullmatch(name)
    if match is None or match["host"] != socket.gethostname():
        return False
    try:
        os.kill(int(match["pid"]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
