"""The service process of `gridvoice run`: started, watched and ended by the supervisor.

    python -P -m gridvoice.cli.service --heartbeat FD [--config DIR] [--data DIR] [--role ROLE]

The database's URL comes by GRIDVOICE_DATABASE. Exit 0 stopped, 2 unusable configuration, 75 to be
started anew (SIGHUP), 1 whatever a later start may find mended.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from gridvoice.cli.main import finished
from gridvoice.cli.options import (
    Unusable,
    configuration,
    data_dir,
    database_url,
    store,
    with_common,
)
from gridvoice.cli.output import complain, show_traceback


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop."""
    parser = with_common(argparse.ArgumentParser())
    parser.add_argument("--role", default="all")
    parser.add_argument("--heartbeat", type=int, required=True)
    parser.add_argument("--restarts", type=int, default=0)
    parser.add_argument("--reason", default="")
    args = parser.parse_args(arguments)
    sys.excepthook = show_traceback
    return finished(lambda: _with_patience(args))


def _with_patience(args: argparse.Namespace) -> int:
    """A store that is locked or not up yet when we start, or a full disk, is no reason to be gone
    for good."""
    try:
        return _serve(args)
    except Exception as error:
        from db.faults import in_words, may_pass
        from domain.trouble import machine_trouble

        said = machine_trouble(error)
        if said is None and not may_pass(error):
            raise
        complain(said or in_words(error) or str(error))
        return 1


def _serve(args: argparse.Namespace) -> int:
    import asyncio

    from crawlers.process.main import die_with_parent
    from gridvoice.console.app import console_of
    from gridvoice.processes.children import Heartbeat
    from gridvoice.processes.logs import set_up
    from gridvoice.processes.roles import ServiceRole
    from gridvoice.processes.supervisor import RELOAD
    from gridvoice.service.console_server import PortTaken
    from gridvoice.service.service import Service

    die_with_parent()
    set_up()
    service = Service(
        configuration(args),
        store(args),
        database_url(args),
        data_dir(args),
        tuple(ServiceRole) if args.role == "all" else (ServiceRole(args.role),),
        heartbeat=Heartbeat(args.heartbeat),
        restarts=args.restarts,
        reason=args.reason,
    )
    if ServiceRole.CONSOLE in service.roles:
        service.console = console_of(service)
    try:
        left = asyncio.run(service.serve())
    except PortTaken as taken:
        raise Unusable(str(taken)) from None
    code = RELOAD if service.wants_restart else 0
    if left:
        # What is recorded is recorded; leases and open attempts tell the next process the rest.
        sys.stderr.write(f"gridvoice: unfinished: {', '.join(left)}\n")
        sys.stderr.flush()
        os._exit(code)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
