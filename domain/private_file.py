"""Files for our own eyes: what they hold came from the public and was not meant for the machine's
other users."""

from __future__ import annotations

import os
import stat


def keep_private(descriptor: int) -> None:
    """Take from others what a file of ours, opened here, still lets them do (0644 → 0600).

    Devices and pipes, and files of somebody else, stay as they are.
    """
    if os.name != "posix":
        return
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and found.st_mode & 0o077:
        os.fchmod(descriptor, stat.S_IMODE(found.st_mode) & 0o700)
