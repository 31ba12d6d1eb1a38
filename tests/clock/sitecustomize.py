"""Another clock for every Python process: `CLOCK_SHIFT_S` seconds from the true one.

Python imports this by itself where this folder stands on PYTHONPATH, and children inherit both; so
a test, the commands it runs and the system it starts agree on the time of day. Monotonic clocks,
sleeps and time limits stay true. `tools/clocks.py` sets it up.
"""

import os
import sys

_shift = os.environ.get("CLOCK_SHIFT_S")
if _shift:
    import time

    # It would load pytest for its fixture: a quarter of a second in each of hundreds of children.
    sys.modules["pytest"] = None  # type: ignore[assignment]
    import time_machine

    del sys.modules["pytest"]

    time_machine.travel(time.time() + float(_shift), tick=True).start()
