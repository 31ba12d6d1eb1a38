"""A supervisor over a service of a test's own, as a process: `python supervised.py FOLDER LIMITS`.

Each start of the service appends a line to FOLDER/starts and runs FOLDER/service.py with the number
of the start; `beat()` is there for it. What it cries out goes to FOLDER/cries.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gridvoice.processes.logs import set_up
from gridvoice.processes.supervisor import Supervisor, WaitLimits

FOLDER = Path(sys.argv[1])
# Neither the service nor the crier needs more than the standard library: -S, -E leave out what
# else each start of Python would load.
BARE = (sys.executable, "-S", "-E", "-c")
SERVICE = """
import os, signal, sys, time
folder, fd, restarts, reason = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
with open(folder + "/starts", "a") as starts:
    starts.write(f"{os.getpid()} {restarts} {reason}\\n")
def beat():
    os.write(fd, b".")
def beat_on(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        beat()
        time.sleep(0.02)
start = sum(1 for _ in open(folder + "/starts"))
exec(open(folder + "/service.py").read())
"""


def command(restarts: int, reason: str, heartbeat: int) -> list[str]:
    return [*BARE, SERVICE, str(FOLDER), str(heartbeat), str(restarts), reason]


CRY = """
import os, sys, time
with open(sys.argv[1] + "/cries", "a") as cries:
    cries.write(sys.argv[2] + "\\n")
if os.path.exists(sys.argv[1] + "/hang"):
    time.sleep(600)
"""


def cry(reason: str) -> list[str]:
    return [*BARE, CRY, str(FOLDER), reason]


if __name__ == "__main__":
    set_up()
    limits = json.loads(sys.argv[2])
    if "waits" in limits:
        limits["waits"] = tuple(limits["waits"])
    sys.exit(Supervisor(command, WaitLimits(**limits), cry).run())
