"""Files for our own eyes: what they hold came from the public and was not meant for the machine's
other users."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def keep_private(ours: int | Path) -> None:
    """Take from others what a file or folder of ours still lets them do (0644 → 0600).

    By its descriptor where it is open. Devices, pipes and what belongs to somebody else stay.
    """
    if os.name != "posix":
        return
    try:
        found = os.stat(ours)
        known = stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
        if known and found.st_uid == os.geteuid() and found.st_mode & 0o077:
            os.chmod(ours, stat.S_IMODE(found.st_mode) & 0o700)
    except OSError:
        return  # gone, or a file system without modes
