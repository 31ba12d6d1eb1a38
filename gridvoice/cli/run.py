"""`gridvoice run`: the supervisor, and how the service under it is started."""

from __future__ import annotations

import argparse

from gridvoice.cli.options import command
from gridvoice.processes.roles import ServiceRole


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = command(commands, "run", "常驻运行: 采集、研判、预警、控制台", run, json=False)
    parser.add_argument(
        "--role",
        default="all",
        choices=("all", *ServiceRole),
        help="只做其中一项(默认全部)",
    )


def run(args: argparse.Namespace) -> int:
    """Becomes the supervisor: nothing of the product is loaded in this process."""
    import os

    from gridvoice.processes.logs import set_up
    from gridvoice.processes.supervisor import PYTHON, Supervisor

    set_up()
    given = vars(args)
    if database := given.get("database"):
        os.environ["GRIDVOICE_DATABASE"] = database  # not on a command line: it may hold a password
    places = [f"--{name}={given[name]}" for name in ("config", "data") if name in given]

    def service(restarts: int, reason: str, heartbeat: int) -> list[str]:
        return [
            *PYTHON, "gridvoice.cli.service", *places, f"--role={args.role}",
            f"--heartbeat={heartbeat}", f"--restarts={restarts}", f"--reason={reason}",
        ]  # fmt: skip

    def cry(reason: str) -> list[str]:
        return [*PYTHON, "gridvoice.cli.cry", *places, f"--reason={reason}"]

    return Supervisor(service, cry=cry).run()
