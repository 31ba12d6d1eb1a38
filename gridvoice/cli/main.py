"""`gridvoice`: reads the command line, runs one command, turns errors into exit codes.

Exit 0 done · 1 done with errors in the input (each named) · 2 unusable call or configuration.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

import gridvoice
from domain.trouble import machine_trouble
from gridvoice.cli import end_quietly, is_early
from gridvoice.cli.options import Unusable, store_trouble, with_common
from gridvoice.cli.output import complain, set_encoding, show_traceback
from gridvoice.cli.usage import Parser


def parser() -> Parser:
    """The whole command line. Light: command modules import their work when they run."""
    from gridvoice.cli import (
        alerts,
        assess,
        bench,
        config,
        correct,
        database,
        demo,
        evaluate,
        evaluate_incidents,
        incidents,
        places,
        replay,
        rescore,
        run,
        search,
        set_aside,
        sources,
    )

    # In the order of the help text: running it, looking, handling, tending.
    modules = (
        demo, run, assess, replay, search, incidents, correct, alerts, sources, places, evaluate,
        evaluate_incidents, rescore, set_aside, bench, config, database,
    )  # fmt: skip
    top = Parser(prog="gridvoice", description="GridVoice 电力民声: 供电舆情发现、研判、预警与处置")
    top.add_argument("--version", action="version", version=gridvoice.__version__,
                     help="显示版本")  # fmt: skip
    with_common(top)
    commands = top.add_subparsers(dest="command", required=True, metavar="命令")
    for module in modules:
        module.add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    args = parser().parse_call(None if arguments is None else list(arguments))
    if is_early and args.command != "run":
        end_quietly(False)
    set_encoding(for_programs=getattr(args, "json", False))
    sys.excepthook = show_traceback
    before = os.umask(0o077)  # what we store, write and export is for our own eyes
    try:
        return finished(lambda: int(args.run(args)))
    finally:
        os.umask(before)


def finished(work: Callable[[], int]) -> int:
    """The exit code of a piece of work, whatever it raises that an operator can mend."""
    try:
        code = work()
        sys.stdout.flush()  # what is still to be written may find the disk full
        return code
    except Unusable as problem:
        complain(str(problem))
        return 2
    except BrokenPipeError:  # `gridvoice … | head`
        _drop_output()
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        # A locked, full or broken store or disk is nobody's bug: what was stored is whole, and the
        # same call goes on from there.
        said = store_trouble(error) or machine_trouble(error)
        if said is None:
            raise
        complain(said)
        _drop_output()
        return 2


def _drop_output() -> None:
    """Output that cannot be written now: at our end Python would try again, and say so in words of
    its own."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


if __name__ == "__main__":
    raise SystemExit(main())
