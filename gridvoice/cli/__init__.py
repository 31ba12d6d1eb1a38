"""Commands, one module a noun. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import os
import signal
import sys


def end_quietly(quietly: bool) -> None:
    """Whether SIGTERM and SIGINT simply end us: a daemon that has not begun has nothing to finish,
    and being stopped is no failure of it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        default = signal.SIG_DFL if number == signal.SIGTERM else signal.default_int_handler
        signal.signal(number, (lambda *_: os._exit(0)) if quietly else default)


# Here, before anything else is loaded: `gridvoice run` may be stopped while it does so.
# ("-m" is what the program is called while Python looks for its module.)
is_early = os.path.basename(sys.argv[0]) in ("gridvoice", "-m") and "run" in sys.argv[1:]
if is_early:
    end_quietly(True)
