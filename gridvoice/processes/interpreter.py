"""The interpreter of a process that assesses and serves for weeks."""

from __future__ import annotations

import gc
import sys

_SWITCH_S = 0.001


def settle_in() -> None:
    """Called once everything is loaded.

    Threads that compute let others in after a millisecond, not five: a person's act is some
    statements long, and waits for the interpreter after each of them. What has been loaded by now
    (settings, gazetteer, model) stays, so the collector need not look through it again and again: a
    tenth of the cost of a complaint.
    """
    sys.setswitchinterval(_SWITCH_S)
    gc.collect()
    gc.freeze()
